"""Whom an act of destruction concerns, the acts themselves, and campaigns whose day has come (R20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
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
    phones: tuple[str, ...]
    calls: int
    escalations: int


@dataclass(frozen=True, slots=True)
class Line:
    """An act in a list. `by` is '' for the command line."""

    id: int
    at: datetime
    scope: str
    campaign_id: int
    campaign: str
    by: str
    clients: int
    is_finished: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal's extract; ids, codes and counts."""

    id: int
    at: datetime
    actor: str
    action: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """An act as its document shows it. Instants are aware UTC."""

    line: Line
    customer: str
    contract: str
    legal_basis: str
    role: str
    reason: str
    subjects: str
    counts: Mapping[str, int]
    finished_at: datetime | None
    #: Its files are gone; the database is still to be rewritten without what was overwritten.
    is_to_compact: bool
    journal: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Why a campaign may keep personal data and until when; `erased_at` when it does no more."""

    legal_basis: str
    delete_on: date | None
    erased_at: datetime | None
    clients: int


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


def terms(session: Session, campaign_id: int) -> Terms:
    """Of a campaign that exists; `clients` are those whose data is there."""
    row = session.execute(
        select(Campaign.legal_basis, Campaign.delete_on, Campaign.erased_at).where(Campaign.id == campaign_id)
    ).one()
    left = select(func.count()).where(Respondent.campaign_id == campaign_id, Respondent.erased_at.is_(None))
    return Terms(*row, clients=session.execute(left).scalar_one())


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
    rows = session.execute(
        select(Respondent, Campaign.title)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .where(Respondent.id.in_(respondent_ids))
        .order_by(Respondent.id)
    ).all()
    return [
        Found(
            id=client.id,
            campaign_id=client.campaign_id,
            campaign=title,
            organisation=client.organisation,
            contact=client.contact,
            phones=tuple(sorted(phones_of_clients(session, select(Respondent.id).where(Respondent.id == client.id)))),
            calls=_count(session, select(func.count()).where(CallAttempt.respondent_id == client.id)),
            escalations=_count(session, select(func.count()).where(Escalation.respondent_id == client.id)),
        )
        for client, title in rows
    ]


def _count(session: Session, statement: Select[int]) -> int:
    return session.execute(statement).scalar_one()


def erasures(session: Session, customer_id: int) -> list[Line]:
    """All acts of a customer, the newest first."""
    rows = session.execute(_acts().where(Contract.customer_id == customer_id).order_by(Erasure.id.desc())).all()
    return [_line(row) for row in rows]


def erasure(session: Session, erasure_id: int) -> Act | None:
    """One act with its extract of the journal; None when there is none of that number."""
    row = session.execute(_acts().where(Erasure.id == erasure_id)).one_or_none()
    if row is None:
        return None
    erasure: Erasure = row[0]
    return Act(
        line=_line(row),
        customer=row.customer,
        contract=row.contract,
        legal_basis=row.legal_basis,
        role=row.role or "",
        reason=erasure.reason,
        subjects=spans(erasure.subjects),
        counts=erasure.counts,
        finished_at=erasure.finished_at,
        is_to_compact=is_to_compact(erasure.files),
        journal=_extract(session, erasure_id),
    )


def spans(runs: Iterable[list[int]]) -> str:
    """«12, 15–40»."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _acts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Erasure,
            Campaign.title.label("campaign"),
            Campaign.legal_basis,
            Contract.number.label("contract"),
            Customer.name.label("customer"),
            User.full_name.label("by"),
            User.role.label("role"),
        )
        .join(Campaign, Campaign.id == Erasure.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .outerjoin(User, User.id == Erasure.by)
    )


def _line(row: Any) -> Line:
    erasure: Erasure = row[0]
    return Line(
        id=erasure.id,
        at=erasure.at,
        scope=erasure.scope,
        campaign_id=erasure.campaign_id,
        campaign=row.campaign,
        by=row.by or "",
        clients=int(erasure.counts["clients"]),
        is_finished=erasure.finished_at is not None,
    )


def _extract(session: Session, erasure_id: int) -> tuple[Entry, ...]:
    rows = session.execute(
        select(Journal, User.full_name)
        .outerjoin(User, User.id == Journal.actor_id)
        .where(Journal.object_kind == "erasure", Journal.object_id == str(erasure_id))
        .order_by(Journal.id)
    )
    return tuple(Entry(row.id, row.at, name or "", row.action, row.after) for row, name in rows)
