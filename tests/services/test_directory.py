"""Customers, contracts and the limit of minutes (R6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Contract, Customer, Journal
from nps.queries import directory as queries
from nps.services import directory
from nps.services.form_keys import Form, SentAgain, counting
from tests import factories
from tests.factories import NOW

TERMS: dict[str, Any] = {
    "number": "УЭ-17/26",
    "signed_on": date(2026, 10, 1),
    "billing": "minute",
    "gate": "billed",
    "now": NOW,
}


@pytest.fixture
def admin(session) -> int:
    return int(factories.user(session, "admin").id)


@pytest.fixture
def contract(session, admin) -> int:
    customer = directory.add_customer(session, name="Уралэнерго", actor_id=admin, now=NOW)
    return directory.add_contract(session, customer_id=customer, minutes=1260, actor_id=admin, **TERMS)


def raise_limit(session, contract: int, admin: int, **fields: Any) -> None:
    values = {
        "minutes": 1500,
        "seen_minutes": 1260,
        "consent_number": "исх. 41",
        "consent_date": date(2026, 11, 16),
    } | fields
    directory.raise_limit(session, contract_id=contract, actor_id=admin, now=NOW, **values)


def test_a_contract_keeps_its_limit_in_seconds(session, contract):
    row = queries.contract(session, contract)
    assert row is not None
    assert (row.minutes, row.budget_s, row.billing, row.gate) == (1260, 75600, "minute", "billed")
    assert [c.name for c in queries.customers(session)] == ["Уралэнерго"]


def test_one_name_is_one_customer_however_it_is_written(session, contract, admin):
    with pytest.raises(DomainError) as refused:
        directory.add_customer(session, name=" УРАЛЭНЕРГО ", actor_id=admin, now=NOW)
    assert refused.value.code == "name_taken"


def test_the_same_form_twice_adds_one_customer_and_one_contract(session, admin):
    def twice(key: str, act: Callable[[], int]) -> int:
        with counting(session, Form(key, admin, "test"), NOW):
            made = act()
        with pytest.raises(SentAgain), counting(session, Form(key, admin, "test"), NOW):
            act()
        return made

    first = twice("c", lambda: directory.add_customer(session, name="Новый", actor_id=admin, now=NOW))
    assert session.scalars(select(Customer.id).where(Customer.name == "Новый")).all() == [first]
    of_first = {"customer_id": first, "minutes": 100, "actor_id": admin}
    contract_id = twice("d", lambda: directory.add_contract(session, **of_first, **TERMS))
    assert session.scalars(select(Contract.id).where(Contract.customer_id == first)).all() == [contract_id]


def test_the_limit_rises_with_the_consent_in_the_journal(session, contract, admin):
    raise_limit(session, contract, admin)
    row = queries.contract(session, contract)
    assert row is not None
    assert row.minutes == 1500
    line = session.execute(select(Journal).where(Journal.action == "limit_raised")).scalar_one()
    assert (line.actor_id, line.before) == (admin, {"budget_s": 75600})
    assert line.after == {"budget_s": 90000, "consent_number": "исх. 41", "consent_date": "2026-11-16"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"minutes": 1260}, "not_higher"),
        ({"minutes": 100}, "not_higher"),
        ({"minutes": 10**7}, "minutes"),
        ({"consent_number": "  "}, "consent_number"),
        ({"consent_date": NOW.date() + timedelta(days=1)}, "consent_date"),
    ],
)
def test_the_limit_does_not_rise_without_a_reason(session, contract, admin, fields, code):
    with pytest.raises(DomainError) as refused:
        raise_limit(session, contract, admin, **fields)
    assert refused.value.code == code
    row = queries.contract(session, contract)
    assert row is not None
    assert row.minutes == 1260


def test_two_who_raise_the_limit_from_one_page_do_not_add_up(session, contract, admin):
    raise_limit(session, contract, admin)
    with pytest.raises(StaleError, match="сейчас 1500 мин"):
        raise_limit(session, contract, admin, minutes=2000)


def test_terms_change_without_touching_the_limit(session, contract, admin):
    directory.change_contract(
        session, contract_id=contract, actor_id=admin, **(TERMS | {"billing": "second", "gate": "exact"})
    )
    row = queries.contract(session, contract)
    assert row is not None
    assert (row.billing, row.gate, row.minutes) == ("second", "exact", 1260)
    changed = session.scalars(select(Journal.after).where(Journal.action == "contract_changed")).one()
    assert changed["billing"] == "second"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": ""}, "number"),
        ({"minutes": 0}, "minutes"),
        ({"billing": "hour"}, "billing"),
        ({"gate": "open"}, "gate"),
    ],
)
def test_a_contract_without_sense_is_refused(session, contract, admin, fields, code):
    customer = queries.customers(session)[0].id
    with pytest.raises(DomainError) as refused:
        directory.add_contract(
            session, **({"customer_id": customer, "minutes": 1260, "actor_id": admin} | TERMS | fields)
        )
    assert refused.value.code == code


def test_absent_customers_and_contracts_are_not_found(session, admin):
    with pytest.raises(NotFoundError):
        directory.rename_customer(session, customer_id=987654, name="Кто-то", actor_id=admin, now=NOW)
    with pytest.raises(NotFoundError):
        directory.add_contract(session, customer_id=987654, minutes=1, actor_id=admin, **TERMS)
    with pytest.raises(NotFoundError):
        raise_limit(session, 987654, admin)
