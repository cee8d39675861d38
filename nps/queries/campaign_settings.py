"""What the pages of a campaign's list and settings show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.calling_window import region_holidays, russian_holidays
from nps.domain.nps_score import Coverage
from nps.models import (
    CallAttempt,
    CallingWindow,
    Campaign,
    CampaignDay,
    CampaignMember,
    Contract,
    Region,
    Respondent,
    ScriptVersion,
    Shift,
    User,
)
from nps.queries.admission import has_called
from nps.queries.campaigns import CampaignRow, campaigns_of
from nps.queries.training import Progress, progress_of


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign in the list: its base, its people and its own minutes in the unit that is gated (R3, R6)."""

    campaign: CampaignRow
    clients: int
    surveyed: int
    used_s: int
    operators: int
    admitted: int
    script_no: int

    @property
    def coverage(self) -> Coverage:
        """Of the whole base."""
        return Coverage(self.surveyed, self.clients)


def phase(campaign: CampaignRow, today: date) -> str:
    """closed | paused | ahead (not begun) | over (days past, not closed) | running. `today` is the office's day."""
    if campaign.closed_at is not None:
        return "closed"
    if campaign.paused_at is not None:
        return "paused"
    if today < campaign.starts_on:
        return "ahead"
    return "over" if today > campaign.ends_on else "running"


def campaign_lines(session: Session, actor: Actor) -> list[CampaignLine]:
    """The campaigns a person sees, with their figures; as many queries for one as for a hundred."""
    seen = campaigns_of(session, actor)
    ids = [campaign.id for campaign in seen]
    bases = {
        row.campaign_id: row
        for row in session.execute(
            select(
                Respondent.campaign_id,
                func.count().filter(Respondent.state != "withdrawn").label("clients"),
                func.count().filter(Respondent.state == "surveyed").label("surveyed"),
            )
            .where(Respondent.campaign_id.in_(ids))
            .group_by(Respondent.campaign_id)
        )
    }
    people = {
        row.campaign_id: row
        for row in session.execute(
            select(
                CampaignMember.campaign_id,
                func.count().label("operators"),
                func.count(CampaignMember.admitted_at).label("admitted"),
            )
            .where(CampaignMember.campaign_id.in_(ids))
            .group_by(CampaignMember.campaign_id)
        )
    }
    scripts = {
        version_id: no
        for version_id, no in session.execute(
            select(ScriptVersion.id, ScriptVersion.no).where(
                ScriptVersion.id.in_([campaign.script_version_id for campaign in seen])
            )
        )
    }
    used = _used(session, ids)
    return [
        CampaignLine(
            campaign=campaign,
            clients=bases[campaign.id].clients if campaign.id in bases else 0,
            surveyed=bases[campaign.id].surveyed if campaign.id in bases else 0,
            used_s=used.get(campaign.id, 0),
            operators=people[campaign.id].operators if campaign.id in people else 0,
            admitted=people[campaign.id].admitted if campaign.id in people else 0,
            script_no=scripts[campaign.script_version_id],
        )
        for campaign in seen
    ]


