"""Trouble in the middle of a call: seen at once, typing goes on, nothing is lost, and it is sent afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from nps import extensions
from nps.extensions import WRITING, db
from nps.models import Answer, CallAttempt, Respondent, User
from nps.services import accounts
from tests import factories, live
from tests.conftest import ENGINES
from tests.e2e.people import PATIENCE_MS, Operator
from tests.e2e.system import System
from tests.faults.parallel import await_condition
from tests.postgres_server import PostgresServer

CAMPAIGN = "Волна"
#: A tab that somebody else's window covers: a headless browser has no windows, so the page is told so.
_HIDEABLE = """
window.covered = (hidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
};
"""


@pytest.fixture
def operator(system: System, visit: Callable[..., Any]) -> Operator:
    """An operator with a client before him."""
    with system.app.app_context():
        campaign = factories.campaign(db.session(), title=CAMPAIGN)
        login = factories.member(db.session(), campaign).login
        factories.respondent(db.session(), campaign)
    operator: Operator = visit(Operator)
    system.clock.forward(3600 * 2)
    operator.log_in(login, factories.PASSWORD)
    operator.start_shift(CAMPAIGN)
    operator.state_is("ready")
    return operator


def reach_the_reasons(operator: Operator) -> Page:
    """A talk whose client gave a 6 and begins to say why."""
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit6")
    return begin_to_type(operator)


def begin_to_type(operator: Operator) -> Page:
    """The first words of the client are saved by themselves."""
    page = operator.page
    operator.step_is("Причина оценки")
    with page.expect_response("**/comment"):
        page.locator("#words").press_sequentially("Ждали")
    return page


def type_on(page: Page, text: str) -> None:
    """Only what stays in the field and in the focus can be typed on."""
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type(text)


def is_told(page: Page, words: str) -> None:
    """The message stands above the script and the buttons, not over them."""
    bar = page.locator("#netbar")
    expect(bar).to_contain_text(words, timeout=PATIENCE_MS)
    expect(bar).to_be_visible()
    below = bar.evaluate("(bar) => bar.getBoundingClientRect().bottom")
    for place in ("#callbar", "#step .say", "#step .btn-primary", "section.client"):
        assert page.locator(place).first.evaluate("(el) => el.getBoundingClientRect().top") >= below, place


def nothing_waits(operator: Operator) -> None:
    """The reason has arrived, and the page says so."""
    operator.step_is("Прощание")
    expect(operator.page.locator("#netbar")).to_be_hidden()


def answers(app: Flask, step: str) -> list[Any]:
    """All answers ever given at this step; drafts are none."""
    with app.app_context():
        values = db.session.scalars(select(Answer.value).where(Answer.step == step)).all()
    return [value for value in values if not (isinstance(value, dict) and value.get("draft"))]


def words(app: Flask) -> list[str]:
    """What was written as the client's reason."""
    return [value["words"] for value in answers(app, "reasons")]


@contextmanager
def slow_writes(url: str) -> Iterator[Callable[[], None]]:
    """Somebody else writes for a long time: what would write waits until what this yields is called."""
    engine = create_engine(url, poolclass=NullPool)
    connection = engine.connect().execution_options(**{WRITING: True})
    try:
        connection.begin()
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE call_attempt IN EXCLUSIVE MODE"))
        yield connection.rollback
    finally:
        connection.close()


