"""Who may open what: every route for every role, as a page and as a fragment (requirements §3, ASVS 8.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from nps.web import access, static_files
from tests import factories
from tests.conftest import logged_in

ROLES = ("operator", "specialist", "manager", "customer", "admin")
PUBLIC = ("anonymous", *ROLES)
ANYONE = ROLES
ADMIN = ("admin",)
MANAGER = ("manager",)
STAFF = ("manager", "admin")
SIDES = ("specialist", "manager", "customer", "admin")
PREPARES = ("specialist", "manager", "admin")
CALLS = ("operator", "manager", "admin")

#: endpoint -> who may open it. A route that is not here fails the first test: decide, then write it down.
TABLE: dict[str, tuple[str, ...]] = {
    "auth.home": ANYONE,
    "auth.login": PUBLIC,
    "auth.sign_in": PUBLIC,
    "auth.logout": ANYONE,
    "auth.password": ANYONE,
    "auth.save_password": ANYONE,
    "auth.sessions": ANYONE,
    "auth.close_session": ANYONE,
    "auth.close_other_sessions": ANYONE,
    "admin.start": ADMIN,
    "admin.users": ADMIN,
    "admin.new_user": ADMIN,
    "admin.search_users": ADMIN,
    "admin.create_user": ADMIN,
    "admin.user": ADMIN,
    "admin.set_extension": ADMIN,
    "admin.set_role": ADMIN,
    "admin.reset_password": ADMIN,
    "admin.set_active": ADMIN,
    "admin.end_sessions": ADMIN,
    "admin.customers": ADMIN,
    "admin.add_customer": ADMIN,
    "admin.customer": ADMIN,
    "admin.rename_customer": ADMIN,
    "admin.add_contract": ADMIN,
    "admin.contract": ADMIN,
    "admin.change_contract": ADMIN,
    "admin.raise_limit": ADMIN,
    "admin.exchange": ADMIN,
    "admin.try_the_exchange": ADMIN,
    "admin.journal_page": ADMIN,
    "admin.journal_export": ADMIN,
    "campaigns.act": MANAGER,
    "campaigns.add_branch": PREPARES,
    "campaigns.add_contact": PREPARES,
    "campaigns.add_day": STAFF,
    "campaigns.add_stop": PREPARES,
    "campaigns.admit": STAFF,
    "campaigns.assign": STAFF,
    "campaigns.branches": PREPARES,
    "campaigns.change_contact": PREPARES,
    "campaigns.client": PREPARES,
    "campaigns.clients": PREPARES,
    "campaigns.search_clients": PREPARES,
    "campaigns.close": STAFF,
    "campaigns.contacts": PREPARES,
    "campaigns.correct": MANAGER,
    "campaigns.create": STAFF,
    "campaigns.free": MANAGER,
    "campaigns.give_number": ("specialist", "manager"),
    "campaigns.index": SIDES,
    "campaigns.lift_stop": MANAGER,
    "campaigns.members": STAFF,
    "campaigns.messages": STAFF,
    "campaigns.write_message": STAFF,
    "campaigns.answer_message": STAFF,
    "campaigns.new": STAFF,
    "campaigns.operators": STAFF,
    "campaigns.pause": STAFF,
    "campaigns.remove_contact": PREPARES,
    "campaigns.remove_day": STAFF,
    "campaigns.resume": STAFF,
    "campaigns.save_settings": STAFF,
    "campaigns.save_windows": STAFF,
    "campaigns.seconds": MANAGER,
    "campaigns.set_region": PREPARES,
    "campaigns.settings": STAFF,
    "campaigns.settle": MANAGER,
    "campaigns.stop_list": PREPARES,
    "campaigns.find_stop": PREPARES,
    "campaigns.upload_stops": PREPARES,
    "campaigns.stops_of_file": PREPARES,
    "campaigns.enter_stops": PREPARES,
    "campaigns.export_stops": PREPARES,
    "letters.probe": PREPARES,
    "reports.base_workbook": PREPARES,
    "campaigns.unsuitable": PREPARES,
    "campaigns.end_shift": STAFF,
    "campaigns.unassign": STAFF,
    "campaigns.windows": STAFF,
    "desk.acknowledge": ("operator",),
    "desk.answer": ("operator",),
    "desk.answered": ("operator",),
    "desk.ask_help": ("operator",),
    "desk.back": ("operator",),
    "desk.break_in": ("operator",),
    "desk.carry_on": ("operator",),
    "desk.comment": ("operator",),
    "desk.dial": ("operator",),
    "desk.end_shift": ("operator",),
    "desk.escalate": ("operator",),
    "desk.find": ("operator",),
    "desk.hand_over": ("operator",),
    "desk.hang_up": ("operator",),
    "desk.help_words": ("operator",),
    "desk.inbound": ("operator",),
    "desk.last": ("operator",),
    "desk.next": ("operator",),
    "desk.note": ("operator",),
    "desk.outcome": ("operator",),
    "desk.page": ("operator",),
    "desk.panel": ("operator",),
    "desk.pause": ("operator",),
    "desk.rename": ("operator",),
    "desk.read_message": ("operator",),
    "desk.reopen": ("operator",),
    "desk.resume": ("operator",),
    "desk.resume_script": ("operator",),
    "desk.return_client": ("operator",),
    "desk.ringing": ("operator",),
    "desk.search": ("operator",),
    "desk.start_shift": ("operator",),
    "desk.tell_end": ("operator",),
    "desk.tick": ("operator",),
    "desk.transfer": ("operator",),
    "escalations.index": SIDES,
    "escalations.one": SIDES,
    "escalations.search": PREPARES,
    "escalations.address": PREPARES,
    "escalations.change_address": PREPARES,
    "escalations.change_branch_address": PREPARES,
    "escalations.confirm": PREPARES,
    "escalations.send_test": PREPARES,
    "escalations.take": ("specialist", "manager"),
    "escalations.note": ("specialist", "manager"),
    "escalations.answer": ("specialist", "manager"),
    "escalations.close": ("specialist", "manager"),
    "escalations.ask_to_call": ("specialist", "manager"),
    "answer_terms.terms": PREPARES,
    "answer_terms.change": PREPARES,
    "letters.index": PREPARES,
    "letters.one": PREPARES,
    "letters.body": PREPARES,
    "health.alive": PUBLIC,
    "health.health": PUBLIC,
    "health.metrics": PUBLIC,
    "hooks.hook": PUBLIC,
    "hooks.own": PUBLIC,
    "hooks.zadarma_echo": PUBLIC,
    "letters.again": PREPARES,
    "personal_data.erasure": STAFF,
    "personal_data.erase_campaign": STAFF,
    "personal_data.erase_person": STAFF,
    "personal_data.find": STAFF,
    "personal_data.page": STAFF,
    "personal_data.save_terms": STAFF,
    "personal_data.workbook": STAFF,
    "recordings.absence": MANAGER,
    "recordings.attach": MANAGER,
    "recordings.call": CALLS,
    "recordings.detach": MANAGER,
    "recordings.index": (*STAFF, "customer"),
    "recordings.search": STAFF,
    "recordings.match": STAFF,
    "recordings.nobodys": STAFF,
    "recordings.reconciliation": STAFF,
    "recordings.set_all_aside": MANAGER,
    "recordings.set_aside": MANAGER,
    "recordings.upload": CALLS,
    "recordings.workbook": STAFF,
    "recordings.play": (*CALLS, "customer"),
    "training.begin": ("operator",),
    "training.page": ("operator",),
    "training.review": ("operator",),
    "training.wait": ("operator",),
    "scripts.add_step": ("specialist",),
    "scripts.difference": PREPARES,
    "scripts.discard": ("specialist",),
    "scripts.download": PREPARES,
    "scripts.first_step": ("specialist",),
    "scripts.page": PREPARES,
    "scripts.preview": PREPARES,
    "scripts.publish": ("specialist",),
    "scripts.remove_step": ("specialist",),
    "scripts.adopt": ("specialist",),
    "scripts.repair": ("specialist",),
    "scripts.undo": ("specialist",),
    "scripts.save_complaint": ("specialist",),
    "scripts.save_questions": ("specialist",),
    "scripts.save_step": ("specialist",),
    "scripts.upload": ("specialist",),
    "scripts.use_words": ("specialist",),
    "scripts.versions": PREPARES,
    "day.page": ("operator",),
    "quality.index": STAFF,
    "quality.reply": ("operator",),
    "quality.review": STAFF,
    "quality.correct": MANAGER,
    "quality.save": MANAGER,
    "quality.save_plan": MANAGER,
    "sample.back": PREPARES,
    "sample.cancel": PREPARES,
    "sample.confirm": PREPARES,
    "sample.decide": PREPARES,
    "sample.load": PREPARES,
    "sample.marked": PREPARES,
    "sample.missing": PREPARES,
    "sample.page": PREPARES,
    "sample.place": PREPARES,
    "sample.progress": PREPARES,
    "sample.publish": PREPARES,
    "sample.search": PREPARES,
    "sample.upload": PREPARES,
    "sample.withdraw": MANAGER,
    "reports.overview": SIDES,
    "reports.panel": SIDES,
    "reports.answer_list": SIDES,
    "reports.answer_rows": SIDES,
    "reports.call_list": STAFF,
    "reports.call_rows": STAFF,
    "reports.search_answers": PREPARES,
    "reports.search_calls": STAFF,
    "reports.compare": SIDES,
    "reports.cancel_file": SIDES,
    "reports.file": SIDES,
    "reports.freeze": STAFF,
    "reports.frozen_report": SIDES,
    "reports.frozen_reports": SIDES,
    "reports.files": SIDES,
    "reports.order_file": SIDES,
    "reports.check_answers": MANAGER,
    "reports.forms_workbook": SIDES,
    "reports.letter": SIDES,
    "reports.set_letter": SIDES,
    "reports.method": SIDES,
    "reports.workbook": SIDES,
}

#: For monitors and exchanges, who have no account: absent without the secret (tests/web/test_health.py, test_hooks.py).
BY_SECRET = {"health.health", "health.metrics", "hooks.hook", "hooks.own", "hooks.zadarma_echo"}

#: What the customer, who "changes nothing" (§3), may still send: what is his own, his morning letter among it, and
#: orders of files. Exchanges report without a session: their signature lets them in, not a role.
CUSTOMER_POSTS = {
    "hooks.hook", "hooks.own",
    "auth.sign_in", "auth.logout", "auth.save_password", "auth.close_session", "auth.close_other_sessions",
    "reports.order_file", "reports.cancel_file", "reports.set_letter",
}  # fmt: skip

_ABSENT: dict[str, Any] = {
    "IdConverter": 987_654,
    "UUIDConverter": UUID(int=1),
    "UnicodeConverter": "absent",
    "PathConverter": "absent",
}
FRAGMENT = {"HX-Request": "true"}


def _routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in static_files.ENDPOINTS:
            yield from ((rule, method) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _address(app: Flask, rule: Rule, **known: Any) -> str:
    values = {name: known.get(name, _ABSENT[type(converter).__name__]) for name, converter in rule._converters.items()}
    address: str = app.url_map.bind("localhost").build(rule.endpoint, values)
    return address


def test_every_route_has_an_entry_and_every_entry_a_route(app):
    assert {rule.endpoint for rule, _ in _routes(app)} == set(TABLE)


def test_a_view_nobody_decided_about_opens_for_nobody(own_app, session):
    own_app.add_url_rule("/undecided", "undecided", lambda: "secret")
    for person in [factories.user(session, role) for role in ROLES]:
        assert logged_in(own_app, person).get("/undecided").status_code == 403
    assert own_app.test_client().get("/undecided").status_code == 403


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_a_stranger_is_asked_to_log_in_everywhere(app, headers):
    client = app.test_client()
    for rule, method in _routes(app):
        answer = client.open(_address(app, rule), method=method, headers=headers)
        what = f"{method} {rule.rule}"
        if rule.endpoint in BY_SECRET:
            assert answer.status_code == 404, f"{what}: no secret is set, so there is no such address"
        elif "anonymous" in TABLE[rule.endpoint]:
            assert answer.status_code in (200, 422), what
        elif headers:
            assert answer.status_code == 401, what
        else:
            assert answer.status_code == 303, what
            assert answer.location.startswith("/login"), what


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_routes_and_no_other(app, login, session, role, headers):
    person = factories.user(session, role)
    client = login(person)
    for rule, method in _routes(app):
        answer = client.open(_address(app, rule), method=method, headers=headers)
        what = f"{role}: {method} {rule.rule} gave {answer.status_code}"
        if role in TABLE[rule.endpoint]:
            assert answer.status_code in (200, 204, 303, 404, 409, 422), what
            assert answer.status_code != 303 or rule.endpoint == "auth.logout" or "/login" not in answer.location, what
        else:
            assert answer.status_code == 403, what
        if rule.endpoint == "auth.logout":
            client = login(person)


def test_the_customer_changes_nothing(app):
    posts = {rule.endpoint for rule, method in _routes(app) if method != "GET" and "customer" in TABLE[rule.endpoint]}
    assert posts == CUSTOMER_POSTS


def test_a_campaign_of_somebody_else_looks_like_an_absent_one(app, login, session):
    """ASVS 8.2.2: the customer, the specialist and the operator meet 404 on every page of a foreign campaign."""
    foreign = factories.campaign(session).id
    people = {role: factories.user(session, role) for role in ("customer", "specialist", "operator")}
    for role, person in people.items():
        client = login(person)
        for rule, method in _routes(app):
            if "campaign_id" in rule.arguments and role in TABLE[rule.endpoint]:
                answer = client.open(_address(app, rule, campaign_id=foreign), method=method)
                assert answer.status_code == 404, f"{role}: {method} {rule.rule}"


def _menu(client: FlaskClient) -> list[str]:
    page = client.get("/password").text
    nav = page.partition('<nav class="nav"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]+)"', nav)


@pytest.mark.parametrize("role", ROLES)
def test_a_menu_holds_only_pages_that_open(login, session, role):
    customer = factories.customer(session).id
    campaign = factories.campaign(session, contract_id=factories.contract(session, customer_id=customer).id)
    person = factories.user(session, role, **({"customer_id": customer} if role in ("customer", "specialist") else {}))
    if role == "operator":
        factories.member(session, campaign, person)
    client = login(person)
    addresses = _menu(client)
    assert addresses
    for address in addresses:
        assert client.get(address).status_code == 200, address


def test_may_open_answers_for_any_address(app):
    with app.test_request_context():
        assert access.may_open("/admin/users", "admin")
        assert not access.may_open("/admin/users", "manager")
        assert not access.may_open("/no/such/page", "admin")
        assert not access.may_open("/logout", "admin"), "reading only"
