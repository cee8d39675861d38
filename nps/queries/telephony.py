"""The line of a call as the exchange tells it, and whether there is an exchange at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from nps.domain.telephony import Kind, Line, LineEvent, line_of
from nps.models import ExchangeLink, LineCommand, TelephonyEvent, User
from nps.queries.together import Together

#: The row of the link that a process holds.
LINK = 1
#: Events of people's buttons; everything else comes from an exchange.
DESK = "desk"
#: A link that was not renewed so long is down.
ALIVE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Whether calls go through an exchange. `problem`: what its process said when it lost it."""

    is_set: bool
    is_alive: bool
    problem: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call that the exchange makes: its line, and a command of ours that failed ('' when none did)."""

    line: Line
    problem: str


def exchange(session: Session, now: datetime) -> Exchange:
    """The link as it is known at `now` (aware UTC)."""
    return exchange_of(session.get(ExchangeLink, LINK), now)


def exchange_of(row: ExchangeLink | None, now: datetime) -> Exchange:
    """What the row of the link says at `now`; without one no exchange is set."""
    if row is None:
        return Exchange(False, False, "")
    is_alive = row.heard_at is not None and not row.problem and now - row.heard_at <= ALIVE
    return Exchange(True, is_alive, row.problem)


def extension_of(session: Session, user_id: int) -> str:
    """The operator's telephone at the exchange; '' when he has none."""
    return session.scalar(select(User.extension).where(User.id == user_id)) or ""


@dataclass(frozen=True, slots=True)
class TelephoneRow:
    extension: str
    full_name: str


def telephones(session: Session) -> list[TelephoneRow]:
    """Telephones of the people who may work."""
    rows = session.execute(
        select(User.extension, User.full_name).where(User.extension != "", User.active).order_by(User.extension)
    )
    return [TelephoneRow(row.extension, row.full_name) for row in rows]


_OF_CALL = Together(
    {
        "commands": select(LineCommand.id, LineCommand.kind, LineCommand.state, LineCommand.problem).where(
            LineCommand.attempt_id == bindparam("attempt")
        ),
        "events": select(
            TelephonyEvent.provider, TelephonyEvent.dedup, TelephonyEvent.type, TelephonyEvent.at, TelephonyEvent.raw
        ).where(TelephonyEvent.attempt_id == bindparam("attempt"), TelephonyEvent.provider != DESK),
    }
)


def call_line(session: Session, attempt_id: UUID) -> CallLine | None:
    """The line of a call that was asked of the exchange; None for one that the operator dials himself."""
    line, is_asked, problem = line_and_wish(session, attempt_id)
    return CallLine(line, problem) if is_asked else None


def line_and_wish(session: Session, attempt_id: UUID) -> tuple[Line, bool, str]:
    """The line as an exchange has reported it, whether one was asked for the call, and what kept it from calling.

    The line of a call that an exchange knows nothing of says nothing.
    """
    found = _OF_CALL.read(session, attempt=attempt_id)
    failed = [row for row in sorted(found["commands"]) if row.state == "failed"]
    events = [_event(str(attempt_id), row) for row in found["events"]]
    is_asked = any(row.kind == "call" for row in found["commands"])
    return line_of(str(attempt_id), events), is_asked, failed[-1].problem if failed else ""


def events_of_call(session: Session, attempt_id: UUID) -> list[LineEvent]:
    """What an exchange has reported of a call."""
    rows = session.scalars(
        select(TelephonyEvent).where(TelephonyEvent.attempt_id == attempt_id, TelephonyEvent.provider != DESK)
    )
    return [_event(str(attempt_id), row) for row in rows]


def _event(call_id: str, row: Any) -> LineEvent:
    told: dict[str, Any] = row.raw or {}
    return LineEvent(
        provider=row.provider, dedup=row.dedup, call_id=call_id, kind=Kind(row.type), at=row.at,
        leg=told.get("leg", ""), cause=told.get("cause"), sip=told.get("sip"), status=told.get("status", ""),
    )  # fmt: skip
