"""The empty desk: when the next client comes, and why none does now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.local_time import clock, when
from nps.models import Region
from nps.queries import call_queue, campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.views import IdleRow, IdleView


def idle_view(session: Session, campaign: CampaignRow, office_zone: str, now: datetime) -> IdleView:
    """Why nobody can be called now and when somebody can, region by region."""
    calendars = campaigns.calendars(session, campaign)
    rows = call_queue.outlook(session, campaign.id, calendars, now)
    zones = {code: zone for code, zone in session.execute(select(Region.code, Region.zone))}
    return IdleView(
        headline=_headline(rows, office_zone, now),
        rows=[
            IdleRow(
                region=row.name,
                local_time=clock(now, zones[row.code]),
                reason=_reason(row, now),
                next_there=when(row.next_at, row.zone, now) if row.next_at else "",
                next_here=clock(row.next_at, office_zone) if row.next_at else "",
                left=row.waiting,
            )
            for row in rows
        ],
    )


def _headline(rows: list[call_queue.RegionOutlook], office_zone: str, now: datetime) -> str:
    if not rows:
        return "В этом проекте больше некому звонить."
    if any(row.is_open and row.due_now for row in rows):
        return "Клиенты есть, но их номера сейчас заняты: нажмите «Проверить сейчас» через минуту."
    times = [row.next_at for row in rows if row.next_at is not None]
    if not times:
        return "До конца проекта окон звонков больше нет."
    soonest = min(times)
    names = ", ".join(row.name for row in rows if row.next_at == soonest)
    minutes = max(1, int((soonest - now).total_seconds() // 60))
    ahead = f", через {minutes} мин" if minutes < 120 else ""
    return f"Следующие клиенты — {when(soonest, office_zone, now)}{ahead}: {names}."


def _reason(row: call_queue.RegionOutlook, now: datetime) -> str:
    if not row.is_open:
        return "окно закрыто" if row.next_opening else "окон больше нет"
    if row.due_now:
        return "номера заняты"
    if row.held:
        return "клиенты у операторов"
    return "срок ещё не наступил" if row.next_at else "не успеваем"
