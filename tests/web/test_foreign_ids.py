"""Ids of another customer, campaign or operator answer like ids that do not exist (ASVS 8.2.2, 8.4.1).

Every route that takes an id is tried, found by the map of addresses: a new one is tried by itself. Whatever is refused
may also have changed nothing, so the whole database is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from nps.domain.local_time import OFFICE_ZONE
from nps.extensions import Base
from nps.models import (
    Audio,
    BranchContact,
    Campaign,
    CampaignDay,
    Contract,
    Escalation,
    Outbox,
    Recording,
    SampleImport,
    ShiftMessage,
    ShiftMessageReader,
    StopList,
    User,
)
from nps.services import frozen_reports
from tests import factories
from tests.stateful.house import StoodClock
from tests.web.test_access_matrix import FRAGMENT, TABLE

#: What no customer owns: people are the call centre's, checked by role; a panel is a name; sessions: test_auth.py.
_NOBODYS = {"user_id", "session_id", "name", "filename", "customer_id", "contract_id"}
#: Written by any request of somebody who is logged in.
_LIVELY = {"user_session", "access_log", "form_key"}
_ABSENT = {"attempt_id": UUID(int=1)}
#: Forms whose words are looked at before their id is: here they are in order.
_FORMS = {
    "desk.outcome": {"code": "hung_up"},
    "campaigns.change_contact": {"department": "Склад", "person": "Иванова", "phone": "+73412111111"},
    "campaigns.answer_message": {"text": "Предложите перезвон"},
    "campaigns.lift_stop": {"reason": "клиент передумал"},
}


@dataclass
class House:
    """One customer with everything that has an id, and his people."""

    ids: dict[str, Any]
    people: dict[str, User]


def house(session: Session, name: str) -> House:
    customer = factories.customer(session, name).id
    campaign = factories.campaign(session, contract_id=factories.contract(session, customer_id=customer).id, title=name)
    operator = factories.member(session, campaign)
    people = {
        "operator": operator,
        "specialist": factories.user(session, "specialist", customer_id=customer),
        "customer": factories.user(session, "customer", customer_id=customer),
    }
    client = factories.respondent(session, campaign)
    attempt = factories.attempt(session, client, operator, "surveyed", talk_ms=2_000)
    ids = {
        "campaign_id": campaign.id,
        "respondent_id": client.id,
        "attempt_id": attempt.id,
        "branch_id": client.branch_id,
    }
    return House(ids | _rows(session, campaign, operator, client.id, attempt.id, client.branch_id or 0), people)


def _rows(
    session: Session, campaign: Campaign, operator: User, client: int, attempt: UUID, branch: int
) -> dict[str, int]:
    customer = session.get_one(Contract, campaign.contract_id).customer_id
    now, digest = factories.NOW, f"{campaign.id:064d}"
    session.add(Audio(sha256=digest, path=f"{digest}.wav", size=10, mime="audio/wav", stored_at=now))
    load = SampleImport(
        campaign_id=campaign.id, uploaded_by=operator.id, created_at=now, file_name="база.xlsx", file_path="base.xlsx",
        sha256=digest, size=10, state="uploaded",
    )  # fmt: skip
    contact = BranchContact(customer_id=customer, branch_id=branch, department="Отдел продаж", phone="+73412000000")
    day = CampaignDay(campaign_id=campaign.id, day=date(2026, 11, 19), is_open=False)
    stop = StopList(customer_id=customer, e164="+79170000001", reason="просил", by=operator.id, at=now)
    case = Escalation(
        campaign_id=campaign.id,
        purpose="survey",
        respondent_id=client,
        attempt_id=attempt,
        raised_by=operator.id,
        created_at=now,
        organisation="ООО «Чужое»",
        inn="",
        contact="",
        phone="",
        email="",
        text="Есть ли кабель?",
        state="open",
    )
    asked = ShiftMessage(
        campaign_id=campaign.id, kind="request", author_id=operator.id, respondent_id=client, sent_at=now
    )  # fmt: skip
    session.add_all([load, contact, day, stop, case, asked])
    session.flush()
    session.add(ShiftMessageReader(message_id=asked.id, user_id=operator.id))
    recording = Recording(attempt_id=attempt, audio_sha256=digest, state="matched", added_by=operator.id, added_at=now)
    letter = Outbox(
        campaign_id=campaign.id,
        purpose="survey",
        outside=True,
        kind="escalation",
        subject_id=case.id,
        dedupe=f"escalation:{case.id}",
        recipient="k.service@u-energo.ru",
        message_id=f"{case.id}@example.ru",
        state="failed",
        created_at=now,
        tried_at=now + timedelta(minutes=1),
    )
    session.add_all([recording, letter])
    session.commit()
    days = {"first": now.date(), "last": now.date(), "now": now + timedelta(days=1), "zone": OFFICE_ZONE}
    frozen = frozen_reports.freeze_period(session, operator.id, campaign.id, **days)
    return {
        "load_id": load.id,
        "contact_id": contact.id,
        "day_id": day.id,
        "entry_id": stop.id,
        "escalation_id": case.id,
        "recording_id": recording.id,
        "letter_id": letter.id,
        "frozen_id": frozen,
        "message_id": asked.id,
    }


@pytest.fixture(autouse=True)
def stood_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages show the minute: it must not change between the two that are compared."""
    clock = StoodClock()
    clock.at = datetime.now(UTC)
    monkeypatch.setattr("nps.web.clock.datetime", clock)


