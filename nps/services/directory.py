"""Customers and their contracts. Only an administrator writes here, and each change is journalled (R6, R20)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.search import fold
from nps.models import Contract, Customer
from nps.services.acting import act
from nps.services.transaction import AnySession

#: How a contract counts a started minute, and which of the two figures stops the dialling.
BILLING = ("minute", "second")
GATES = ("billed", "exact")
MOST_MINUTES = 1_000_000


def add_customer(session: AnySession, *, name: str, actor_id: int, now: datetime) -> int:
    """Add a customer organisation; returns its id. Raises DomainError (codes: name, name_taken)."""
    name = _customer_name(name)
    with act(session, actor_id, now) as a:
        _refuse_same_name(a.s, name)
        customer = Customer(name=name)
        a.s.add(customer)
        a.s.flush()
        a.record("customer_added", "customer", customer.id)
        return customer.id


def rename_customer(session: AnySession, *, customer_id: int, name: str, actor_id: int, now: datetime) -> None:
    """Give a customer another name. Raises DomainError (codes: name, name_taken) or NotFoundError."""
    name = _customer_name(name)
    with act(session, actor_id, now) as a:
        customer = a.s.get(Customer, customer_id)
        if customer is None:
            raise NotFoundError("Такого заказчика нет.")
        if customer.name != name:
            _refuse_same_name(a.s, name, but=customer_id)
            customer.name = name
            a.record("customer_renamed", "customer", customer_id)


def add_contract(
    session: AnySession,
    *,
    customer_id: int,
    number: str,
    signed_on: date | None,
    minutes: int,
    billing: str,
    gate: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Add a contract with its limit of outgoing minutes (R6: 1260 by default); returns its id.

    Raises DomainError (codes: number, minutes, billing, gate) or NotFoundError.
    """
    number = _contract_number(number)
    _check_terms(minutes, billing, gate)
    terms = {"budget_s": minutes * 60, "billing": billing, "gate": gate}
    with act(session, actor_id, now) as a:
        if a.s.get(Customer, customer_id) is None:
            raise NotFoundError("Такого заказчика нет.")
        contract = Contract(customer_id=customer_id, number=number, signed_on=signed_on, **terms)
        a.s.add(contract)
        a.s.flush()
        a.record("contract_added", "contract", contract.id, after=terms)
        return contract.id


def change_contract(
    session: AnySession,
    *,
    contract_id: int,
    number: str,
    signed_on: date | None,
    billing: str,
    gate: str,
    actor_id: int,
    now: datetime,
) -> None:
    """Correct a contract's number and day, and how its minutes are counted. The limit has its own way: `raise_limit`.

    Raises DomainError (codes: number, billing, gate) or NotFoundError.
    """
    number = _contract_number(number)
    with act(session, actor_id, now) as a:
        contract = _contract(a.s, contract_id)
        _check_terms(contract.budget_s // 60, billing, gate)
        before = _terms_of(contract)
        contract.number, contract.signed_on, contract.billing, contract.gate = number, signed_on, billing, gate
        after = _terms_of(contract)
        if before == after:
            return
        a.record("contract_changed", "contract", contract_id, before=before, after=after)


def raise_limit(
    session: AnySession,
    *,
    contract_id: int,
    minutes: int,
    seen_minutes: int,
    consent_number: str,
    consent_date: date,
    actor_id: int,
    now: datetime,
) -> None:
    """Raise the limit of minutes with the number and day of the customer's consent; both go into the journal (R6).

    `seen_minutes` is the limit the administrator looked at. Raises StaleError when it is another one by now, else
    DomainError (codes: not_higher, minutes, consent_number, consent_date) or NotFoundError.
    """
    consent_number = consent_number.strip()
    if not 1 <= len(consent_number) <= 100:
        raise DomainError(
            "consent_number", "Укажите номер письма или соглашения, которым заказчик согласился (до 100 знаков)."
        )
    if consent_date > now.date():
        raise DomainError("consent_date", "Дата согласия не может быть в будущем.")
    if minutes > MOST_MINUTES:
        raise DomainError("minutes", f"Лимит — не больше {MOST_MINUTES} минут.")
    with act(session, actor_id, now) as a:
        contract = _contract(a.s, contract_id, lock=True)
        if contract.budget_s != seen_minutes * 60:
            raise StaleError(
                "limit_changed", f"Лимит уже изменили: сейчас {contract.budget_s // 60} мин. Проверьте и повторите."
            )
        if minutes * 60 <= contract.budget_s:
            raise DomainError("not_higher", f"Лимит можно только поднять: сейчас {contract.budget_s // 60} мин.")
        before = {"budget_s": contract.budget_s}
        contract.budget_s = minutes * 60
        consent = {"consent_number": consent_number, "consent_date": consent_date.isoformat()}
        after = {"budget_s": contract.budget_s, **consent}
        a.record("limit_raised", "contract", contract_id, before=before, after=after)


def _customer_name(name: str) -> str:
    name = " ".join(name.split())
    if not 2 <= len(name) <= 300:
        raise DomainError("name", "Укажите название заказчика, от 2 до 300 знаков.")
    return name


def _refuse_same_name(s: Session, name: str, but: int | None = None) -> None:
    for customer_id, other in s.execute(select(Customer.id, Customer.name)):
        if customer_id != but and fold(other) == fold(name):
            raise DomainError("name_taken", f"Заказчик «{other}» уже есть. Откройте его в списке.")


def _contract_number(number: str) -> str:
    number = " ".join(number.split())
    if not 1 <= len(number) <= 100:
        raise DomainError("number", "Укажите номер договора, до 100 знаков.")
    return number


def _check_terms(minutes: int, billing: str, gate: str) -> None:
    if not 1 <= minutes <= MOST_MINUTES:
        raise DomainError("minutes", f"Лимит — от 1 до {MOST_MINUTES} минут.")
    if billing not in BILLING:
        raise DomainError("billing", "Выберите, как договор считает минуты.")
    if gate not in GATES:
        raise DomainError("gate", "Выберите, по какому счёту останавливать звонки.")


def _contract(s: Session, contract_id: int, lock: bool = False) -> Contract:
    contract = s.get(Contract, contract_id, with_for_update=lock)
    if contract is None:
        raise NotFoundError("Такого договора нет.")
    return contract


def _terms_of(contract: Contract) -> dict[str, str | None]:
    signed_on = contract.signed_on.isoformat() if contract.signed_on else None
    return {"billing": contract.billing, "gate": contract.gate, "number": contract.number, "signed_on": signed_on}
