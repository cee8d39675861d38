"""How many statements each route may send: by its class, or by name (`statement_budgets`); never more with more rows.

The routes are read from the map of addresses: a new one is counted by itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, Escalation, Respondent, Shift, StopList, User
from nps.services import call_queue
from tests import factories
from tests.factories import NOW
from tests.statements import counted
from tests.web.form_cases import FORMS
from tests.web.statement_budgets import GROWING, IN_CLAIM, POLLS, budget_of, class_of
from tests.web.test_access_matrix import BY_SECRET, FRAGMENT, TABLE, _address, _routes
from tests.web.test_every_form_at_once import GROUPS, Hall
from tests.web.test_foreign_ids import house

_ROLES = ("operator", "manager", "admin", "specialist", "customer")
#: Tried with a secret that is not set here, or with nobody logged in.
_ELSEWHERE = {*BY_SECRET, "auth.sign_in", "auth.logout", "hooks.own", "hooks.hook", "hooks.zadarma_echo"}


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hall(noon: None, app: Flask, session: Session, login: Callable[..., FlaskClient]) -> Hall:
    return Hall(app, session, login)


def fill(session: Session, ids: dict[str, object], operator: User) -> None:
    """Ten more of all that a page lists."""
    campaign = session.get_one(Campaign, ids["campaign_id"])
    customer = factories.session_customer(session, campaign.id)
    one = session.get_one(Respondent, ids["respondent_id"])
    for n in range(10):
        factories.member(session, campaign)
        branch = factories.branch(session, customer, f"Филиал {n}")
        client = factories.respondent(session, campaign, branch_id=branch.id, inn=one.inn)
        at = NOW - timedelta(days=1, minutes=n)
        call = factories.attempt(session, client, operator, "surveyed", at=at, talk_ms=60_000)
        factories.attempt(session, one, operator, "no_answer", at=at - timedelta(hours=2))
        factories.campaign(session, contract_id=campaign.contract_id, title=f"Волна {n}")
        session.add(StopList(customer_id=customer, e164=f"+7917111000{n}", reason="просил", by=operator.id, at=NOW))
        session.add(_question(campaign.id, client.id, call.id, operator.id))
        session.add(_question(campaign.id, one.id, call.id, operator.id))
    session.commit()


def _question(campaign_id: int, client: int, call: object, by: int) -> Escalation:
    return Escalation(
        campaign_id=campaign_id, purpose="survey", respondent_id=client, attempt_id=call, raised_by=by, created_at=NOW,
        organisation="ООО «Чужое»", inn="", contact="", phone="", email="", text="Есть ли кабель?", state="open",
    )  # fmt: skip


def too_many(name: str, method: str, few: list[str], many: list[str]) -> list[str]:
    wrong = []
    if (most := max(len(few), len(many))) > budget_of(name, method):
        wrong.append(f'    "{name}": {most},  # {class_of(name, method)} may send {budget_of(name, method)}')
    if len(many) > len(few) and name not in GROWING:
        wrong.append(f"    {name}: {len(few)} statements, {len(many)} with more rows")
    return wrong


def test_no_page_reads_more_often_than_its_budget_or_more_with_more_rows(
    noon: None, app: Flask, session: Session, login: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page as a page and as a fragment, before and after there is ten times as much on it."""
    monkeypatch.setattr("nps.services.limits.EXPORTS", 1_000)  # Each workbook is taken eight times.
    ours = house(session, "Уралэнерго")
    people = ours.people | {role: factories.user(session, role) for role in ("manager", "admin")}
    clients = {role: login(people[role]) for role in _ROLES}
    ids = ours.ids | {"name": "question", "step_id": "greeting", "user_id": people["operator"].id}
    campaign = session.get_one(Campaign, ids["campaign_id"])
    ids |= {"customer_id": factories.session_customer(session, campaign.id), "contract_id": campaign.contract_id}
    few = _read_all(app, clients, ids)
    fill(session, ids, ours.people["operator"])
    many = _read_all(app, clients, ids)
    wrong = [line for name in few for line in too_many(name, "GET", few[name], many[name])]
    assert not wrong, "\n" + "\n".join(wrong)