def _used(session: Session, ids: list[int]) -> dict[int, int]:
    seconds = (CallAttempt.talk_ms + 999) // 1000
    counted = case(
        ((Contract.gate == "billed") & (Contract.billing == "minute"), (seconds + 59) // 60 * 60),
        else_=seconds,
    )
    rows = session.execute(
        select(CallAttempt.campaign_id, func.sum(counted))
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(CallAttempt.campaign_id.in_(ids), CallAttempt.talk_ms > 0, CallAttempt.source != "inbound")
        .group_by(CallAttempt.campaign_id)
    )
    return {campaign_id: int(total) for campaign_id, total in rows}


@dataclass(frozen=True, slots=True)
class More:
    """What the settings show besides `CampaignRow`."""

    legal_basis: str
    delete_on: date | None
    recordings_until: date | None
    customer_hears: bool
    script_no: int
    script_published_at: datetime
    contract_number: str


def more(session: Session, campaign_id: int) -> More:
    """The rest of a campaign's terms. Raises NoResultFound."""
    row = session.execute(
        select(
            Campaign.legal_basis,
            Campaign.delete_on,
            Campaign.recordings_until,
            Campaign.customer_hears,
            ScriptVersion.no,
            ScriptVersion.published_at,
            Contract.number,
        )
        .join(ScriptVersion, ScriptVersion.id == Campaign.script_version_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Campaign.id == campaign_id)
    ).one()
    return More(*row)


def regions(session: Session) -> list[tuple[str, str]]:
    """Code and name of each region of the survey, by name."""
    return [(code, name) for code, name in session.execute(select(Region.code, Region.name).order_by(Region.name))]


@dataclass(frozen=True, slots=True)
class WindowsLine:
    """The same windows on several weekdays of one region; Monday is 0, times are the region's own."""

    region: str
    weekdays: tuple[int, ...]
    times: tuple[tuple[time, time], ...]


def windows(session: Session, campaign_id: int) -> list[WindowsLine]:
    """The calling windows of a campaign, weekdays with the same times together."""
    by_day: dict[tuple[str, int], list[tuple[time, time]]] = {}
    for row in session.scalars(
        select(CallingWindow).where(CallingWindow.campaign_id == campaign_id).order_by(CallingWindow.opens)
    ):
        by_day.setdefault((row.region_code, row.weekday), []).append((row.opens, row.closes))
    days: dict[tuple[str, tuple[tuple[time, time], ...]], list[int]] = {}
    for (region, weekday), times in sorted(by_day.items()):
        days.setdefault((region, tuple(times)), []).append(weekday)
    return [WindowsLine(region, tuple(weekdays), times) for (region, times), weekdays in days.items()]


@dataclass(frozen=True, slots=True)
class DayLine:
    """An exception of the calendar; `region` is '' for all."""

    id: int
    day: date
    region: str
    is_open: bool
    note: str


def days(session: Session, campaign_id: int) -> list[DayLine]:
    """Days that were closed or opened by hand, in order."""
    rows = session.execute(
        select(CampaignDay, Region.name)
        .outerjoin(Region, Region.code == CampaignDay.region_code)
        .where(CampaignDay.campaign_id == campaign_id)
        .order_by(CampaignDay.day, CampaignDay.id)
    )
    return [DayLine(row.id, row.day, name or "", row.is_open, row.note) for row, name in rows]


def known_holidays(campaign: CampaignRow, places: Iterable[tuple[str, str]]) -> list[tuple[date, str]]:
    """Holidays that close a day of the campaign by themselves: the day, and the region's name ('' for all)."""
    years = range(campaign.starts_on.year, campaign.ends_on.year + 1)
    found = [(day, "") for day in russian_holidays(years)]
    found += [(day, name) for code, name in places for day in region_holidays(code, years)]
    return sorted((day, name) for day, name in found if campaign.starts_on <= day <= campaign.ends_on)


@dataclass(frozen=True, slots=True)
class MemberLine:
    """An active operator and what he is to the campaign; `priority` is None for one who is not assigned."""

    user_id: int
    name: str
    login: str
    priority: int | None
    admitted_at: datetime | None
    on_shift: bool
    #: He has made real calls, which count as admission (R9).
    has_called: bool
    progress: Progress


def members(session: Session, campaign_id: int) -> list[MemberLine]:
    """All active operators, those of the campaign first."""
    rows = session.execute(
        select(User, CampaignMember, Shift.id, has_called(User.id))
        .outerjoin(CampaignMember, (CampaignMember.user_id == User.id) & (CampaignMember.campaign_id == campaign_id))
        .outerjoin(Shift, (Shift.user_id == User.id) & Shift.ended_at.is_(None) & (Shift.campaign_id == campaign_id))
        .where(User.role == "operator", User.active)
        .order_by(CampaignMember.id.is_(None), User.full_name, User.id)
    ).all()
    contract_id = session.execute(select(Campaign.contract_id).where(Campaign.id == campaign_id)).scalar_one()
    trained = progress_of(session, [user.id for user, *_ in rows], contract_id)
    return [
        MemberLine(
            user_id=user.id,
            name=user.full_name,
            login=user.login,
            priority=member.priority if member else None,
            admitted_at=member.admitted_at if member else None,
            on_shift=shift_id is not None,
            has_called=called,
            progress=trained[user.id],
        )
        for user, member, shift_id, called in rows
    ]
