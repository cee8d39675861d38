"""What is logged: whole lines that a program can read, and nobody's name, phone or address."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps import logs
from nps.models import User
from tests import factories, live

PHONE, MAIL = "+7 917 000-75-53", "zyryanov@example.ru"


def formatted(message: str, as_json: bool, *args: object, error: BaseException | None = None) -> str:
    record = logging.LogRecord("nps.test", logging.ERROR, __file__, 1, message, args, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    formatter = logs.JsonFormatter("web") if as_json else logs.TextFormatter("web")
    return formatter.format(record)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "told",
    [PHONE, "+79170007553", "89170007553", "8 (917) 000-75-53", "9170007553", "5973022713", MAIL, "a.b@пример.рф"],
)
def test_numbers_and_addresses_are_blotted_out(as_json: bool, told: str) -> None:
    line = formatted("can't read %r", as_json, told, error=ValueError(f"bad value {told}!"))
    digits = re.sub(r"\D", "", told)
    assert told not in line
    assert not digits or digits not in re.sub(r"\D", "", line.partition("can't read")[2])


@pytest.mark.parametrize("as_json", [False, True])
def test_what_tells_lines_apart_stays(as_json: bool) -> None:
    kept = "letter 1234567 of 6f1c1c1e-0000-4000-8000-123456789012, error 12ab34cd, 2026-11-28 03:06:43, 127.0.0.1:8000"
    assert kept in formatted(kept, as_json)


def test_the_row_that_postgresql_quotes_is_left_out(session: Session) -> None:
    """A real refusal of each engine: the text says which rule was broken, and not by whom."""
    login = "zyryanov.pyotr"
    factories.user(session, "operator", login=login)
    with pytest.raises(IntegrityError) as refused:
        factories.user(session, "operator", login=login)
    session.rollback()
    for as_json in (False, True):
        line = formatted("error 12ab34cd", as_json, error=refused.value)
        assert "login_fold" in line
        assert login not in line
        assert User.__tablename__ in line


def test_nobody_begins_a_line_of_his_own() -> None:
    forged = "x\n2026-11-28 03:06:43,000 web ERROR nps: forged"
    assert len(formatted("agent %s", True, forged).splitlines()) == 1
    text = formatted("agent %s", False, forged)
    assert [line for line in text.splitlines() if re.match(r"\d{4}-", line)] == text.splitlines()[:1]


@pytest.mark.parametrize("as_json", [False, True])
def test_each_request_is_a_line_with_what_readme_promises(
    app: Flask, session: Session, login: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture, as_json: bool
) -> None:
    """Method, view, status, milliseconds and user; served and refused; no address, no word of a form."""
    manager, campaign_id = factories.user(session, "manager"), factories.campaign(session).id
    client, stranger, manager_id = login(manager), app.test_client(), manager.id
    caplog.set_level(logging.INFO, "nps.requests")
    asked = (
        (client, "GET", f"/campaigns/{campaign_id}/clients?phone=79170007553", "campaigns.clients", 200, manager_id),
        (client, "POST", f"/campaigns/{campaign_id}/clients/search", "campaigns.search_clients", 400, manager_id),
        (client, "PUT", f"/campaigns/{campaign_id}/clients", "campaigns.clients", 405, None),
        (client, "GET", "/desk", "desk.page", 403, manager_id),
        (client, "GET", "/79170007553", "none", 404, None),
        (stranger, "GET", "/desk/tick", "desk.tick", 401, None),
        (stranger, "GET", "/desk", "desk.page", 303, None),
    )
    formatter = logs.JsonFormatter("web") if as_json else logs.TextFormatter("web")
    for who, method, path, view, status, user_id in asked:
        caplog.clear()
        given = {"data": {"text": "Зырянов"}, "csrf": False} if method == "POST" else {}
        assert (
            who.open(path, method=method, headers={"HX-Request": "true"} if status == 401 else {}, **given).status_code
            == status
        )
        line = formatter.format(next(record for record in caplog.records if record.name == "nps.requests"))
        if as_json:
            told = json.loads(line)
            assert (told["method"], told["endpoint"], told["status"]) == (method, view, status)
            assert user_id is None or told["user_id"] == user_id
            assert isinstance(told["ms"], int)
        else:
            user = rf" user_id={user_id}$" if user_id else ""
            assert re.search(rf"request method={method} endpoint={view} status={status} ms=\d+{user}", line), line
        assert "7917" not in line and "Зырянов" not in line and f"/{campaign_id}/" not in line


def test_a_working_server_writes_json_and_no_address(database_url: str, session: Session, tmp_path: Path) -> None:
    manager = factories.user(session, "manager")
    campaign_id, login, manager_id = factories.campaign(session).id, manager.login, manager.id
    session.rollback()
    with live.web_server(tmp_path / "web", database_url, LOG_FORMAT="json", LOG_REQUESTS="1") as address:
        person = live.Person(address)
        person.log_in(login, factories.PASSWORD)
        person.get(f"/campaigns/{campaign_id}/clients")
        person.post(f"/campaigns/{campaign_id}/clients/search", text="Зырянов 79170007553")
        person.get("/no/such/page?phone=79170007553")
    written = (tmp_path / "web" / "web.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in written.splitlines()]
    seen = [(line.get("method"), line.get("endpoint"), line.get("status"), line.get("user_id")) for line in lines]
    assert ("POST", "campaigns.search_clients", 303, manager_id) in seen
    assert ("GET", "none", 404, None) in seen or ("GET", "none", 404, manager_id) in seen
    assert all({"time", "level", "process", "pid", "logger", "message"} <= line.keys() for line in lines)
    for told in ("79170007553", "Зырянов", login, factories.PASSWORD, "/no/such/page"):
        assert told not in written, told
