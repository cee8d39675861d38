"""Campaigns as people see them, their calendars, and how much of the contract's minutes is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Row, Select, and_, bindparam, func, select, text
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


def _rows() -> Select[Campaign, Contract, Customer]:
    return (
        select(Campaign, Contract, Customer)
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
    )


def _row(found: Row[Campaign, Contract, Customer]) -> CampaignRow:
    campaign, contract, customer = found
    return CampaignRow(
        id=campaign.id,
        title=campaign.title,
        purpose=campaign.purpose,
        contract_id=contract.id,
        customer_id=customer.id,
        customer_name=customer.name,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        paused_at=campaign.paused_at,
        closed_at=campaign.closed_at,
        always_open=campaign.always_open,
        script_version_id=campaign.script_version_id,
        soft_refusal_final=campaign.soft_refusal_final,
        setup_allowance_s=campaign.setup_allowance_s,
        dial_link=campaign.dial_link,
        admission=campaign.admission,
        escalation_email=campaign.escalation_email,
        escalation_confirmed_at=campaign.escalation_confirmed_at,
        original_clients=campaign.original_clients,
        answers_after_check=campaign.answers_after_check,
        customer_hears=campaign.customer_hears,
        budget_s=contract.budget_s,
        billing=contract.billing,
        gate=contract.gate,
    )


def _visible(statement: Select[Campaign, Contract, Customer], actor: Actor) -> Select[Campaign, Contract, Customer]:
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
    rows = [_row(row) for row in session.execute(_visible(_rows(), actor))]
    priority: dict[int, int] = {}
    if actor.role == "operator":
        found = session.execute(
            select(CampaignMember.campaign_id, CampaignMember.priority).where(CampaignMember.user_id == actor.id)
        )
        priority = {campaign_id: number for campaign_id, number in found}
    return sorted(
        rows, key=lambda row: (row.closed_at is not None, priority.get(row.id, 0), -row.starts_on.toordinal(), -row.id)
    )


def campaign_for(session: Session, actor: Actor, campaign_id: int) -> CampaignRow | None:
    """The campaign, or None when it does not exist or is not this person's to see: both answer 404 (R10)."""
    found = session.execute(_visible(_rows(), actor).where(Campaign.id == campaign_id)).one_or_none()
    return _row(found) if found else None


def campaign_row(session: Session, campaign_id: int) -> CampaignRow:
    """The campaign, for services that have settled who may see it. Raises NoResultFound."""
    return _row(session.execute(_rows().where(Campaign.id == campaign_id)).one())


@cache
def _holidays(region: str, first: int, last: int) -> frozenset[date]:
    years = range(first, last + 1)
    return russian_holidays(years) | region_holidays(region, years)


def calendars(session: Session, campaign: CampaignRow) -> dict[str, CallingCalendar]:
    """The calendar of each region of a campaign, by region code (R7)."""
    zones = {code: zone for code, zone in session.execute(select(Region.code, Region.zone))}
    if campaign.always_open:
        return {code: always_open(zone, campaign.starts_on, campaign.ends_on) for code, zone in zones.items()}
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
            zone=zones[region],
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
        select(
            func.count().filter(on_line),
            func.count().filter(~on_line),
        )
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
