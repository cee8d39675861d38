"""Who works in a campaign right now, and what waits in its queue (R1, manager)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from nps.domain.calling_window import CallingCalendar
from nps.domain.case import QueueClass
from nps.domain.disposition import INTERVIEWS
from nps.models import CallAttempt, CampaignMember, Pause, Region, Respondent, Shift, User
from nps.queries.attention import FORGOTTEN
from nps.queries.call_queue import in_nobodys_hands
from nps.queries.campaigns import CampaignRow
from nps.queries.reports.calls import EXACT_S, IS_CALL
from nps.queries.reports.slices import NO_BRANCH
from nps.queries.reports.views import attempts


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody did on a day: calls as column 1 of the contract's form counts them, seconds of talk."""

    calls: int = 0
    surveyed: int = 0
    talk_s: int = 0


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """An operator of the campaign now.

    `state`: off | elsewhere (on shift in another campaign) | pause | ready | card (a client is open, not dialled) |
    ringing | talk | wrapup. `since`: aware UTC, None when nothing says it. `client_id` and what follows: his client.
    """

    id: int
    name: str
    state: str
    since: datetime | None
    pause_reason: str
    client_id: int | None
    organisation: str
    region: str
    zone: str
    forgotten: bool
    today: Work
    surveyed: int


@dataclass(frozen=True, slots=True)
class _Client:
    id: int
    organisation: str
    region: str
    zone: str


def operators(session: Session, campaign: CampaignRow, today: date, now: datetime) -> list[OperatorLine]:
    """Members of the campaign and whoever else is on shift in it, those at work first. `today`: the office's day."""
    shifts = {row.user_id: row for row in session.scalars(select(Shift).where(Shift.ended_at.is_(None)))}
    here = [user_id for user_id, shift in shifts.items() if shift.campaign_id == campaign.id]
    members = select(CampaignMember.user_id).where(CampaignMember.campaign_id == campaign.id)
    people = session.execute(
        select(User.id, User.full_name)
        .where(or_(User.id.in_(members), User.id.in_(here)))
        .order_by(User.full_name, User.id)
    ).all()
    pauses = {row.shift_id: row for row in session.scalars(select(Pause).where(Pause.ended_at.is_(None)))}
    calls = {
        row.operator_id: row
        for row in session.scalars(
            select(CallAttempt).where(
                CallAttempt.campaign_id == campaign.id,
                CallAttempt.closed_at.is_(None),
                CallAttempt.handed_over_at.is_(None),
            )
        )
    }
    held = _held(session, campaign.id)
    rested = _last_words(session, campaign.id)
    work, whole = _work(session, campaign.id, today), _work(session, campaign.id, None)
    found = []
    for user_id, name in people:
        shift, call, client = shifts.get(user_id), calls.get(user_id), held.get(user_id)
        pause = pauses.get(shift.id) if shift else None
        state, since = _state(campaign.id, shift, pause, call, client, rested.get(user_id))
        found.append(
            OperatorLine(
                id=user_id,
                name=name,
                state=state,
                since=since,
                pause_reason=pause.reason if pause else "",
                client_id=client.id if client else None,
                organisation=client.organisation if client else "",
                region=client.region if client else "",
                zone=client.zone if client else "",
                forgotten=call is not None and now - call.last_activity_at > FORGOTTEN,
                today=work.get(user_id, Work()),
                surveyed=whole.get(user_id, Work()).surveyed,
            )
        )
    return sorted(found, key=lambda line: (line.state in ("off", "elsewhere"), line.name, line.id))


def _state(
    campaign_id: int,
    shift: Shift | None,
    pause: Pause | None,
    call: CallAttempt | None,
    client: _Client | None,
    rested: datetime | None,
) -> tuple[str, datetime | None]:
    if call is not None:
        if call.ended_at is not None:
            return "wrapup", call.ended_at
        return ("talk", call.answered_at) if call.answered_at is not None else ("ringing", call.dialled_at)
    if shift is None:
        return "off", None
    if shift.campaign_id != campaign_id:
        return "elsewhere", shift.started_at
    if pause is not None:
        return "pause", pause.started_at
    since = max(shift.started_at, rested) if rested else shift.started_at
    return ("card" if client else "ready"), since


