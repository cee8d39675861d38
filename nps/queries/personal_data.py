"""Whom an act of destruction concerns, the acts themselves, and campaigns whose day has come (R20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from nps.models import (
    CallAttempt,
    Campaign,
    Contract,
    Customer,
    Erasure,
    Escalation,
    Journal,
    Respondent,
    RespondentPhone,
    StopList,
    User,
)

#: What stands where a name or a text stood.
ERASED = "Данные удалены"

#: A statement that selects ids.
Clients = Select[int]


@dataclass(frozen=True, slots=True)
class Found:
    """A client whom erasing a person would concern."""

    id: int
    campaign_id: int
    campaign: str
    organisation: str
    contact: str
    calls: int
    escalations: int
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """An act as its document shows it. Instants are aware UTC; `by` is '' for the command line.

    `runs`: ids of clients as [first, last]. `journal`: lines of it (id, at, who, action, what was written down).
    """

    id: int
    at: datetime
    scope: str
    campaign_id: int
    campaign: str
    legal_basis: str
    contract: str
    customer: str
    by: str
    role: str
    reason: str
    runs: list[list[int]]
    counts: Mapping[str, int]
    files: Sequence[str]
    finished_at: datetime | None
    journal: Sequence[Row[int, datetime, str, str, dict[str, Any]]] = ()

    @property
    def subjects(self) -> str:
        return spans(self.runs)

    @property
    def is_to_compact(self) -> bool:
        """Its files are gone; the database is still to be rewritten without what was overwritten."""
        return is_to_compact(self.files)


#: Among the files of an act: a part of the database that is still to be rewritten (`nps.adapters.compaction`).
PART = "part:"


def is_to_compact(files: Sequence[str]) -> bool:
    """Whether nothing is left of an act but to rewrite parts of the database."""
    return bool(files) and all(name.startswith(PART) for name in files)


def title(session: Session, campaign_id: int) -> str | None:
    """What a campaign is called; None when there is none of that number."""
    return session.scalar(select(Campaign.title).where(Campaign.id == campaign_id))


def campaigns_with(session: Session, e164: str) -> list[int]:
    """The first campaign with a client of the number, of each customer who has one."""
    first = (
        select(func.min(Campaign.id))
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Respondent, Respondent.campaign_id == Campaign.id)
        .join(RespondentPhone, RespondentPhone.respondent_id == Respondent.id)
        .where(RespondentPhone.e164 == e164)
        .group_by(Contract.customer_id)
    )
    return list(session.scalars(first))


def terms(session: Session, campaign_id: int) -> Row[str, date | None, datetime | None, int]:
    """Why a campaign may keep personal data and until when, `erased_at` when it does no more, and its clients left."""
    left = select(func.count()).where(Respondent.campaign_id == campaign_id, Respondent.erased_at.is_(None))
    return session.execute(
        select(
            Campaign.legal_basis, Campaign.delete_on, Campaign.erased_at, left.scalar_subquery().label("clients")
        ).where(Campaign.id == campaign_id)
    ).one()


def overdue(session: Session, campaign_ids: Collection[int], today: date) -> frozenset[int]:
    """Those of the campaigns whose data should have been destroyed by `today` (the office's day) and is there."""
    late = Campaign.id.in_(campaign_ids), Campaign.delete_on <= today, Campaign.erased_at.is_(None)
    return frozenset(session.scalars(select(Campaign.id).where(*late)))


def clients_of(customer_id: int) -> Clients:
    """All clients of a customer whose data is there."""
    return (
        select(Respondent.id)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Contract.customer_id == customer_id, Respondent.erased_at.is_(None))
    )


def phones_of_clients(session: Session, clients: Clients) -> set[str]:
    """The numbers of clients, E.164."""
    return set(session.scalars(select(RespondentPhone.e164).where(RespondentPhone.respondent_id.in_(clients))))


def inns_of(session: Session, clients: Clients) -> set[str]:
    """The INN of clients who have one."""
    return set(session.scalars(select(Respondent.inn).where(Respondent.id.in_(clients), Respondent.inn.is_not(None))))


