"""The line of a call as the exchange tells it, and whether there is an exchange at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.telephony import Kind, Line, LineEvent, line_of
from nps.models import ExchangeLink, LineCommand, TelephonyEvent, User

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
    row = session.get(ExchangeLink, LINK)
    if row is None:
        return Exchange(False, False, "")
    is_alive = row.heard_at is not None and not row.problem and now - row.heard_at <= ALIVE
    return Exchange(True, is_alive, row.problem)


def extension_of(session: Session, user_id: int) -> str:
    """The operator's telephone at the exchange; '' when he has none."""
    return session.scalar(select(User.extension).where(User.id == user_id)) or ""


def call_line(session: Session, attempt_id: UUID) -> CallLine | None:
    """The line of a call that was asked of the exchange; None for one that the operator dials himself."""
    commands = session.execute(
        select(LineCommand.kind, LineCommand.state, LineCommand.problem)
        .where(LineCommand.attempt_id == attempt_id)
        .order_by(LineCommand.id)
    ).all()
    if not any(row.kind == "call" for row in commands):
        return None
    failed = next((row.problem for row in reversed(commands) if row.state == "failed"), "")
    return CallLine(reported_line(session, attempt_id), failed)


def reported_line(session: Session, attempt_id: UUID) -> Line:
    """The line as an exchange has reported it; that of a call it knows nothing of says nothing."""
    return line_of(str(attempt_id), events_of_call(session, attempt_id))


def events_of_call(session: Session, attempt_id: UUID) -> list[LineEvent]:
    """What an exchange has reported of a call."""
    rows = session.scalars(
        select(TelephonyEvent).where(TelephonyEvent.attempt_id == attempt_id, TelephonyEvent.provider != DESK)
    )
    return [_event(str(attempt_id), row) for row in rows]


def _event(call_id: str, row: TelephonyEvent) -> LineEvent:
    told: dict[str, Any] = row.raw or {}
    return LineEvent(
        provider=row.provider, dedup=row.dedup, call_id=call_id, kind=Kind(row.type), at=row.at,
        leg=told.get("leg", ""), cause=told.get("cause"), sip=told.get("sip"), status=told.get("status", ""),
    )  # fmt: skip