def _held(session: Session, campaign_id: int) -> dict[int, _Client]:
    rows = session.execute(
        select(Respondent.held_by, Respondent.id, Respondent.organisation, Region.name, Region.zone)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Respondent.campaign_id == campaign_id, Respondent.held_by.is_not(None))
    )
    return {
        user_id: _Client(id, name, region or "", zone or "")
        for user_id, id, name, region, zone in rows
        if user_id is not None
    }


def _last_words(session: Session, campaign_id: int) -> dict[int, datetime]:
    """When each operator settled his last call."""
    rows = session.execute(
        select(CallAttempt.operator_id, func.max(CallAttempt.closed_at))
        .where(CallAttempt.campaign_id == campaign_id, CallAttempt.closed_at.is_not(None))
        .group_by(CallAttempt.operator_id)
    )
    return {user_id: at for user_id, at in rows if at is not None}


def _work(session: Session, campaign_id: int, day: date | None) -> dict[int, Work]:
    statement = (
        select(
            attempts.c.operator_id,
            func.count().filter(IS_CALL),
            func.count().filter(attempts.c.disposition.in_(INTERVIEWS)),
            EXACT_S,
        )
        .where(attempts.c.campaign_id == campaign_id)
        .group_by(attempts.c.operator_id)
    )
    if day is not None:
        statement = statement.where(attempts.c.operator_day == day)
    return {user_id: Work(calls, surveyed, int(talk)) for user_id, calls, surveyed, talk in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What waits in one region. Instants are aware UTC; counts are clients.

    closes_at: end of the window that is open now; opens_at: beginning of the next one when none is. at_once, callbacks,
    repeats, fresh: those who have a time; due_now of them could be called this minute. late: no window is left for them
    before the campaign ends («не успеваем»).
    """

    code: str
    name: str
    zone: str
    closes_at: datetime | None
    opens_at: datetime | None
    at_once: int
    callbacks: int
    repeats: int
    fresh: int
    due_now: int
    late: int

    @property
    def waiting(self) -> int:
        """All who are still in the queue here."""
        return self.at_once + self.callbacks + self.repeats + self.fresh + self.late


def queue(
    session: Session,
    campaign_id: int,
    calendars: Mapping[str, CallingCalendar],
    now: datetime,
    branch_id: int | None = None,
) -> list[QueueRow]:
    """The queue by region in the order of names; clients of an unknown region are in none (see `clients.VIEWS`).

    With `branch_id` the clients of that branch alone (`NO_BRANCH`: of none).
    """
    has_time = Respondent.next_call_at.is_not(None)
    by_class = [
        func.count().filter(has_time, Respondent.queue_class == int(queue_class)).label(queue_class.name)
        for queue_class in QueueClass
    ]
    rows = session.execute(
        select(
            Respondent.region_code,
            *by_class,
            func.count().filter(Respondent.next_call_at <= now, in_nobodys_hands()).label("due"),
            func.count().filter(Respondent.next_call_at.is_(None)).label("late"),
        )
        .where(
            Respondent.campaign_id == campaign_id,
            Respondent.state == "waiting",
            Respondent.region_code.is_not(None),
            *(() if branch_id is None else (func.coalesce(Respondent.branch_id, NO_BRANCH) == branch_id,)),
        )
        .group_by(Respondent.region_code)
    ).all()
    regions = {row.code: row for row in session.scalars(select(Region))}
    found = []
    for row in rows:
        calendar, counted = calendars.get(row.region_code), row._mapping
        interval = calendar.interval_at(now) if calendar else None
        found.append(
            QueueRow(
                code=row.region_code,
                name=regions[row.region_code].name,
                zone=regions[row.region_code].zone,
                closes_at=interval.closes if interval else None,
                opens_at=calendar.next_opening(now) if calendar and not interval else None,
                at_once=counted[QueueClass.AT_ONCE.name],
                callbacks=counted[QueueClass.CALLBACK.name],
                repeats=counted[QueueClass.REPEAT.name],
                fresh=counted[QueueClass.NEW.name],
                due_now=row.due if interval else 0,
                late=row.late,
            )
        )
    return sorted(found, key=lambda row: row.name)