@pytest.fixture
def ours(session: Session) -> House:
    return house(session, "Наш заказчик")


@pytest.fixture
def theirs(session: Session, ours: House) -> House:
    return house(session, "Чужой заказчик")


def _routes(app: Flask, role: str) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.arguments - _NOBODYS and role in TABLE.get(rule.endpoint, ()):
            yield from ((rule, method) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _ask(app: Flask, client: FlaskClient, rule: Rule, method: str, ids: dict[str, Any], **headers: str) -> str:
    values = {name: ids.get(name, _ABSENT.get(name, 987_654)) for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, values)
    with client.open(address, method=method, headers=headers, data=_FORMS.get(rule.endpoint)) as answer:
        text = answer.get_data(as_text=True).replace(address, "ADDRESS")
    # Tokens and form keys differ from page to page.
    return f"{answer.status_code} " + re.sub(r'value="[^"]*"|data-now="\d+"|X-CSRFToken[^}]*', "", text)


def _everything(session: Session) -> dict[str, list[Any]]:
    session.rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name not in _LIVELY]
    return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}


@pytest.mark.parametrize("headers", [{}, FRAGMENT | {"Range": "bytes=0-3"}], ids=["page", "fragment"])
@pytest.mark.parametrize("role", ["customer", "specialist", "operator"])
def test_another_customers_ids_answer_like_absent_ones(app, login, session, ours, theirs, role, headers):
    client = login(ours.people[role])
    before = _everything(session)
    for rule, method in _routes(app, role):
        foreign = _ask(app, client, rule, method, theirs.ids, **headers)
        absent = _ask(app, client, rule, method, {}, **headers)
        assert foreign == absent, f"{role}: {method} {rule.rule}"
        assert foreign[:3] in ("404", "409"), f"{role}: {method} {rule.rule}: {foreign[:3]}"
    assert _everything(session) == before


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize("role", ["specialist", "manager"])
def test_an_id_of_another_campaign_does_not_open_under_this_one(app, login, session, ours, theirs, role, headers):
    """A manager sees both campaigns; under the address of one he reaches nothing of the other."""
    client = login(ours.people.get(role) or factories.user(session, role))
    mixed = theirs.ids | {"campaign_id": ours.ids["campaign_id"]}
    before = _everything(session)
    for rule, method in _routes(app, role):
        if "campaign_id" in rule.arguments and len(rule.arguments - _NOBODYS) > 1:
            answer = _ask(app, client, rule, method, mixed, **headers)
            assert answer.startswith("404"), f"{role}: {method} {rule.rule}: {answer[:3]}"
    assert _everything(session) == before


def test_a_colleagues_call_of_the_same_campaign_looks_absent(app, login, session, ours):
    colleague = factories.member(session, session.get_one(Campaign, ours.ids["campaign_id"]))
    client = login(colleague)
    before = _everything(session)
    for rule, method in _routes(app, "operator"):
        foreign = _ask(app, client, rule, method, ours.ids)
        assert foreign == _ask(app, client, rule, method, {}), f"{method} {rule.rule}"
        assert foreign[:3] in ("404", "409"), f"{method} {rule.rule}: {foreign[:3]}"
    assert _everything(session) == before
