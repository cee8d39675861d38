"""Events of an exchange become times of calls. One way in for every provider.

Each event is kept once (by its dedup key) and the call's times are computed anew from all that are kept: an event that
comes late, twice or before its time changes nothing but what it should.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nps.domain.recording import AFTER_DIAL, BEFORE_DIAL
from nps.domain.telephony import Kind, Line, LineEvent, line_of
from nps.models import CallAttempt, Journal, LineCommand, TelephonyEvent, User
from nps.queries.telephony import DESK, events_of_call
from nps.services.transaction import AnySession, write

_MS = timedelta(milliseconds=1)
_DEDUP_LIMIT = 120
#: Events in one statement: few enough parameters for either engine.
_CHUNK = 500
#: A number is called again an hour later at the soonest.
_LONGEST_CALL = timedelta(minutes=50)


def ingest(session: AnySession, events: Sequence[LineEvent], now: datetime) -> int:
    """Keep the events that are new and bring the calls up to date; how many were new. `now`: the moment of receipt.

    An event of a call that is none of ours is kept too, with what is known of it (`LineEvent.known`).
    """
    if not events:
        return 0
    with write(session) as s:
        new = _bound(s, _new(s, events))
        known = _known_attempts(s, new)
        kept = _keep(s, [_row(event, known, now) for event in new])
        # Two notifications about the same calls lock them in one order.
        for attempt_id in sorted({attempt_id for attempt_id in kept if attempt_id is not None}):
            _bring_up_to_date(s, attempt_id)
    return len(kept)


def open_calls(session: Session) -> list[UUID]:
    """Calls that were asked of the exchange and whose line it has not said to be down."""
    rows = session.scalars(
        select(CallAttempt.id)
        .join(LineCommand, LineCommand.attempt_id == CallAttempt.id)
        .where(LineCommand.kind == "call", LineCommand.state == "sent", CallAttempt.closed_at.is_(None))
        .where(CallAttempt.ended_at.is_(None))
    )
    return list(rows)


def _new(s: Session, events: Iterable[LineEvent]) -> list[LineEvent]:
    by_key = {event.dedup[:_DEDUP_LIMIT]: event for event in events}
    kept = set(s.scalars(select(TelephonyEvent.dedup).where(TelephonyEvent.dedup.in_(by_key))))
    return [event for key, event in by_key.items() if key not in kept]


def _keep(s: Session, rows: list[dict[str, Any]]) -> list[UUID | None]:
    """Write the events; the calls of those that were new: an exchange repeats itself before the first answer is out."""
    if not rows:
        return []
    dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
    in_order = sorted(rows, key=lambda row: str(row["dedup"]))
    kept: list[UUID | None] = []
    for first in range(0, len(rows), _CHUNK):
        some = dialect.insert(TelephonyEvent).values(in_order[first : first + _CHUNK]).on_conflict_do_nothing()
        kept += s.scalars(some.returning(TelephonyEvent.attempt_id)).all()
    return kept


def _bound(s: Session, events: list[LineEvent]) -> list[LineEvent]:
    """Give events without an id of ours to the one call whose number, telephone and time fit; else they stay theirs."""
    bound: dict[str, UUID | None] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.attempt_id is None and event.call_id not in bound:
            bound[event.call_id] = _known_before(s, event) or _only_call(s, event)
    return [
        replace(event, call_id=str(bound[event.call_id])) if bound.get(event.call_id) else event for event in events
    ]


def _known_before(s: Session, event: LineEvent) -> UUID | None:
    """The call that an earlier event of the same leg was given to."""
    of_leg = cast(TelephonyEvent.raw, String).contains(f'"{event.leg}"', autoescape=True)
    recent = TelephonyEvent.at > event.at - _LONGEST_CALL
    given = TelephonyEvent.provider == event.provider, TelephonyEvent.attempt_id.is_not(None), recent, of_leg
    return s.scalar(select(TelephonyEvent.attempt_id).where(*given).limit(1))


def _only_call(s: Session, event: LineEvent) -> UUID | None:
    if not event.known.get("phone"):
        return None
    about = CallAttempt.dialled_at.between(event.at - _LONGEST_CALL, event.at + BEFORE_DIAL)
    chosen = (
        select(CallAttempt.id)
        .join(User, User.id == CallAttempt.operator_id)
        .where(CallAttempt.e164 == event.known["phone"], CallAttempt.purpose != "training", about)
    )
    if event.kind is Kind.DIALLING:
        chosen = chosen.where(CallAttempt.dialled_at >= event.at - AFTER_DIAL)
    if event.known.get("extension"):
        chosen = chosen.where(User.extension == event.known["extension"])
    found = list(s.scalars(chosen.limit(2)))
    return found[0] if len(found) == 1 else None


def _known_attempts(s: Session, events: Iterable[LineEvent]) -> set[UUID | None]:
    ids = {event.attempt_id for event in events if event.attempt_id is not None}
    return set(s.scalars(select(CallAttempt.id).where(CallAttempt.id.in_(ids)))) if ids else set()


def _row(event: LineEvent, known: set[UUID | None], now: datetime) -> dict[str, Any]:
    told = {"leg": event.leg, "cause": event.cause, "sip": event.sip, "status": event.status}
    ours = event.attempt_id in known
    raw = {name: value for name, value in told.items() if value not in (None, "")}
    if not ours:
        raw |= {"call": event.call_id, **event.known}
    return {
        "provider": event.provider,
        "dedup": event.dedup[:_DEDUP_LIMIT],
        "attempt_id": event.attempt_id if ours else None,
        "type": str(event.kind),
        "at": event.at,
        "received_at": now,
        "raw": raw,
    }


def _bring_up_to_date(s: Session, attempt_id: UUID) -> None:
    """Put the exchange's times over the operator's; whoever corrected the seconds by hand, keeps his word (R6)."""
    attempt = s.get_one(CallAttempt, attempt_id, populate_existing=True, with_for_update={"key_share": True})
    line = line_of(str(attempt_id), events_of_call(s, attempt_id))
    if attempt.closed_at is not None and _was_corrected(s, attempt_id):
        return
    buttons = _buttons(s, attempt_id)
    # Who tells of the operator's leg would tell of the client's: until it does, nobody's allowance makes a ring (R13).
    attempt.source = "exchange" if attempt.source == "operator" else attempt.source
    if line.was_dialled:
        # What the operator has told while the link was lost stays as long as the exchange knows nothing better.
        line = replace(line, ringing_at=line.ringing_at or buttons.get("ringing"))
        told = attempt.answered_at if line.ended_at is None else None
        attempt.ringing_at, attempt.answered_at = line.ringing_at, line.answered_at or told
    if line.ended_at is not None:
        attempt.ended_at = line.ended_at
    attempt.clock_gap_ms = _gap_ms(line, buttons)
    if attempt.closed_at is not None and line.ended_at is not None:
        attempt.ring_ms, attempt.talk_ms = line.ring // _MS, line.talk // _MS


def _was_corrected(s: Session, attempt_id: UUID) -> bool:
    word = Journal.object_id == str(attempt_id), Journal.action == "call_seconds_corrected"
    return s.scalar(select(Journal.id).where(*word).limit(1)) is not None


def _buttons(s: Session, attempt_id: UUID) -> dict[str, datetime]:
    """When the operator pressed what; the last press of each."""
    rows = s.execute(
        select(TelephonyEvent.type, TelephonyEvent.at)
        .where(TelephonyEvent.attempt_id == attempt_id, TelephonyEvent.provider == DESK)
        .order_by(TelephonyEvent.id)
    )
    return {row.type: row.at for row in rows}


def _gap_ms(line: Line, buttons: dict[str, datetime]) -> int | None:
    pairs = ((line.answered_at, buttons.get("answered")), (line.ended_at, buttons.get("ended")))
    gaps = [abs(theirs - ours) // _MS for theirs, ours in pairs if theirs is not None and ours is not None]
    return max(gaps, default=None)
