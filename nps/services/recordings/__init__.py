"""Recordings come to their calls, are heard, settled, moved and destroyed (R12). One call is one recording."""

from nps.services.recordings.adding import RecordingExistsError, add_recording
from nps.services.recordings.book import download_reconciliation
from nps.services.recordings.collecting import COLLECT_JOB, collect, is_anything_waiting
from nps.services.recordings.hearing import Opened, find, note_play, open_sound
from nps.services.recordings.keeping import (
    MOVE_JOB,
    PURGE_JOB,
    campaigns_to_purge,
    is_anything_to_move,
    move,
    purge,
)
from nps.services.recordings.matching import attach, detach, set_all_aside, set_aside, tell_absence
from nps.services.recordings.places import Places, connect

__all__ = [
    "COLLECT_JOB",
    "MOVE_JOB",
    "PURGE_JOB",
    "Opened",
    "Places",
    "RecordingExistsError",
    "add_recording",
    "attach",
    "campaigns_to_purge",
    "collect",
    "connect",
    "detach",
    "download_reconciliation",
    "find",
    "is_anything_to_move",
    "is_anything_waiting",
    "move",
    "note_play",
    "open_sound",
    "purge",
    "set_all_aside",
    "set_aside",
    "tell_absence",
]
