"""What belongs to a customer and serves all its campaigns: stop list, branches, contacts (R7, R19, R21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from nps.models import Branch, BranchContact, Region, Respondent, StopList, User


@dataclass(frozen=True, slots=True)
class StopLine:
    """An entry of the stop list: a phone in E.164 or an INN, the other is ''."""

    id: int
    e164: str
    inn: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str


def stop_list(session: Session, customer_id: int) -> list[StopLine]:
    """The stop list of a customer, entries in force first, the newest first."""
    lifter = aliased(User)
    rows = session.execute(
        select(StopList, User.full_name, lifter.full_name)
        .join(User, User.id == StopList.by)
        .outerjoin(lifter, lifter.id == StopList.lifted_by)
        .where(StopList.customer_id == customer_id)
        .order_by(StopList.lifted_at.is_not(None), StopList.id.desc())
    )
    return [
        StopLine(
            id=row.id,
            e164=row.e164 or "",
            inn=row.inn or "",
            reason=row.reason,
            by=by,
            at=row.at,
            lifted_at=row.lifted_at,
            lifted_by=lifted_by or "",
            lift_reason=row.lift_reason,
        )
        for row, by, lifted_by in rows
    ]


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch; `region_code` is '' while its region is unknown. `clients` counts those of the campaign looked at."""

    id: int
    name: str
    region_code: str
    region: str
    area_code: str
    clients: int


def branches(session: Session, customer_id: int, campaign_id: int) -> list[BranchLine]:
    """Branches of a customer, those without a region first."""
    clients = (
        select(Respondent.branch_id, func.count().label("n"))
        .where(Respondent.campaign_id == campaign_id)
        .group_by(Respondent.branch_id)
        .subquery()
    )
    rows = session.execute(
        select(Branch, Region.name, clients.c.n)
        .outerjoin(Region, Region.code == Branch.region_code)
        .outerjoin(clients, clients.c.branch_id == Branch.id)
        .where(Branch.customer_id == customer_id)
        .order_by(Branch.region_code.is_not(None), Branch.name, Branch.id)
    )
    return [
        BranchLine(row.id, row.name, row.region_code or "", region or "", row.area_code, n or 0)
        for row, region, n in rows
    ]


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact of a branch, or of a department when `branch_id` is None (R19)."""

    id: int
    branch_id: int | None
    branch: str
    department: str
    person: str
    phone: str
    note: str


def contacts(session: Session, customer_id: int) -> list[ContactLine]:
    """Contacts of a customer by branch, departments without one last."""
    rows = session.execute(
        select(BranchContact, Branch.name)
        .outerjoin(Branch, Branch.id == BranchContact.branch_id)
        .where(BranchContact.customer_id == customer_id)
        .order_by(Branch.name.is_(None), Branch.name, BranchContact.department, BranchContact.id)
    )
    return [
        ContactLine(row.id, row.branch_id, name or "", row.department, row.person, row.phone, row.note)
        for row, name in rows
    ]
