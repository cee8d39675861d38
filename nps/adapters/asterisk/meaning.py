"""What a message of AMI means for a call: pure functions, one message at a time, no memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from nps.adapters.asterisk.messages import Message
from nps.domain.telephony import Kind, LineEvent

PROVIDER = "asterisk"
_EPOCH = re.compile(r"\d{9,11}(\.\d{1,6})?")
#: 22 has the bare status since October 2025, a dialplan's HANGUPCAUSE(…,tech) its words; older ones tell none.
_SIP = re.compile(r"(?:SIP )?(\d{3})\b")
_STATES = {"RINGING": Kind.RINGING, "PROGRESS": Kind.EARLY}
_KINDS = {"DialBegin": Kind.DIALLING, "HangupRequest": Kind.HANGUP_ASKED, "Hangup": Kind.HUNG_UP}


def line_event(message: Message, received_at: datetime) -> LineEvent | None:
    """The event of a call, None for a message that says nothing about a line.

    The exchange's own clock counts (`timestampevents=yes` in manager.conf); without it, the moment of receipt.
    """
    found = _kind(message)
    if found is None:
        return None
    kind, leg, call_id = found
    at = _clock(message, received_at)
    tech = _SIP.match(message.get("TechCause", ""))
    return LineEvent(
        provider=PROVIDER,
        dedup=_dedup(message, kind, leg, call_id),
        call_id=call_id,
        kind=kind,
        at=at,
        leg=leg,
        cause=_number(message.get("Cause")),
        sip=int(tech[1]) if tech and int(tech[1]) >= 300 else None,
        status=message.get("DialStatus", "") if kind is Kind.DIAL_ENDED else "",
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a call and the name by which the exchange is told what to do with it."""

    call_id: str
    leg: str
    name: str


def channels_of(message: Message) -> Iterator[Channel]:
    """The channels a message speaks of; the answers to `Status` name those that are up."""
    for prefix in ("", "Dest"):
        name, leg = message.get(f"{prefix}Channel"), message.get(f"{prefix}Uniqueid")
        call_id = message.get(f"{prefix}Linkedid") or message.get("Linkedid")
        if name and leg and call_id:
            yield Channel(call_id, leg, name)


def _kind(message: Message) -> tuple[Kind, str, str] | None:
    event = message.get("Event", "")
    call_id = message.get("Linkedid") or message.get("DestLinkedid", "")
    if event == "OriginateResponse":
        refused = message.get("Response") == "Failure"
        return (Kind.REFUSED, "", message.get("ActionID", "")) if refused else None
    leg = message.get("DestUniqueid") or message.get("Uniqueid", "")
    if not leg or not call_id:
        return None
    if event == "DialState":
        state = _STATES.get(message.get("DialStatus", ""))
        return (state, leg, call_id) if state else None
    if event == "Newstate":
        # A 180 with sound is PROGRESS in DialState: that it rings, only the state of the channel says.
        return (Kind.RINGING, leg, call_id) if message.get("ChannelState") == "5" else None
    if event == "DialEnd":
        return Kind.ANSWERED if message.get("DialStatus") == "ANSWER" else Kind.DIAL_ENDED, leg, call_id
    kind = _KINDS.get(event)
    return (kind, leg, call_id) if kind else None


def _dedup(message: Message, kind: Kind, leg: str, call_id: str) -> str:
    """One text for one event: the exchange has no number for it, but a leg rings, is answered and ends once."""
    told = f"{call_id}|{leg}|{kind}|{message.get('Event')}|{message.get('Timestamp', '')}"
    return f"{PROVIDER}-{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def _clock(message: Message, received_at: datetime) -> datetime:
    value = message.get("Timestamp", "")
    return datetime.fromtimestamp(float(value), UTC) if _EPOCH.fullmatch(value) else received_at


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else None
