"""Sound files: what they are, the folder they come through, and the places they are kept in."""

from nps.adapters.recordings.incoming import AudioError, Incoming, discard, keep, receive
from nps.adapters.recordings.s3 import RemoteError, S3Settings, S3Store

__all__ = ["AudioError", "Incoming", "RemoteError", "S3Settings", "S3Store", "discard", "keep", "receive"]
