"""Asterisk over its manager interface (AMI): messages, what they mean, and the link."""

from nps.adapters.asterisk.call_log import events_of
from nps.adapters.asterisk.link import AmiSettings, Link, LinkLost, NotPermitted
from nps.adapters.asterisk.meaning import PROVIDER, Channel, channels_of, line_event
from nps.adapters.asterisk.messages import Message

__all__ = [
    "PROVIDER",
    "AmiSettings",
    "Channel",
    "Link",
    "LinkLost",
    "Message",
    "NotPermitted",
    "channels_of",
    "events_of",
    "line_event",
]
