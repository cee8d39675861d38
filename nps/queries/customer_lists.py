"""What belongs to a customer and serves all its campaigns: stop list, branches, contacts (R7, R19, R21)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, aliased

from nps.domain.sample import name_key
from nps.models import Branch, BranchContact, Campaign, Contract, Respondent, StopList, User


def stop_list(
    session: Session, customer_id: int, value: str = "", most: int | None = None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The stop list of a customer, entries in force first, the newest first: who entered it (`by`), who lifted it.

    With `value` those with these digits in number or INN; `most` of them.
    """
    lifter = aliased(User)
    digits_of = func.coalesce(StopList.e164, StopList.inn)
    return session.execute(
        select(
            StopList.id, StopList.e164, StopList.inn, StopList.reason, User.full_name.label("by"), StopList.at,
            StopList.lifted_at, lifter.full_name.label("lifted_by"), StopList.lift_reason,
        )
        .join(User, User.id == StopList.by)
        .outerjoin(lifter, lifter.id == StopList.lifted_by)
        .where(StopList.customer_id == customer_id, digits_of.contains(value, autoescape=True))
        .order_by(StopList.lifted_at.is_not(None), StopList.id.desc())
        .limit(most)
    ).all()  # fmt: skip


def entries_in_force(session: Session, customer_id: int) -> int:
    """How many entries of the stop list hold."""
    in_force = StopList.customer_id == customer_id, StopList.lifted_at.is_(None)
    return session.scalar(select(func.count()).where(*in_force)) or 0


def listed_values(session: Session, customer_id: int, among: Sequence[str] | None = None) -> frozenset[str]:
    """Numbers and INNs in force on the stop list of a customer; only those `among` some."""
    value = func.coalesce(StopList.e164, StopList.inn)
    found = select(value).where(StopList.customer_id == customer_id, StopList.lifted_at.is_(None))
    if among is not None:
        found = found.where(or_(StopList.e164.in_(among), StopList.inn.in_(among)))
    return frozenset(session.scalars(found))


def inns_by_name(session: Session, customer_id: int, names: Collection[str]) -> dict[str, set[str | None]]:
    """Those of the `names` (by `name_key`) that clients of the customer have -> their INNs, None for none."""
    found: dict[str, set[str | None]] = {}
    clients = (
        select(Respondent.organisation, Respondent.inn)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Contract.customer_id == customer_id, Respondent.erased_at.is_(None))
        .distinct()
    )
    for organisation, inn in session.execute(clients) if names else ():
        if (key := name_key(organisation)) in names:
            found.setdefault(key, set()).add(inn)
    return found


def branches(session: Session, customer_id: int, campaign_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Branches of a customer, those without a region (`region_code` is '') first; `clients` counts the campaign's."""
    clients = (
        select(Respondent.branch_id, func.count().label("n"))
        .where(Respondent.campaign_id == campaign_id)
        .group_by(Respondent.branch_id)
        .subquery()
    )
    region, counted = func.coalesce(Branch.region_code, ""), func.coalesce(clients.c.n, 0)
    return session.execute(
        select(Branch.id, Branch.name, region.label("region_code"), Branch.area_code, counted.label("clients"))
        .outerjoin(clients, clients.c.branch_id == Branch.id)
        .where(Branch.customer_id == customer_id)
        .order_by(Branch.region_code.is_not(None), Branch.name, Branch.id)
    ).all()


def contacts(session: Session, customer_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Contacts of a customer by `branch`, departments without one last (R19)."""
    own, branch = BranchContact, Branch.name.label("branch")
    return session.execute(
        select(own.id, own.branch_id, branch, own.department, own.person, own.phone, own.note)
        .outerjoin(Branch, Branch.id == own.branch_id)
        .where(own.customer_id == customer_id)
        .order_by(Branch.name.is_(None), Branch.name, own.department, own.id)
    ).all()