def _read_all(app: Flask, clients: dict[str, FlaskClient], ids: dict[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule, method in _routes(app):
        if method != "GET" or rule.endpoint in _ELSEWHERE:
            continue
        role = next(role for role in _ROLES if role in TABLE[rule.endpoint])
        for headers in ({}, FRAGMENT):
            address = _address(app, rule, **ids)
            clients[role].get(address, headers=headers).close()
            with counted() as seen:
                clients[role].get(address, headers=headers).close()
            found[rule.endpoint] = max(found.get(rule.endpoint, []), seen, key=len)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_no_press_sends_more_than_its_budget_however_many_rows_there_are(hall: Hall, group: str) -> None:
    """Each form once, on ten more of everything: a statement for each of them would not pass."""
    wrong = []
    # In the order of their names: who has changed his password is let in by the old one no more.
    for rule, method in sorted(_routes(hall.app), key=lambda route: route[0].endpoint):
        name = rule.endpoint
        own = name.partition(".")[0]
        if method != "POST" or name in _ELSEWHERE or not (own == group or (not group and own not in GROUPS)):
            continue
        place, (client, *_) = hall.place(name)
        fill(hall.session, place.ids, place.people[0])
        said = place.fields | FORMS.get(name, {}) | {"form_key": name}
        address = _address(hall.app, rule, **place.ids)
        hall.session.rollback()
        with counted() as seen:
            client.post(address, data=said, headers=FRAGMENT).close()
        wrong += too_many(name, method, seen, seen)
    assert not wrong, "\n" + "\n".join(wrong)


class Desk:
    """An operator whose presses are counted, by the name of their route."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.sent = client, dict[str, list[str]]()

    def press(self, name: str, address: str, target: str = "desk", **fields: object) -> None:
        page = self.client.get("/desk").text
        hidden = ("form_key", "expect_attempt", "expect_client", "expect_step")
        guard = {field: found[1] for field in hidden if (found := re.search(rf'name="{field}" value="([^"]*)"', page))}
        call = re.search(r'data-attempt="([^"]*)"', page)
        headers = {"HX-Request": "true", "HX-Target": target}
        with counted() as seen:
            answer = self.client.post(address.format(call and call[1]), data=guard | fields, headers=headers)
        assert answer.status_code == 200, answer.text
        self.sent[name] = max(self.sent.get(name, []), seen, key=len)

    def poll(self) -> None:
        page = self.client.get("/desk").text
        address = html.unescape(re.findall(r'hx-get="(/desk/tick[^"]*)"', page)[0])
        mark = re.findall(r'name="mark" value="([^"]*)"', page)[0]
        for told, status in ((mark, 204), ("", 200)):
            with counted() as seen:
                answer = self.client.get(f"{address}&mark={told}", headers=FRAGMENT)
            assert answer.status_code == status
            self.sent["desk.tick"] = max(self.sent.get("desk.tick", []), seen, key=len)
        found = html.unescape(re.findall(r'hx-get="(/desk/help[^"]*)"', page)[0])
        with counted() as seen:
            assert self.client.get(found, headers=FRAGMENT).status_code == 204
        self.sent["desk.help_words"] = seen


def _talk(desk: Desk, campaign_id: int) -> None:
    """A survey to its end, a result that is corrected, an empty desk: the poll in between."""
    desk.press("desk.start_shift", "/desk/shift", campaign_id=campaign_id, spoken_name="Ольга")
    desk.poll()
    desk.press("desk.dial", "/desk/dial")
    desk.poll()
    desk.press("desk.answered", "/desk/calls/{}/answered")
    for said in ({"answer": "yes"}, {"answer": "7"}, {"prompts": ["stock", "other"], "words": "Ждали"}):
        desk.press("desk.answer", "/desk/calls/{}/answer", "step", **said)
    desk.poll()
    desk.press("desk.outcome", "/desk/calls/{}/answer", answer="end")
    desk.poll()
    desk.press("desk.next", "/desk/next")
    desk.press("desk.dial", "/desk/dial")
    desk.press("desk.hang_up", "/desk/calls/{}/hang-up")
    desk.press("desk.outcome", "/desk/calls/{}/outcome", code="busy")
    desk.press("desk.reopen", "/desk/calls/{}/reopen")
    desk.press("desk.outcome", "/desk/calls/{}/outcome", code="technical")
    desk.press("desk.pause", "/desk/pause", reason="lunch")
    desk.poll()
    desk.press("desk.end_shift", "/desk/shift/end")


def test_a_talk_keeps_to_its_budgets_however_much_the_card_shows(
    noon: None, app: Flask, session: Session, login: Callable[..., FlaskClient]
) -> None:
    sent = []
    for with_rows in (False, True):
        campaign = factories.campaign(session)
        operator = factories.member(session, campaign)
        clients = [factories.respondent(session, campaign) for _ in range(3)]
        if with_rows:
            fill(session, {"campaign_id": campaign.id, "respondent_id": clients[0].id}, operator)
        campaign_id, desk = campaign.id, Desk(login(operator))
        _talk(desk, campaign_id)
        sent.append(desk.sent)
    wrong = [line for name, few in sent[0].items() for line in too_many(name, _method(name), few, sent[1][name])]
    assert not wrong, "\n" + "\n".join(wrong)


def _method(name: str) -> str:
    return "GET" if name in POLLS else "POST"


def test_a_claim_holds_its_lock_for_few_statements(session: Session) -> None:
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    client = factories.respondent(session, campaign, state="surveyed", queue_class=None, next_call_at=None)
    shown = factories.attempt(session, client, operator, "surveyed", talk_ms=60_000)
    session.scalars(select(Shift).where(Shift.user_id == operator.id)).one().shown_result_id = shown.id
    factories.respondent(session, campaign)
    session.commit()
    operator_id, campaign_id = operator.id, campaign.id
    with counted() as seen:
        assert isinstance(call_queue.take_next(session, operator_id, campaign_id, NOW), call_queue.Taken)
    under_lock = [statement for statement in seen if "pg_advisory_xact_lock" not in statement]
    assert len(under_lock) <= IN_CLAIM, "\n".join(under_lock)