def inns_of_others(
    session: Session, customer_id: int, inns: Collection[str], respondent_ids: Collection[int]
) -> set[str]:
    """Those of the INN that a client of the customer has who is not among the given ones."""
    mine = set(respondent_ids)
    rows = session.execute(clients_of(customer_id).where(Respondent.inn.in_(inns)).add_columns(Respondent.inn))
    return {inn for client_id, inn in rows if client_id not in mine}


def with_phones(session: Session, customer_id: int, phones: Collection[str]) -> list[int]:
    """Ids of all clients of a customer who have one of the numbers, in any campaign."""
    having = select(RespondentPhone.respondent_id).where(RespondentPhone.e164.in_(phones))
    chosen = clients_of(customer_id).where(Respondent.id.in_(having)).order_by(Respondent.id)
    return list(session.scalars(chosen))


def is_stopped(session: Session, customer_id: int, people: Iterable[Found]) -> bool:
    """Whether the customer's stop list names a number of one of them."""
    phones = {phone for person in people for phone in person.phones}
    entry = StopList.customer_id == customer_id, StopList.lifted_at.is_(None), StopList.e164.in_(phones)
    return session.scalar(select(StopList.id).where(*entry).limit(1)) is not None


def found(session: Session, respondent_ids: Collection[int]) -> list[Found]:
    """Clients as the page shows them before a person confirms."""
    phones: dict[int, list[str]] = {}
    numbers = select(RespondentPhone.respondent_id, RespondentPhone.e164).order_by(RespondentPhone.e164).distinct()
    for client_id, e164 in session.execute(numbers.where(RespondentPhone.respondent_id.in_(respondent_ids))):
        phones.setdefault(client_id, []).append(e164)
    calls = select(func.count()).where(CallAttempt.respondent_id == Respondent.id).scalar_subquery()
    asked = select(func.count()).where(Escalation.respondent_id == Respondent.id).scalar_subquery()
    rows = session.execute(
        select(
            Respondent.id,
            Respondent.campaign_id,
            Campaign.title,
            Respondent.organisation,
            Respondent.contact,
            calls,
            asked,
        )
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .where(Respondent.id.in_(respondent_ids))
        .order_by(Respondent.id)
    )
    return [replace(Found(*row), phones=tuple(phones.get(row.id, ()))) for row in rows]


def erasures(session: Session, customer_id: int) -> list[Act]:
    """All acts of a customer, the newest first, without their journal."""
    rows = session.execute(_acts().where(Contract.customer_id == customer_id).order_by(Erasure.id.desc()))
    return [Act(*row) for row in rows]


def erasure(session: Session, erasure_id: int) -> Act | None:
    """One act with its extract of the journal; None when there is none of that number."""
    row = session.execute(_acts().where(Erasure.id == erasure_id)).one_or_none()
    if row is None:
        return None
    extract = session.execute(
        select(Journal.id, Journal.at, func.coalesce(User.full_name, ""), Journal.action, Journal.after)
        .outerjoin(User, User.id == Journal.actor_id)
        .where(Journal.object_kind == "erasure", Journal.object_id == str(erasure_id))
        .order_by(Journal.id)
    )
    return replace(Act(*row), journal=extract.all())


def spans(runs: Iterable[list[int]]) -> str:
    """«12, 15–40»."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _acts() -> Select[*tuple[Any, ...]]:
    """In the order of `Act`."""
    return (
        select(
            Erasure.id,
            Erasure.at,
            Erasure.scope,
            Erasure.campaign_id,
            Campaign.title,
            Campaign.legal_basis,
            Contract.number,
            Customer.name,
            func.coalesce(User.full_name, ""),
            func.coalesce(User.role, ""),
            Erasure.reason,
            Erasure.subjects,
            Erasure.counts,
            Erasure.files,
            Erasure.finished_at,
        )
        .join(Campaign, Campaign.id == Erasure.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .outerjoin(User, User.id == Erasure.by)
    )
