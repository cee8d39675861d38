"""Customers and contracts, as read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.search import fold
from nps.models import Campaign, Contract, Customer


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract; the limit is kept in seconds and set in whole minutes (R6)."""

    id: int
    customer_id: int
    number: str
    signed_on: date | None
    budget_s: int
    billing: str
    gate: str
    campaigns: int

    @property
    def minutes(self) -> int:
        return self.budget_s // 60


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer organisation with its contracts, the oldest first."""

    id: int
    name: str
    contracts: tuple[ContractRow, ...]


def customers(session: Session) -> list[CustomerRow]:
    """All customers by name."""
    found: dict[int, list[ContractRow]] = {}
    for row in _contracts(session):
        found.setdefault(row.customer_id, []).append(row)
    rows = [
        CustomerRow(id, name, tuple(found.get(id, ())))
        for id, name in session.execute(select(Customer.id, Customer.name))
    ]
    return sorted(rows, key=lambda row: (fold(row.name), row.id))


def customer(session: Session, customer_id: int) -> CustomerRow | None:
    name = session.scalar(select(Customer.name).where(Customer.id == customer_id))
    return CustomerRow(customer_id, name, tuple(_contracts(session, customer_id))) if name is not None else None


def contract(session: Session, contract_id: int) -> ContractRow | None:
    return next((row for row in _contracts(session) if row.id == contract_id), None)


def _contracts(session: Session, customer_id: int | None = None) -> list[ContractRow]:
    campaigns = (
        select(Campaign.contract_id, func.count().label("n")).group_by(Campaign.contract_id).subquery("campaigns")
    )
    statement = (
        select(
            Contract.id,
            Contract.customer_id,
            Contract.number,
            Contract.signed_on,
            Contract.budget_s,
            Contract.billing,
            Contract.gate,
            func.coalesce(campaigns.c.n, 0),
        )
        .outerjoin(campaigns, campaigns.c.contract_id == Contract.id)
        .order_by(Contract.id)
    )
    if customer_id is not None:
        statement = statement.where(Contract.customer_id == customer_id)
    return [ContractRow(*row) for row in session.execute(statement)]
