"""What no page sends: parameters, tokens, fields and orders that somebody made up (docs/security.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule

from nps.config import PROJECT_ROOT
from nps.domain.errors import PhoneError
from nps.domain.password import LEAST, MOST, PasswordError, check_password
from nps.domain.phone_text import parse_phone
from nps.domain.roles import ROLES
from nps.domain.search import fold
from nps.domain.wording import greeting_name
from nps.models import Answer, Interview, User
from nps.services import limits
from tests import factories
from tests.web.test_access_matrix import TABLE, _address, _routes
from tests.web.test_desk import STEP, Seat, start
from tests.web.test_foreign_ids import House, ours  # noqa: F401

Login = Callable[..., FlaskClient]
VALUES = ("'", '" OR 1=1--', ";DROP TABLE user_account", "%", "\0", "-1", "9" * 30, "٧", "{{7*7}}%s{0}", "х" * 9000)
#: An id beyond 32 bits is looked for; what is near the end of the 63 that either engine stores, or none, is no address.
LOOKED_FOR, IMPOSSIBLE = (str(2**31), "9" * 15), (str(2**63 - 1), str(2**63), "1" + "0" * 30, "9" * 5000, "٧", "²")
FIELDS = ("9" * 20, str(2**63), "9" * 5000, "-1", "²", "٧", "", "0001-01-01T00:00:00+23:00")
_MARK = 77_000_077
TEMPLATES = sorted((PROJECT_ROOT / "templates").rglob("*.html"))


def parameters() -> set[str]:
    """Names of all parameters that an address may have, as the views read them."""
    source = "".join(path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "nps" / "web").rglob("*.py"))
    return set(re.findall(r'(?:forms\.arg\w*|sealed\.arg|request\.args\.get)\("(\w+)"', source))


class People:
    """One client for each person, logged in once."""

    def __init__(self, login: Login, house: House, session: Session) -> None:
        self._login, self._house, self._session = login, house, session
        self._clients: dict[str, FlaskClient] = {}

    def client_for(self, endpoint: str) -> FlaskClient:
        role = next(role for role in ("manager", "operator", "admin", "specialist") if role in TABLE[endpoint])
        if role not in self._clients:
            person = self._house.people.get(role) or factories.user(self._session, role)
            self._clients[role] = self._login(person)
        return self._clients[role]

    def cookie_for(self, endpoint: str) -> str:
        cookie = self.client_for(endpoint).get_cookie("nps")
        assert cookie is not None
        return f"nps={cookie.value}"


@pytest.fixture
def people(login: Login, ours: House, session: Session) -> People:  # noqa: F811
    return People(login, ours, session)


def test_no_parameter_breaks_a_page(app: Flask, people: People, ours: House) -> None:  # noqa: F811
    """ASVS 1.2.4: whatever stands in an address, the page answers as it does without it, or that there is nothing."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    names = sorted(parameters() - {"next"})
    assert {"page", "group", "view", "region", "before", "since"} <= set(names)
    queries = {value: urlencode(dict.fromkeys(names, value)) for value in VALUES}
    # One that keeps cookies looks for those of an address by decoding it three times, and these have two megabytes.
    client = app.test_client(use_cookies=False)
    for rule, method in _routes(app):
        if method != "GET" or rule.endpoint.startswith(("health.", "auth.login", "admin.journal_export")):
            continue
        cookie, address = {"Cookie": people.cookie_for(rule.endpoint)}, _address(app, rule, **ours.ids)
        plain = client.get(address, headers=cookie).status_code
        assert plain < 500, address
        for value, query in queries.items():
            given = client.get(address, query_string=query, headers=cookie).status_code
            if given == 429:
                # One person takes so many workbooks in ten minutes.
                break
            assert given == plain or given in (200, 303, 404), f"{rule.rule} with {value[:20]!r}: {given}, not {plain}"


def places(app: Flask, rule: Rule, ids: dict[str, Any]) -> Iterator[str]:
    """The address with a gap for each of its numbers in turn, the others being ours."""
    for name, converter in rule._converters.items():
        if hasattr(converter, "num_convert"):
            yield _address(app, rule, **(ids | {name: _MARK})).replace(str(_MARK), "{}")


