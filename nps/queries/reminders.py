"""What a person's desk has to be reminded of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from nps.domain.appointment import reminder_kind
from nps.domain.local_time import clock
from nps.domain.state import QueueClass
from nps.domain.wording import number, plural
from nps.models import Appointment, Campaign, Region, Reminder, Respondent
from nps.queries.call_queue import in_nobodys_hands

#: A line nobody put away is shown for so long after its time.
SHOWN_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Line:
    """One line for the desk; the line about repeats has no client. `at`, aware UTC, is the time that came or comes."""

    id: int
    kind: str
    text: str
    at: datetime
    respondent_id: int | None
    campaign_id: int


#: What was not put away, for `Together`: bind `operator` and `shown_since`.
ROWS: Select[*tuple[Any, ...]] = select(Reminder.due_at, Reminder.id, Reminder.kind, Reminder.subject).where(
    Reminder.user_id == bindparam("operator"),
    Reminder.ack_at.is_(None),
    Reminder.due_at > bindparam("shown_since"),
)


def still_hold(session: Session, found: Sequence[Any], now: datetime) -> list[Line]:
    """What ROWS have found, without what holds no more.

    A callback that is being made, was kept, moved or dropped is gone from the list by itself, as is the line about
    repeats when none is left; «через 5 минут» gives way to «пора».
    """
    rows = sorted(found, key=lambda row: (row.due_at, row.id))
    return _callbacks(session, rows, now) + _repeats(session, rows, now)


def _callbacks(session: Session, rows: Sequence[Any], now: datetime) -> list[Line]:
    by_appointment = {int(row.subject.partition(":")[2]): row for row in rows if row.kind.startswith("callback")}
    if not by_appointment:
        return []
    found = session.execute(
        select(Appointment.id, Appointment.at, Respondent, Region.zone)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Appointment.id.in_(by_appointment), Appointment.state == "open", in_nobodys_hands())
        .order_by(Appointment.at)
    )
    lines = []
    for appointment_id, at, client, zone in found:
        kind = reminder_kind(at, now)
        text = _callback_words(kind, client.organisation, at, zone or "Europe/Moscow", now)
        lines.append(Line(by_appointment[appointment_id].id, kind, text, at, client.id, client.campaign_id))
    return lines


def _callback_words(kind: str, organisation: str, at: datetime, zone: str, now: datetime) -> str:
    """«Перезвон через 4 минуты: ООО «Теплосервис», 14:00 у клиента»; ten minutes over its time it is anyone's."""
    theirs = f"{organisation}, {clock(at, zone)} у клиента"
    if kind == "callback_late":
        return f"Обещанный звонок никто не взял: {theirs}"
    if kind == "callback_due":
        return f"Пора перезвонить: {theirs}"
    minutes = -(-int((at - now).total_seconds()) // 60)
    return f"Перезвон через {minutes} {plural(minutes, 'минуту', 'минуты', 'минут')}: {theirs}"


def _repeats(session: Session, rows: Sequence[Any], now: datetime) -> list[Line]:
    """One line a campaign, with the number of this moment."""
    latest = {int(row.subject.partition(":")[2]): row for row in rows if row.kind == "repeat_due"}
    if not latest:
        return []
    counted = session.execute(
        select(Respondent.campaign_id, func.count(), func.min(Respondent.next_call_at))
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .where(
            Respondent.campaign_id.in_(latest),
            Respondent.state == "waiting",
            Respondent.queue_class == QueueClass.REPEAT,
            in_nobodys_hands(),
            Respondent.next_call_at <= now,
            Campaign.paused_at.is_(None),
            Campaign.closed_at.is_(None),
        )
        .group_by(Respondent.campaign_id)
    )
    lines = []
    for campaign_id, count, since in counted:
        text = f"{number(count)} {plural(count, 'повтор', 'повтора', 'повторов')} пора обзвонить"
        lines.append(Line(latest[campaign_id].id, "repeat_due", text, since or now, None, campaign_id))
    return lines
