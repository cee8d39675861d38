"""Questions to an exchange that are asked one after another: what it allows, what its clock says, whether it calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

from nps.adapters.asterisk.link import ANSWER_S, Link
from nps.adapters.asterisk.meaning import line_event
from nps.adapters.asterisk.messages import Message
from nps.domain.telephony import Kind, LineEvent

#: Actions that the product needs, and the right in `write` that allows each.
NEEDED = {"Originate": "originate", "Hangup": "call", "Redirect": "call", "Setvar": "call", "Status": "call"}
#: The dialplan of the trial: it records some seconds of the operator's own telephone.
TRIAL_CONTEXT = "nps-test"
PICKUP_S, TALK_S = 15, 6


@dataclass(frozen=True, slots=True)
class TrialCall:
    """What became of a call to one's own telephone. `is_known`: the exchange told of it at all."""

    is_accepted: bool
    words: str
    is_known: bool
    is_answered: bool
    has_clock: bool


def missing_rights(link: Link) -> list[str]:
    """Rights in `write` that this user has not got."""
    allowed = _answer(link, "ListCommands", "rights")
    return sorted({right for action, right in NEEDED.items() if action not in allowed})


def clock_of(link: Link) -> datetime | None:
    """The exchange's clock, aware UTC; None when it does not tell."""
    with suppress(ValueError):
        return datetime.fromtimestamp(float(_answer(link, "Ping", "clock").get("Timestamp", "")), UTC)
    return None


def call_oneself(link: Link, call_id: UUID, extension: str) -> TrialCall:
    """Ring a telephone and let the exchange record it for some seconds. Raises LinkLost."""
    answer = _answer(
        link, "Originate", "trial", ("ChannelId", str(call_id)),
        ("Channel", link.settings.channel.format(extension=extension)), ("Context", TRIAL_CONTEXT), ("Exten", "s"),
        ("Priority", "1"), ("Timeout", str(PICKUP_S * 1000)), ("Async", "true"), ("CallerID", "NPS <100>"),
        ("Variable", f"__NPS_ID={call_id}"),
    )  # fmt: skip
    if answer.get("Response") != "Success":
        return TrialCall(False, answer.get("Message", ""), False, False, False)
    known: list[LineEvent] = []
    has_clock = False
    for message in _heard(link, PICKUP_S + TALK_S):
        event = line_event(message, datetime.now(UTC))
        if event is None or str(call_id) not in (event.call_id, event.leg):
            # The refusal of a telephone that is off names our action, not the call.
            if message.get("Event") == "OriginateResponse" and message.get("ActionID") == "trial":
                known += [event] if event is not None else []
                if message.get("Response") == "Failure":
                    break
            continue
        known.append(event)
        has_clock = has_clock or "Timestamp" in message
        if event.kind is Kind.HUNG_UP:
            break
    return TrialCall(True, "", bool(known), any(event.kind is Kind.ANSWERED for event in known), has_clock)


def _answer(link: Link, action: str, action_id: str, *fields: tuple[str, str]) -> Message:
    link.ask(action, ("ActionID", action_id), *fields)
    for message in _heard(link, ANSWER_S):
        if "Response" in message and "Event" not in message and message.get("ActionID") == action_id:
            return message
    return {}


def _heard(link: Link, seconds: float) -> Iterator[Message]:
    until = monotonic() + seconds
    while monotonic() < until:
        yield from link.read(min(0.2, until - monotonic()))
