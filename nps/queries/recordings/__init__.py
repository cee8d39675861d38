"""Recordings: who may hear which, the list of calls with them, and those that wait for a person."""

from nps.queries.recordings.access import (
    HEAR_ALL,
    MATCHED,
    RecordedCall,
    RecordingFile,
    call_with_recording,
    recording_file,
)

__all__ = ["HEAR_ALL", "MATCHED", "RecordedCall", "RecordingFile", "call_with_recording", "recording_file"]
