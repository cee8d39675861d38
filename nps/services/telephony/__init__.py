"""What exchanges report comes in, what operators ask goes out."""

from nps.services.telephony.commands import (
    Command,
    ask_call,
    ask_hang_up,
    ask_transfer,
    forget_link,
    last_heard,
    note_link,
    set_extension,
    take_commands,
    tell_failed,
)
from nps.services.telephony.ingest import ingest, open_calls
from nps.services.telephony.keeping import FORGET_JOB, are_strangers_outdated, forget_strangers
from nps.services.telephony.reading import (
    BadPayload,
    Reader,
    mango_is_signed,
    own_is_signed,
    read_mango,
    read_own,
    read_uis,
    read_zadarma,
    zadarma_is_signed,
)

__all__ = [
    "FORGET_JOB", "BadPayload", "Command", "Reader", "are_strangers_outdated", "ask_call", "ask_hang_up",
    "ask_transfer", "forget_link", "forget_strangers", "ingest", "last_heard", "mango_is_signed", "note_link",
    "open_calls",
    "own_is_signed", "read_mango", "read_own", "read_uis", "read_zadarma", "set_extension", "take_commands",
    "tell_failed", "zadarma_is_signed",
]  # fmt: skip
