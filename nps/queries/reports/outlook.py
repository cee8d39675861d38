"""What the forecast looks at: who waits, what dials have given, which half-days are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from nps.domain.calling_window import CallingCalendar
from nps.domain.case import QueueClass
from nps.domain.disposition import MOST_MISSES, TABLE, Kind
from nps.domain.local_time import to_local
from nps.domain.prospect import (
    AGAIN,
    DEAD,
    MISSED,
    REFUSED,
    RESULTS,
    SURVEYED,
    Cell,
    Prospect,
    Situation,
    Slot,
    Waiting,
    prospect,
)
from nps.domain.state import State
from nps.models import Shift
from nps.queries.campaigns import CampaignRow, calendars
from nps.queries.reports.calls import IS_CALL, Traffic
from nps.queries.reports.clients import Base, base_of
from nps.queries.reports.views import attempts, respondents

_RESULT = {
    Kind.INTERVIEW: SURVEYED,
    Kind.REFUSAL: REFUSED,
    Kind.DEAD: DEAD,
    Kind.MISS: MISSED,
    Kind.CONTACT: AGAIN,
    Kind.INELIGIBLE: REFUSED,
}
_SOFT = "soft_refusal"
_NOON = 13 * 60
#: Two misses and more are one kind of client: the next one is the last.
_BEFORE_LAST = MOST_MISSES - 1
#: How many dials, the newest first, the forecast learns from: more than a wave of this contract has (ADR 32).
LEARNT_FROM = 20_000
_MISSES = [code for code, row in TABLE.items() if row.misses]


def prospect_for(session: Session, campaign: CampaignRow, traffic: Traffic, now: datetime) -> Prospect | None:
    """How the wave will end; None for a closed one, and before enough dials have been made."""
    if campaign.closed_at is not None:
        return None
    base = base_of(session, campaign.id)
    keys = {place.key for place in base.regions if place.clients.clients}
    own = {code: calendar for code, calendar in calendars(session, campaign).items() if code in keys}
    return prospect(situation_of(session, campaign, base, traffic, own, now))


def situation_of(
    session: Session,
    campaign: CampaignRow,
    base: Base,
    traffic: Traffic,
    days: Mapping[str, CallingCalendar],
    now: datetime,
) -> Situation:
    """The wave as the forecast takes it; `base` is the whole base, `days` its calendars, `now` aware UTC."""
    tallies: dict[Cell, list[int]] = {}
    cost: Counter[int] = Counter()
    dials: Counter[int] = Counter()
    soft = refused = 0
    for misses, region, half, code, number, billed in session.execute(_results(campaign)):
        result = _RESULT[TABLE[code].kind]
        tallies.setdefault((misses, region or "", half), [0] * len(RESULTS))[result] += number
        cost[result] += int(billed)
        dials[result] += number
        soft += number if code == _SOFT else 0
        refused += number if result == REFUSED else 0
    return Situation(
        coverage=base.total.coverage,
        used_s=traffic.used_s,
        limit_s=traffic.limit_s,
        waiting=_waiting(session, campaign.id),
        slots=_slots(days, now),
        tallies=tallies,
        room=_room(session, campaign.id, days, now),
        seconds=tuple(cost[result] / dials[result] if dials[result] else 0.0 for result in range(len(RESULTS))),
        operators=_operators(session, campaign.id),
        soft=soft / refused if refused and campaign.soft_refusal_final else 0.0,
    )


def _results(campaign: CampaignRow) -> Select[int, str | None, int, str, int, int]:
    """The newest dials of column 1 by misses before them, region, half of the day and result, with their seconds.

    A look back at each client's earlier dials, for so many dials and not for all: its cost does not grow with the wave.
    """
    seconds = (attempts.c.talk_ms + 999) // 1000
    rule = campaign.billing if campaign.gate == "billed" else "second"
    billed = (seconds + 59) // 60 * 60 if rule == "minute" else seconds
    earlier = attempts.alias("earlier")
    missed = (
        select(func.count())
        .select_from(earlier)
        .where(
            earlier.c.respondent_id == attempts.c.respondent_id,
            earlier.c.dialled_at < attempts.c.dialled_at,
            earlier.c.disposition.in_(_MISSES),
        )
        .correlate(attempts)
        .scalar_subquery()
    )
    newest = (
        select(
            missed.label("misses"),
            attempts.c.region_code,
            case((attempts.c.local_minute < _NOON, 0), else_=1).label("half"),
            attempts.c.disposition,
            billed.label("billed"),
        )
        .where(attempts.c.campaign_id == campaign.id, IS_CALL, attempts.c.disposition.is_not(None))
        .order_by(attempts.c.dialled_at.desc())
        .limit(LEARNT_FROM)
        .subquery("newest")
    )
    most = case((newest.c.misses >= _BEFORE_LAST, _BEFORE_LAST), else_=newest.c.misses)
    by = (most, newest.c.region_code, newest.c.half, newest.c.disposition)
    return select(*by, func.count(), func.coalesce(func.sum(newest.c.billed), 0)).group_by(*by)


def _waiting(session: Session, campaign_id: int) -> dict[str, Waiting]:
    """Clients who can still be called, by region: those who wait for the manager, or for a window, are not counted."""
    found: dict[str, dict[str, int]] = {}
    for region, misses, queue_class, number in session.execute(
        select(respondents.c.region_code, respondents.c.misses, respondents.c.queue_class, func.count())
        .where(
            respondents.c.campaign_id == campaign_id,
            respondents.c.state == State.WAITING,
            respondents.c.region_code.is_not(None),
            respondents.c.next_call_at.is_not(None),
        )
        .group_by(respondents.c.region_code, respondents.c.misses, respondents.c.queue_class)
    ):
        pool = {1: "one", 2: "two"}.get(misses, "new" if queue_class == int(QueueClass.NEW) else "again")
        pools = found.setdefault(region, {})
        pools[pool] = pools.get(pool, 0) + number
    return {region: Waiting(**pools) for region, pools in found.items()}


def _slots(days: Mapping[str, CallingCalendar], now: datetime) -> tuple[Slot, ...]:
    """The half-days that are left; of one that runs, the part that is left."""
    regions: dict[tuple[date, int], set[str]] = {}
    left: dict[tuple[date, int], float] = {}
    for region, calendar in days.items():
        for interval in calendar.intervals_from(now):
            opens = to_local(interval.opens, calendar.zone)
            key = (opens.date(), 0 if opens.hour * 60 + opens.minute < _NOON else 1)
            share = (interval.closes - max(interval.opens, now)) / (interval.closes - interval.opens)
            regions.setdefault(key, set()).add(region)
            left[key] = max(left.get(key, 0.0), share)
    return tuple(Slot(day, half, frozenset(regions[day, half]), left[day, half]) for day, half in sorted(regions))


def _room(session: Session, campaign_id: int, days: Mapping[str, CallingCalendar], now: datetime) -> tuple[int, ...]:
    """Dials of each half-day that is over; the one that runs says nothing yet."""
    half = case((attempts.c.local_minute < _NOON, 0), else_=1)
    found = session.execute(
        select(attempts.c.local_day, half, func.count())
        .where(attempts.c.campaign_id == campaign_id, IS_CALL)
        .group_by(attempts.c.local_day, half)
        .order_by(attempts.c.local_day, half)
    ).all()
    running = {(slot.day, slot.half) for slot in _slots(days, now) if slot.share < 1}
    return tuple(number for day, part, number in found if (day, part) not in running)


def _operators(session: Session, campaign_id: int) -> int:
    """How many people worked in the last week that somebody did."""
    last = session.scalar(select(func.max(Shift.started_at)).where(Shift.campaign_id == campaign_id))
    if last is None:
        return 1
    recent = Shift.campaign_id == campaign_id, Shift.started_at > last - timedelta(days=7)
    return max(1, session.scalar(select(func.count(Shift.user_id.distinct())).where(*recent)) or 1)