@contextmanager
def absent(url: str, table: str) -> Iterator[None]:
    """The database has lost a table for a while."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


# -- the connection


def test_what_is_typed_and_pressed_without_a_connection_is_sent_when_it_is_back(operator: Operator) -> None:
    page = reach_the_reasons(operator)
    with operator.losing_requests():
        operator.context.set_offline(True)
        is_told(page, "Нет связи с сервером с")
        type_on(page, " неделю")
        page.locator("#call-note").press_sequentially("Звонить после обеда")
        page.locator("#words").focus()
        operator.press("End", "Enter")
        expect(page.locator("#step .btn-primary")).to_be_enabled()
        operator.press("Enter")
        type_on(page, " и день")
        # The text goes its own way a moment later, and does not take the place of the answer.
        with page.expect_event("requestfailed", lambda request: request.url.endswith("/comment")):
            type_on(page, "!")
        is_told(page, "ответы и ваш текст ждут отправки")
        with page.expect_response("**/note"):
            operator.context.set_offline(False)
        nothing_waits(operator)
    assert words(operator.system.app) == ["Ждали неделю и день!"]
    assert answers(operator.system.app, "rating") == [6]
    with operator.system.app.app_context():
        assert db.session.scalar(select(CallAttempt.note)) == "Звонить после обеда"
    expect(page.locator("#kept")).to_be_hidden()


# -- the server


def test_a_slow_answer_is_sent_once_and_what_is_typed_meanwhile_is_shown(operator: Operator, database_url: str) -> None:
    page = reach_the_reasons(operator)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/answer") else None)
    with slow_writes(database_url) as finish:
        operator.press("Enter")
        expect(page.locator("#step .btn-primary")).to_be_disabled()
        expect(page.locator("#step")).to_have_attribute("aria-busy", "true")
        operator.press("Enter")
        type_on(page, " месяц")
        finish()
        nothing_waits(operator)
    expect(page.locator("#step")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#kept-text")).to_have_text("Ждали месяц")
    assert len(sent) == 1
    assert words(operator.system.app) == ["Ждали"]


def test_an_answer_slower_than_the_patience_of_the_page_counts_once(
    operator: Operator, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reach_the_reasons(operator)
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 60_000)
    with operator.system.app.app_context():
        db.engine.dispose()  # a connection has its patience from its beginning
    with operator.losing_requests(), slow_writes(database_url) as finish:
        operator.press("Enter")
        is_told(page, "Нет связи с сервером с")
        finish()
        nothing_waits(operator)
    assert words(operator.system.app) == ["Ждали"]


def test_a_database_that_stays_busy_is_named_before_the_patience_of_the_page_ends(
    operator: Operator, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reach_the_reasons(operator)
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 500)
    with operator.system.app.app_context():
        db.engine.dispose()
    with operator.expecting(503), slow_writes(database_url) as finish:
        operator.press("Enter")
        is_told(page, "База данных занята, ничего не записано.")
        finish()
        nothing_waits(operator)
    assert words(operator.system.app) == ["Ждали"]


def test_after_an_error_of_the_server_the_text_is_there_and_can_be_sent_again(
    operator: Operator, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = reach_the_reasons(operator)
    with operator.expecting(500):
        with absent(database_url, "form_key"):
            operator.press("Enter")
            is_told(page, "ошибка на сервере")
            number = re.search(r"Номер ошибки: ([0-9a-f]{8})", operator.text("#netbar-text"))
            type_on(page, " год")
        operator.button("Повторить сейчас").click()
        nothing_waits(operator)
    assert number
    assert f"error {number[1]}" in caplog.text
    assert words(operator.system.app) == ["Ждали год"]


@pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)
def test_while_the_database_is_away_the_page_says_so_and_sends_by_itself(
    operator: Operator, postgres: PostgresServer
) -> None:
    page = reach_the_reasons(operator)
    with operator.expecting(503):
        postgres.stop("immediate")
        try:
            operator.press("Enter")
            is_told(page, "База данных не отвечает, ничего не записано.")
            is_told(page, "Пробуем каждые 5 секунд")
            type_on(page, " вечность")
        finally:
            postgres.go()
        nothing_waits(operator)
    assert words(operator.system.app) == ["Ждали вечность"]


def test_an_answer_that_was_on_its_way_when_the_server_was_killed_arrives_once(
    browser: Browser, app: Flask, database_url: str, tmp_path: Path
) -> None:
    now, month = datetime.now(UTC), timedelta(days=30)
    campaign = factories.campaign(
        db.session(),
        title=CAMPAIGN,
        purpose="demo",
        always_open=True,
        windows=False,
        starts_on=(now - month).date(),
        ends_on=(now + month).date(),
    )
    who = factories.member(db.session(), campaign)
    login, operator_id = who.login, who.id
    factories.respondent(db.session(), campaign, loaded_at=now, next_call_at=now)
    db.session.rollback()
    server = live.WebServer(tmp_path / "web", database_url)
    try:
        server.start()
        operator = Operator(browser, SimpleNamespace(url=server.address, errors=[]))
        page = operator.page
        operator.log_in(login, factories.PASSWORD)
        operator.start_shift(CAMPAIGN)
        operator.dial()
        operator.press("Enter")
        operator.step_is("Приветствие")
        operator.press("Digit1")
        operator.step_is("Оценка")
        operator.press("Digit6")
        begin_to_type(operator)
        with operator.losing_requests():
            with slow_writes(database_url):
                with page.expect_request("**/answer"):
                    operator.press("Enter")
                server.kill()
                is_told(page, "Нет связи с сервером с")
                type_on(page, " неделю")
            server.start()
            nothing_waits(operator)
        operator.state_is("talk")
        assert words(app) == ["Ждали неделю"]
        held = db.session.execute(select(Respondent.held_by, Respondent.held_until)).one()
        assert tuple(held) == (operator_id, None)
        operator.press("Enter")
        operator.state_is("done")
        operator.check()
        operator.leave()
    finally:
        db.session.rollback()
        server.stop()


# -- the session


def test_after_the_session_is_over_the_password_sends_the_answer(operator: Operator) -> None:
    page, app = reach_the_reasons(operator), operator.system.app
    end_sessions(operator)
    with operator.expecting(401, 422):
        operator.press("Enter")
        dialog = page.get_by_role("dialog", name="Сеанс закончился")
        expect(dialog.get_by_label("Пароль")).to_be_focused()
        page.keyboard.type("не тот пароль")
        operator.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("не подош")
        page.keyboard.type(factories.PASSWORD)
        operator.press("Enter")
        expect(dialog).to_be_hidden()
        nothing_waits(operator)
    assert words(app) == ["Ждали"]


def test_a_password_given_by_the_administrator_is_changed_and_the_text_is_still_there(operator: Operator) -> None:
    page = reach_the_reasons(operator)
    with operator.system.app.app_context():
        user_id = db.session.scalars(select(User.id).where(User.role == "operator")).one()
        password = accounts.reset_password(db.session(), user_id=user_id, now=operator.system.clock.at)
    with operator.expecting(401):
        type_on(page, " вечность")
        expect(page.locator("#relogin-password")).to_be_focused()
        page.keyboard.type(password)
        operator.press("Enter")
    page.get_by_label("Новый пароль", exact=True).fill("Ещё-один-пароль-2026")
    page.get_by_label("Новый пароль ещё раз").fill("Ещё-один-пароль-2026")
    operator.press("Enter")
    operator.step_is("Причина оценки")
    expect(page.locator("#words")).to_have_value("Ждали вечность")
    assert words(operator.system.app) == []


@pytest.mark.parametrize("where", ["in the dialog", "in another tab"])
def test_nobody_else_sends_an_answer_by_logging_in(operator: Operator, where: str) -> None:
    page, app = reach_the_reasons(operator), operator.system.app
    with app.app_context():
        campaign = db.session.scalars(select(factories.Campaign)).one()
        other = factories.member(db.session(), campaign).login
    # It is the press that tells of the end here, not the poll of the manager's answers that may come before it.
    page.route("**/desk/help?*", lambda route: route.fulfill(status=204))
    end_sessions(operator)
    if where == "in the dialog":
        with operator.expecting(401):
            operator.press("Enter")
            # As a browser that keeps passwords of two people may fill it.
            page.locator('#relogin input[name="login"]').evaluate("(field, login) => { field.value = login; }", other)
            page.locator("#relogin-password").fill(factories.PASSWORD)
            operator.press("Enter")
            operator.state_is("no_shift")
    else:
        operator.page = operator.context.new_page()
        operator.log_in(other, factories.PASSWORD)
        operator.page = page
        with operator.expecting(400):
            operator.press("Enter")
            is_told(page, "страница устарела")
        page.reload()
        operator.state_is("no_shift")
    expect(page.locator("#kept")).to_be_hidden()
    assert words(app) == []


def end_sessions(operator: Operator) -> None:
    """As the administrator does for an operator who has left his machine open."""
    with operator.system.app.app_context():
        user_id = db.session.scalars(select(CallAttempt.operator_id)).one()
        accounts.end_sessions(db.session(), user_id=user_id, now=operator.system.clock.at, actor_id=user_id)


# -- another window in front


def _is_held_on(system: System) -> bool:
    """Whether the lease of the client goes on; it is renewed when the answer to the poll has been made."""
    with system.app.app_context():
        held_until = db.session.scalars(select(Respondent.held_until)).one()
    return held_until is not None and held_until - system.clock.at > timedelta(minutes=2)


def test_a_hidden_desk_keeps_its_client_with_one_sign_of_life_a_minute(operator: Operator) -> None:
    page, system = operator.page, operator.system
    page.add_init_script(_HIDEABLE)
    page.clock.install()
    operator.open("/desk")
    operator.state_is("ready")
    page.evaluate("covered(true)")
    # Longer than the quarter of an hour that a page is given which may have no JavaScript.
    for _ in range(20):
        system.clock.forward(60)
        with page.expect_response("**/desk/tick*"):
            page.clock.run_for(60_000)
        await_condition(lambda: _is_held_on(system))
    with page.expect_response("**/desk/tick*"):
        page.evaluate("covered(false)")
    operator.dial()
    operator.is_answered()
    operator.agrees()
    # A quick answer never looks slow afterwards.
    page.clock.run_for(1000)
    expect(page.locator("#step")).not_to_have_attribute("aria-busy", "true")
