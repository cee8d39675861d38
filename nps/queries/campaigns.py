"""Campaigns as people see them, their calendars, and how much of the contract's minutes is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select, text
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.budget import LEAST_RESERVE_S, Budget, billed
from nps.domain.calling_window import (
    CallingCalendar,
    SpecialDay,
    Window,
    always_open,
    days_off_of,
    region_holidays,
    russian_holidays,
)
from nps.models import (
    CallAttempt,
    CallingWindow,
    Campaign,
    CampaignDay,
    CampaignMember,
    Contract,
    Customer,
    Region,
    Shift,
)

#: Roles that see every campaign; the others see those of their customer, or those they work in.
SEE_ALL = ("manager", "admin")


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with what its contract and customer say about it. Days are local, instants aware UTC."""

    id: int
    title: str
    purpose: str
    contract_id: int
    customer_id: int
    customer_name: str
    starts_on: date
    ends_on: date
    paused_at: datetime | None
    closed_at: datetime | None
    always_open: bool
    script_version_id: int
    soft_refusal_final: bool
    setup_allowance_s: int
    dial_link: str
    admission: str
    escalation_email: str
    escalation_confirmed_at: datetime | None
    original_clients: int
    answers_after_check: bool
    customer_hears: bool
    budget_s: int
    billing: str
    gate: str


def _rows() -> Select[*tuple[Any, ...]]:
    """The fields of `CampaignRow`."""
    own, contract = Campaign, Contract
    return (
        select(
            own.id, own.title, own.purpose, own.contract_id, contract.customer_id,
            Customer.name.label("customer_name"), own.starts_on, own.ends_on, own.paused_at, own.closed_at,
            own.always_open, own.script_version_id, own.soft_refusal_final, own.setup_allowance_s, own.dial_link,
            own.admission, own.escalation_email, own.escalation_confirmed_at, own.original_clients,
            own.answers_after_check, own.customer_hears, contract.budget_s, contract.billing, contract.gate,
        )
        .join(contract, contract.id == own.contract_id)
        .join(Customer, Customer.id == contract.customer_id)
    )  # fmt: skip


def _visible(statement: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    if actor.role in SEE_ALL:
        return statement
    if actor.role == "operator":
        mine = select(CampaignMember.campaign_id).where(CampaignMember.user_id == actor.id)
        return statement.where(Campaign.id.in_(mine))
    # How the call centre trains its people is no business of the customer's.
    return statement.where(Contract.customer_id == actor.customer_id, Campaign.purpose != "training")


def campaigns_of(session: Session, actor: Actor) -> list[CampaignRow]:
    """Campaigns the person may see, the open ones first, the newest first among them.

    Operators: by their priority (R1).
    """
    rows = [CampaignRow(**row._mapping) for row in session.execute(_visible(_rows(), actor))]
    priority: dict[int, int] = {}
    if actor.role == "operator":
        own = select(CampaignMember.campaign_id, CampaignMember.priority).where(CampaignMember.user_id == actor.id)
        priority = {campaign_id: number for campaign_id, number in session.execute(own)}
    return sorted(
        rows, key=lambda row: (row.closed_at is not None, priority.get(row.id, 0), -row.starts_on.toordinal(), -row.id)
    )


def campaign_for(session: Session, actor: Actor, campaign_id: int) -> CampaignRow | None:
    """The campaign, or None when it does not exist or is not this person's to see: both answer 404 (R10)."""
    found = session.execute(_visible(_rows(), actor).where(Campaign.id == campaign_id)).one_or_none()
    return CampaignRow(**found._mapping) if found else None


def campaign_row(session: Session, campaign_id: int) -> CampaignRow:
    """The campaign, for services that have settled who may see it. Raises NoResultFound."""
    return CampaignRow(**session.execute(_rows().where(Campaign.id == campaign_id)).one()._mapping)


@cache
def _holidays(region: str, first: int, last: int) -> frozenset[date]:
    years = range(first, last + 1)
    return russian_holidays(years) | region_holidays(region, years)


def calendars(session: Session, campaign: CampaignRow) -> dict[str, CallingCalendar]:
    """The calendar of each region of a campaign, by region code (R7)."""
    zone_of = zones(session)
    if campaign.always_open:
        return {code: always_open(zone, campaign.starts_on, campaign.ends_on) for code, zone in zone_of.items()}
    windows: dict[str, list[Window]] = {}
    for row in session.execute(
        select(CallingWindow.region_code, CallingWindow.weekday, CallingWindow.opens, CallingWindow.closes).where(
            CallingWindow.campaign_id == campaign.id
        )
    ):
        windows.setdefault(row.region_code, []).append(Window(row.weekday, row.opens, row.closes))
    days = session.execute(
        select(CampaignDay.day, CampaignDay.region_code, CampaignDay.is_open)
        .where(CampaignDay.campaign_id == campaign.id)
        .order_by(CampaignDay.id)
    )
    said = [SpecialDay(day, region, is_open) for day, region, is_open in days]
    years = campaign.starts_on.year, campaign.ends_on.year
    return {
        region: CallingCalendar(
            zone=zone_of[region],
            windows=tuple(sorted(found)),
            days_off=days_off_of(region, _holidays(region, *years), said),
            starts_on=campaign.starts_on,
            ends_on=campaign.ends_on,
        )
        for region, found in windows.items()
    }


def zones(session: Session) -> Mapping[str, str]:
    """Zone of each region by its code."""
    return {code: zone for code, zone in session.execute(select(Region.code, Region.zone))}


_TALKS = text(
    "SELECT a.talk_ms FROM call_attempt a JOIN campaign c ON c.id = a.campaign_id "
    "WHERE c.contract_id = :contract AND c.purpose <> 'training' AND a.talk_ms > 0 AND a.source <> 'inbound' "
    "ORDER BY a.talk_ms"
).bindparams(bindparam("contract"))


def budget(session: Session, campaign: CampaignRow) -> Budget:
    """How much of the contract's minutes is used and reserved, in the unit the campaign gates by (R6).

    Reads one short index: its rows are as few as the limit allows. Run it inside the transaction that decides.
    Training uses nothing up and is never held up (R9).
    """
    if campaign.purpose == "training":
        return Budget(limit_s=max(campaign.budget_s, LEAST_RESERVE_S), used_s=0)
    talks = [-(-ms // 1000) for (ms,) in session.execute(_TALKS, {"contract": campaign.contract_id})]
    rule = campaign.billing if campaign.gate == "billed" else "second"
    on_line = and_(CallAttempt.ended_at.is_(None), CallAttempt.handed_over_at.is_(None))
    open_calls, unsettled = session.execute(
        select(func.count().filter(on_line), func.count().filter(~on_line))
        .select_from(CallAttempt)
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .where(
            Campaign.contract_id == campaign.contract_id,
            Campaign.purpose != "training",
            CallAttempt.closed_at.is_(None),
            CallAttempt.source != "inbound",
        )
    ).one()
    return Budget(
        limit_s=campaign.budget_s,
        used_s=sum(billed(seconds, rule) for seconds in talks),
        open_calls=open_calls,
        unsettled_calls=unsettled,
        median_talk_s=talks[len(talks) // 2] if talks else 0,
    )


def open_shift(session: Session, user_id: int) -> Shift | None:
    """The shift the operator is in."""
    return session.scalars(select(Shift).where(Shift.user_id == user_id, Shift.ended_at.is_(None))).one_or_none()
