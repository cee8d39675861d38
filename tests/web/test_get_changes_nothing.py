"""GET changes nothing but last-seen, the lease's end and the access journal (architecture.md, Web)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.extensions import Base
from nps.services import call_queue, desk, escalations
from nps.services.form_keys import Form
from tests import factories
from tests.factories import NOW

#: What a GET may write: who was here, that the card is still on a screen, who saw what.
ALLOWED = {"user_session": {"last_seen_at"}, "respondent": {"held_until"}, "access_log": None}
ROLES = ("operator", "specialist", "manager", "customer", "admin")


def dump(session: Session) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without what a GET may write."""
    session.rollback()
    found = {}
    for table in Base.metadata.sorted_tables:
        left_out = ALLOWED.get(table.name, set())
        if left_out is None:
            continue
        columns = [column for column in table.columns if column.name not in left_out]
        rows = session.execute(select(*columns).order_by(*table.primary_key.columns))
        found[table.name] = [dict(row._mapping) for row in rows]
    return found


@pytest.fixture
def campaign(session: Session) -> factories.Campaign:
    """A campaign with a client of each kind: new, called, in a call, with an escalation."""
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    for state in ("surveyed", "refused"):
        client = factories.respondent(session, campaign, state=state, queue_class=None, next_call_at=None)
        factories.attempt(session, client, operator, state)
    for _ in range(3):
        factories.respondent(session, campaign)
    actor = Actor(operator.id, "operator", operator.full_name)
    desk.start_shift(session, actor, campaign.id, "Ольга", NOW)
    taken = call_queue.take_next(session, operator.id, campaign.id, NOW)
    assert isinstance(taken, call_queue.Taken)
    call = desk.dial(session, actor, taken.respondent_id, Form("k", operator.id, "dial"), NOW)
    escalations.raise_escalation(session, actor, fields=ESCALATION, now=NOW, attempt_id=call)
    return session.get_one(factories.Campaign, campaign.id)


ESCALATION = {"organisation": "ООО", "inn": "", "contact": "Иванов", "phone": "+79170000000", "email": "", "text": "?"}


def person(session: Session, campaign: factories.Campaign, role: str) -> factories.User:
    if role == "operator":
        return factories.member(session, campaign)
    if role in ("specialist", "customer"):
        owner = session.get_one(factories.Contract, campaign.contract_id).customer_id
        return factories.user(session, role, customer_id=owner)
    return factories.user(session, role)


def crawl(client: FlaskClient, start: str) -> dict[str, int]:
    """Open every link and every address htmx would get, as a page and as a fragment. Address -> status."""
    seen: dict[str, int] = {}
    ahead = [start]
    while ahead:
        address = ahead.pop()
        # One page of a list stands for all of them, one client's card for the others.
        shape = re.sub(r"\d+", "0", urlsplit(address).path) + "?" + ",".join(sorted(re.findall(r"(\w+)=", address)))
        if shape in seen or address.startswith("/static"):
            continue
        answer = client.get(address)
        seen[shape] = answer.status_code
        client.get(address, headers={"HX-Request": "true"})
        if answer.mimetype != "text/html":
            continue
        found = re.findall(r'(?:href|hx-get|src)="(/[^"#]*)', answer.text)
        ahead += [html.unescape(link) for link in found if not link.startswith("//")]
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_reading_everything_changes_nothing(
    session: Session, campaign: factories.Campaign, login: Callable[..., FlaskClient], role: str
) -> None:
    client = login(person(session, campaign, role))
    before = dump(session)
    seen = crawl(client, "/")
    assert len(seen) > 3, seen
    assert {shape: status for shape, status in seen.items() if status >= 400} == {}
    after = dump(session)
    for table, rows in before.items():
        assert after[table] == rows, table


def test_reading_the_desk_in_a_call_changes_nothing(
    session: Session, campaign: factories.Campaign, login: Callable[..., FlaskClient]
) -> None:
    operator = session.scalars(select(factories.User).join(factories.CallAttempt).where(
        factories.CallAttempt.closed_at.is_(None)
    )).one()  # fmt: skip
    client = login(operator)
    before = dump(session)
    for panel in ("", "?panel=escalation", "?panel=callback", "?panel=complaint", "?panel=refusal", "?panel=more"):
        assert client.get("/desk" + panel).status_code == 200
    crawl(client, "/desk")
    assert dump(session) == before