@pytest.mark.parametrize("role", ROLES)
def test_no_number_in_an_address_breaks_a_page(
    app: Flask,
    login: Login,
    session: Session,
    ours: House,  # noqa: F811
    role: str,
) -> None:
    """ASVS 1.2.4, 2.2.1: what no row can have as its id is absent, by every method of every route."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client, addresses = login(ours.people.get(role) or factories.user(session, role)), app.url_map.bind("localhost")
    tried = 0
    for rule, method in _routes(app):
        for address in places(app, rule, ours.ids) if role in TABLE[rule.endpoint] else ():
            for text in IMPOSSIBLE:
                with pytest.raises(NotFound):
                    addresses.match(address.format(text), method)
            for number in (*LOOKED_FOR, IMPOSSIBLE[1]):
                with client.open(address.format(number), method=method) as answer:
                    given = answer.status_code
                assert given < 500, f"{method} {rule.rule} with {number}: {given}"
                assert given == 404 or number in LOOKED_FOR, f"{method} {rule.rule} with {number}: {given}"
            tried += 1
    assert tried > 0


def number_fields() -> set[str]:
    """Fields of forms that are read as numbers, as the views read them."""
    source = "".join(path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "nps" / "web").rglob("*.py"))
    return set(re.findall(r'forms\.(?:whole|number_or_none|numbers)\(\s*"(\w+)"', source))


@pytest.mark.parametrize("value", FIELDS, ids=lambda value: value[:8] or "empty")
def test_no_number_in_a_form_breaks_its_act(
    app: Flask,
    login: Login,
    session: Session,
    ours: House,  # noqa: F811
    value: str,
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    names = number_fields() | {"revision", "old", "new", "days-0", "branch_low", "callback_at"}
    assert {"shown", "user_id", "respondent_id", "ticked", "campaign", "up_to"} <= names
    fields = dict.fromkeys(sorted(names), value) | {"phone": "12", "lines": "1", "region-0": "perm"}
    for role in ("manager", "operator", "admin"):
        client = login(ours.people.get(role) or factories.user(session, role))
        for rule, method in _routes(app):
            if method != "POST" or role not in TABLE[rule.endpoint] or rule.endpoint.startswith(("auth.", "hooks.")):
                continue
            with client.post(_address(app, rule, **ours.ids), data=fields) as answer:
                assert answer.status_code < 500, f"{role}: {rule.rule}: {answer.status_code}"


def test_numbers_from_outside_are_read_in_one_place() -> None:
    """Bounds, and digits of our own script only: `int()` knows neither. A choice is out of a closed list already."""
    for path in sorted((PROJECT_ROOT / "nps" / "web").rglob("*.py")):
        if path.name != "forms.py":
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"int\((?:request|forms\.(?!choice))|int\((\w+)\) for \1 in forms\.", source), (
                path.name
            )


def test_every_form_without_its_token_is_refused(app: Flask, people: People, ours: House) -> None:  # noqa: F811
    """ASVS 3.5.1: also by its own author, also with the id of something that is there."""
    posts = 0
    for rule, method in _routes(app):
        # Exchanges have no session to forge: a signature lets them in (test_hooks.py).
        if method == "POST" and not rule.endpoint.startswith("hooks."):
            client = people.client_for(rule.endpoint)
            answer = client.post(_address(app, rule, **ours.ids), data={"csrf_token": "x"}, csrf=False)
            assert answer.status_code == 400, rule.rule
            posts += 1
    assert posts > 60


@pytest.fixture
def seat(session: Session, login: Login) -> Any:
    """An operator in a talk, at the question of the rating."""
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    factories.respondent(session, campaign)
    with time_machine.travel(factories.NOW, tick=False):
        seat = Seat(login(operator))
        start(seat, campaign)
        seat.post("/desk/dial")
        seat.post(seat.call + "/answered")
        seat.post(seat.call + "/answer", STEP, answer="yes")
        yield seat


@pytest.mark.parametrize("rating", ["11", "-1", "3.5", "٧", "9" * 5000, "", "10 или 9", "ten", "1e1", "0x9", "9\0"])
def test_what_is_no_rating_is_refused_and_stored_nowhere(seat: Seat, session: Session, rating: str) -> None:
    """ASVS 2.2.1."""
    answer = seat.post(seat.call + "/answer", STEP, answer=rating)
    assert answer.status_code == 422
    session.rollback()
    assert session.scalars(select(Answer.step)).all() == ["greeting"]


def test_steps_are_taken_in_their_order_only(seat: Seat, session: Session) -> None:
    """ASVS 2.3.1: neither a later step nor a result that the answers do not carry."""
    for step in ("farewell", "reasons", "greeting", "no_such_step", ""):
        forged = {"form_key": f"key-{step}-1234567890", "expect_step": step, "answer": "end"}
        forged["expect_attempt"] = seat.field("expect_attempt")
        answer = seat.client.post(seat.call + "/answer", data=forged, headers=STEP)
        assert answer.status_code in (409, 422), step
    for code in ("surveyed", "no_such_result", ""):
        assert seat.post(seat.call + "/outcome", code=code).status_code in (409, 422), code
    session.rollback()
    assert session.scalars(select(Answer.step)).all() == ["greeting"]
    assert session.scalars(select(Interview.attempt_id)).all() == []


def test_fields_that_no_form_has_change_nothing(seat: Seat, session: Session) -> None:
    """ASVS 15.3.3."""
    forged = {"operator_id": "1", "campaign_id": "999", "status": "closed", "role": "admin", "disposition": "refused"}
    assert seat.post(seat.call + "/answer", STEP, answer="9", **forged).status_code == 200
    session.rollback()
    assert session.scalars(select(Answer.value).where(Answer.step == "rating")).all() == [9]
    assert "admin" not in session.scalars(select(User.role)).all()


def test_a_person_takes_so_many_workbooks_and_then_waits(session: Session, login: Login) -> None:
    """ASVS 2.4.1; somebody else is not held up, and later it goes on."""
    campaign = factories.campaign(session).id
    one, other = factories.user(session, "manager"), factories.user(session, "manager")
    with time_machine.travel(factories.NOW, tick=False) as clock:
        client = login(one)
        for _ in range(limits.EXPORTS):
            assert client.get(f"/campaigns/{campaign}/report.xlsx").status_code == 200
        refused = client.get(f"/campaigns/{campaign}/report.xlsx")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= limits.WITHIN.total_seconds()
        assert "Подождите несколько минут" in refused.text
        assert login(other).get(f"/campaigns/{campaign}/report.xlsx").status_code == 200
        clock.move_to(later(limits.WITHIN))
        assert client.get(f"/campaigns/{campaign}/report.xlsx").status_code == 200


def later(by: timedelta) -> datetime:
    return factories.NOW + by + timedelta(seconds=1)


def test_htmx_evaluates_nothing_and_keeps_no_pages() -> None:
    """ASVS 3.2.1, 3.7: the settings of the library, and templates that need nothing more."""
    base = (PROJECT_ROOT / "templates" / "base.html").read_text(encoding="utf-8")
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", base)
    assert found
    config = json.loads(found[1])
    assert (config["allowEval"], config["allowScriptTags"], config["includeIndicatorStyles"]) == (False, False, False)
    assert (config["selfRequestsOnly"], config["historyCacheSize"]) == (True, 0)
    forbidden = re.compile(
        r"hx-on|hx-vals='?js:|hx-headers='?js:|hx-trigger=\"[^\"]*\[|\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)"
        r"|src=\"https?:|href=\"https?:|javascript:|\|safe\b|autoescape false"
    )
    allowed = {
        path.name: forbidden.findall(path.read_text(encoding="utf-8")) for path in TEMPLATES if not is_mail(path)
    }
    assert {name: used for name, used in allowed.items() if used} == {}


def is_mail(path: Path) -> bool:
    """Letters are no pages: mail programs need their styles inline."""
    return "email" in path.parts


def test_workbooks_are_parsed_with_entities_forbidden() -> None:
    """ASVS 1.5.1: the library uses defusedxml by itself when it is there, so it has to be locked."""
    assert openpyxl.DEFUSEDXML is True
    assert '"defusedxml": {' in (PROJECT_ROOT / "Pipfile.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["9" * 100_000, "+7 " * 40_000, "доб. " * 20_000, "(" * 100_000, "а" * 100_000])
def test_a_hundred_kilobytes_where_a_name_or_a_number_belongs(text: str) -> None:
    """ASVS 1.3.12: no pattern goes through it more than a few times, or this test would not end."""
    with pytest.raises(PhoneError):
        parse_phone(text)
    assert fold(text)
    assert isinstance(greeting_name(text), str)


def test_passwords_are_judged_by_length_and_by_what_is_guessed_first() -> None:
    """ASVS 6.2: no rules about kinds of characters, nothing cut off."""
    for good in ("а" * 3 + "бвгдежз", "correct horse battery staple", "7" * 4 + "аб в г д", "ы" * 60 + "абвг"):
        check_password(good, "o.maksimova")
    for bad in ("коротко", "1234567890", "QWERTY12345", "Пароль1234", "o.maksimova", "aaaaaaaaaaaa", "ж" * (MOST + 1)):
        with pytest.raises(PasswordError):
            check_password(bad, "o.maksimova")
    assert (LEAST, MOST) >= (8, 64)
