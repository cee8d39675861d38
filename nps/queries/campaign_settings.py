"""What the pages of a campaign's list and settings show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.calling_window import region_holidays, russian_holidays
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
from nps.queries.admission import CAN_WORK, has_called
from nps.queries.campaigns import CampaignRow, campaigns_of
from nps.queries.training import Progress, progress_of

#: Windows of a day, each from when till when.
Times = tuple[tuple[time, time], ...]


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
    def is_unready(self) -> bool:
        """Whether nobody can call in it yet: it lacks clients, or people."""
        campaign = self.campaign
        runs = campaign.closed_at is None and campaign.purpose != "training"
        return runs and not (self.clients and self.operators)


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
    clients = session.execute(
        select(
            Respondent.campaign_id,
            func.count().filter(Respondent.state != "withdrawn"),
            func.count().filter(Respondent.state == "surveyed"),
        )
        .where(Respondent.campaign_id.in_(ids))
        .group_by(Respondent.campaign_id)
    )
    people = session.execute(
        select(CampaignMember.campaign_id, func.count(), func.count(CampaignMember.admitted_at))
        .join(User, User.id == CampaignMember.user_id)
        .where(CampaignMember.campaign_id.in_(ids), *CAN_WORK)
        .group_by(CampaignMember.campaign_id)
    )
    versions = session.execute(
        select(ScriptVersion.id, ScriptVersion.no).where(ScriptVersion.id.in_([row.script_version_id for row in seen]))
    )
    bases = {campaign_id: (counted, surveyed) for campaign_id, counted, surveyed in clients}
    staff = {campaign_id: (operators, admitted) for campaign_id, operators, admitted in people}
    scripts, used = {version_id: no for version_id, no in versions}, _used(session, ids)
    return [
        CampaignLine(
            row, *bases.get(row.id, (0, 0)), used.get(row.id, 0), *staff.get(row.id, (0, 0)),
            scripts[row.script_version_id],
        )
        for row in seen
    ]  # fmt: skip


def _used(session: Session, ids: list[int]) -> dict[int, int]:
    seconds = (CallAttempt.talk_ms + 999) // 1000
    counted = case(
        ((Contract.gate == "billed") & (Contract.billing == "minute"), (seconds + 59) // 60 * 60), else_=seconds
    )
    rows = session.execute(
        select(CallAttempt.campaign_id, func.sum(counted))
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(CallAttempt.campaign_id.in_(ids), CallAttempt.talk_ms > 0, CallAttempt.source != "inbound")
        .group_by(CallAttempt.campaign_id)
    )
    return {campaign_id: int(total) for campaign_id, total in rows}


def more(session: Session, campaign_id: int) -> Row[*tuple[Any, ...]]:
    """What the settings show besides `CampaignRow`. Raises NoResultFound."""
    return session.execute(
        select(
            Campaign.legal_basis, Campaign.delete_on, Campaign.recordings_until, ScriptVersion.no.label("script_no"),
            ScriptVersion.published_at.label("script_published_at"), Contract.number.label("contract_number"),
        )
        .join(ScriptVersion, ScriptVersion.id == Campaign.script_version_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Campaign.id == campaign_id)
    ).one()  # fmt: skip


def regions(session: Session) -> list[tuple[str, str]]:
    """Code and name of each region of the survey, by name."""
    return [(code, name) for code, name in session.execute(select(Region.code, Region.name).order_by(Region.name))]


def windows(session: Session, campaign_id: int) -> list[tuple[str, list[int], Times]]:
    """The calling windows of a campaign, weekdays of a region with the same times together; times are its own."""
    by_day: dict[tuple[str, int], list[tuple[time, time]]] = {}
    for row in session.scalars(
        select(CallingWindow).where(CallingWindow.campaign_id == campaign_id).order_by(CallingWindow.opens)
    ):
        by_day.setdefault((row.region_code, row.weekday), []).append((row.opens, row.closes))
    days: dict[tuple[str, Times], list[int]] = {}
    for (region, weekday), times in sorted(by_day.items()):
        days.setdefault((region, tuple(times)), []).append(weekday)
    return [(region, weekdays, times) for (region, times), weekdays in days.items()]


def days(session: Session, campaign_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Days that were closed or opened by hand, in order; `region` is None for all."""
    return session.execute(
        select(CampaignDay.id, CampaignDay.day, Region.name.label("region"), CampaignDay.is_open, CampaignDay.note)
        .outerjoin(Region, Region.code == CampaignDay.region_code)
        .where(CampaignDay.campaign_id == campaign_id)
        .order_by(CampaignDay.day, CampaignDay.id)
    ).all()


def known_holidays(campaign: CampaignRow, places: Iterable[tuple[str, str]]) -> list[tuple[date, str]]:
    """Holidays that close a day of the campaign by themselves: the day, and the region's name ('' for all)."""
    years = range(campaign.starts_on.year, campaign.ends_on.year + 1)
    found = [(day, "") for day in russian_holidays(years)]
    found += [(day, name) for code, name in places for day in region_holidays(code, years)]
    return sorted((day, name) for day, name in found if campaign.starts_on <= day <= campaign.ends_on)


def members(session: Session, campaign_id: int) -> list[tuple[Row[*tuple[Any, ...]], Progress]]:
    """All operators who can work, and who is still assigned or on shift though he cannot; those of the campaign first.

    Each with his training. `priority`: None when not assigned; `can_work`: False for a closed account or another role.
    `has_called`: he has talked to clients of this customer, which count as admission (R9).
    """
    rows = session.execute(
        select(
            User.id, User.full_name.label("name"), User.login, CampaignMember.priority, CampaignMember.admitted_at,
            Shift.id.is_not(None).label("on_shift"), has_called(User.id, campaign_id).label("has_called"),
            and_(*CAN_WORK).label("can_work"),
        )
        .outerjoin(CampaignMember, (CampaignMember.user_id == User.id) & (CampaignMember.campaign_id == campaign_id))
        .outerjoin(Shift, (Shift.user_id == User.id) & Shift.ended_at.is_(None) & (Shift.campaign_id == campaign_id))
        .where(or_(and_(*CAN_WORK), CampaignMember.id.is_not(None), Shift.id.is_not(None)))
        .order_by(CampaignMember.id.is_(None), User.full_name, User.id)
    ).all()  # fmt: skip
    contract_id = session.execute(select(Campaign.contract_id).where(Campaign.id == campaign_id)).scalar_one()
    trained = progress_of(session, [row.id for row in rows], contract_id)
    return [(row, trained[row.id]) for row in rows]
