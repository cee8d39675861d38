"""Reminders of callbacks and repeats: lines for one person's desk, each written once (requirements §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nps.domain.appointment import RESERVED
from nps.domain.state import QueueClass
from nps.models import Appointment, Campaign, Reminder, Respondent, Shift
from nps.queries.call_queue import in_nobodys_hands
from nps.services.transaction import AnySession, write

WRITE_JOB = "nps.jobs.reminders.write"
#: Rows of reminders to write, each with its campaign.
Lines = list[tuple[int, dict[str, Any]]]
#: How long before its time the owner of a callback hears of it.
SOON = timedelta(minutes=5)
#: A callback nobody kept is reminded of for so long; then it is anybody's and the queue brings it.
LATE = timedelta(hours=1)
#: Repeats that fall due are told of once in this time, not client by client.
REPEATS_EVERY = timedelta(hours=1)


def campaigns_due(session: Session, now: datetime) -> list[int]:
    """Campaigns for which `write_due` would write something at `now` (aware UTC). For the sweeper."""
    return sorted({campaign_id for campaign_id, _ in [*_callbacks(session, now), *_repeats(session, now)]})


def write_due(session: AnySession, campaign_id: int, *, now: datetime) -> int:
    """Write what is due in a campaign and not written yet; how many lines. A repeated job adds nothing."""
    with write(session) as s:
        rows = [row for whose, row in [*_callbacks(s, now), *_repeats(s, now)] if whose == campaign_id]
        if rows:
            # Two jobs at once: the unique key lets the second one pass over what the first has written.
            dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
            s.execute(dialect.insert(Reminder).on_conflict_do_nothing(), rows)
    return len(rows)


def acknowledge(session: AnySession, user_id: int, reminder_ids: Sequence[int], *, now: datetime) -> int:
    """Put a person's own reminders away, with the earlier ones of the same thing; how many.

    Those of others, and those put away before, stay as they are.
    """
    with write(session) as s:
        subjects = select(Reminder.subject).where(Reminder.id.in_(reminder_ids), Reminder.user_id == user_id)
        put_away = s.scalars(
            update(Reminder)
            .where(Reminder.subject.in_(subjects), Reminder.user_id == user_id, Reminder.ack_at.is_(None))
            .values(shown_at=now, ack_at=now)
            .returning(Reminder.id)
        ).all()
    return len(put_away)


def _callbacks(session: Session, now: datetime) -> Lines:
    """Open appointments whose owner has not been told that they are near, or due."""
    soon = _open_appointments(session, "callback_soon", SOON, Appointment.at > now, Appointment.at <= now + SOON)
    due = _open_appointments(session, "callback_due", timedelta(), Appointment.at <= now, Appointment.at > now - LATE)
    return soon + due + _late_callbacks(session, now)


def _late_callbacks(session: Session, now: datetime) -> Lines:
    """Promises ten minutes over their time that nobody has taken: told to everybody on shift there (§4)."""
    found = session.execute(
        select(Appointment.id, Appointment.at, Respondent.campaign_id, Shift.user_id)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .join(Shift, and_(Shift.campaign_id == Campaign.id, Shift.ended_at.is_(None)))
        .where(
            Appointment.state == "open",
            Appointment.at <= now - RESERVED,
            Appointment.at > now - LATE,
            Campaign.paused_at.is_(None),
            Campaign.closed_at.is_(None),
            in_nobodys_hands(),
        )
        .order_by(Appointment.at, Shift.user_id)
    ).all()
    kind = "callback_late"
    rows = [(row.campaign_id, _row(kind, f"appointment:{row.id}", row.user_id, row.at + RESERVED)) for row in found]
    return _unwritten(session, kind, rows)


def _open_appointments(session: Session, kind: str, before: timedelta, *when: ColumnElement[bool]) -> Lines:
    found = session.execute(
        select(Appointment.id, Appointment.owner_id, Appointment.at, Respondent.campaign_id)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .where(Appointment.state == "open", Campaign.paused_at.is_(None), Campaign.closed_at.is_(None), *when)
        .order_by(Appointment.at)
    ).all()
    rows = [(row.campaign_id, _row(kind, f"appointment:{row.id}", row.owner_id, row.at - before)) for row in found]
    return _unwritten(session, kind, rows)


def _repeats(session: Session, now: datetime) -> Lines:
    """Operators on shift in campaigns where repeats fell due in this hour, told once in it."""
    since = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % REPEATS_EVERY
    fell_due = exists().where(
        Respondent.campaign_id == Shift.campaign_id,
        Respondent.state == "waiting",
        Respondent.queue_class == QueueClass.REPEAT,
        in_nobodys_hands(),
        Respondent.next_call_at >= since,
        Respondent.next_call_at <= now,
    )
    found = session.execute(
        select(Shift.user_id, Shift.campaign_id)
        .join(Campaign, Campaign.id == Shift.campaign_id)
        .where(Shift.ended_at.is_(None), Campaign.paused_at.is_(None), Campaign.closed_at.is_(None), fell_due)
        .order_by(Shift.id)
    ).all()
    rows = [(row.campaign_id, _row("repeat_due", f"campaign:{row.campaign_id}", row.user_id, since)) for row in found]
    return _unwritten(session, "repeat_due", rows)


def _row(kind: str, subject: str, user_id: int, due_at: datetime) -> dict[str, Any]:
    return {"kind": kind, "subject": subject, "user_id": user_id, "due_at": due_at}


def _unwritten(session: Session, kind: str, lines: Lines) -> Lines:
    """Those that nobody has written yet."""
    if not lines:
        return []
    key = (Reminder.subject, Reminder.user_id, Reminder.due_at)
    subjects = {row["subject"] for _, row in lines}
    found = session.execute(select(*key).where(Reminder.kind == kind, Reminder.subject.in_(subjects)))
    written = {tuple(line) for line in found}
    return [line for line in lines if tuple(line[1][column.key] for column in key) not in written]
