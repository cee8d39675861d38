"""The empty desk: when the next client comes, why none does now, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.calling_window import CallingCalendar
from nps.domain.local_time import clock, to_local, when
from nps.domain.wording import number, plural
from nps.models import Respondent
from nps.queries import call_queue
from nps.queries.call_queue import RegionOutlook
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import IdleRow, IdleView

_LEAVE = "Закончите смену, чтобы выбрать другой проект, или спросите руководителя."


def idle_view(session: Session, seat: Seat, calendars: Mapping[str, CallingCalendar], *, start_new: bool) -> IdleView:
    """Why nobody can be called now and when somebody can, region by region; `start_new` is the budget's word (R6)."""
    campaign, office_zone, now = seat.campaign, seat.person.office_zone, seat.now
    assert campaign is not None
    rows = call_queue.outlook(session, campaign.id, calendars, now, start_new=start_new)
    if not rows:
        return _nobody(session, campaign.id)
    soonest = min((row.next_at for row in rows if row.next_at is not None), default=None)
    due = [row.name for row in rows if row.is_open and row.due_now]
    return IdleView(
        title="Пора звонить" if due else "Сейчас звонить некому",
        headline=_headline(rows, due, soonest, office_zone, now, start_new=start_new),
        rows=[
            IdleRow(
                region=row.name,
                local_time=clock(now, row.zone),
                reason=_reason(row, calendars[row.code], now, start_new=start_new),
                next_there=""
                if row.next_at is None
                else "сейчас"
                if row.next_at <= now
                else when(row.next_at, row.zone, now),
                next_here=clock(row.next_at, office_zone) if row.next_at else "",
                left=row.waiting,
                is_soonest=row.next_at is not None and row.next_at == soonest,
            )
            for row in rows
        ],
        advice="" if soonest else _LEAVE,
        signal=f"due:{campaign.id}:{now:%Y%m%d%H}" if due else "",
    )


def _nobody(session: Session, campaign_id: int) -> IdleView:
    """No client waits for a call: none was ever loaded, or what is left is the manager's to settle."""
    loaded, undecided = session.execute(
        select(func.count(), func.count().filter(Respondent.state.in_(("manager", "waiting")))).where(
            Respondent.campaign_id == campaign_id
        )
    ).one()
    if not loaded:
        return IdleView(
            title="База ещё не загружена",
            headline="В проекте пока нет клиентов: их загружает специалист.",
            rows=[],
            advice=f"Когда база появится, нажмите «Проверить сейчас». {_LEAVE}",
        )
    waits = f"Решения руководителя {plural(undecided, 'ждёт', 'ждут', 'ждут')} {number(undecided)} " + plural(
        undecided, "клиент", "клиента", "клиентов"
    )
    return IdleView(
        title="Сейчас звонить некому",
        headline="В этом проекте больше некому звонить.",
        rows=[],
        advice=f"{waits}. {_LEAVE}" if undecided else _LEAVE,
    )


def _headline(
    rows: list[RegionOutlook],
    due: list[str],
    soonest: datetime | None,
    office_zone: str,
    now: datetime,
    *,
    start_new: bool,
) -> str:
    if due:
        return f"Есть клиенты: {', '.join(due)}. Нажмите «Проверить сейчас»; если карточки нет, номера пока заняты."
    if soonest is None:
        return (
            "До конца проекта окон звонков больше нет."
            if start_new
            else "Минуты на исходе: новых клиентов не начинаем, а перезвонов и повторов сейчас нет."
        )
    names = ", ".join(row.name for row in rows if row.next_at == soonest)
    minutes = max(1, int((soonest - now).total_seconds() // 60))
    ahead = f", через {minutes} мин" if minutes < 120 else ""
    return f"Следующие клиенты — {when(soonest, office_zone, now)}{ahead}: {names}."


def _reason(row: RegionOutlook, calendar: CallingCalendar, now: datetime, *, start_new: bool) -> str:
    if not start_new and row.next_at is None:
        return "новых не начинаем"
    if not row.is_open:
        return _closed(row, calendar, now)
    if row.due_now:
        return "пора звонить"
    if row.held:
        return "клиенты у операторов"
    return "срок ещё не наступил" if row.next_at else "не успеваем"


def _closed(row: RegionOutlook, calendar: CallingCalendar, now: datetime) -> str:
    """Why no call may begin in the region at this hour of its own."""
    if row.next_opening is None:
        return "окон больше нет"
    today = calendar.intervals(to_local(now, calendar.zone).date())
    if not today:
        return "сегодня не звоним"
    if now < today[0].opens:
        return f"ещё рано, с {clock(today[0].opens, calendar.zone)}"
    later = [interval for interval in today if interval.opens > now]
    return f"перерыв до {clock(later[0].opens, calendar.zone)}" if later else "на сегодня всё"
