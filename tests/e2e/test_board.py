"""The manager's board in a browser: it renews itself, can be stopped, and says when the server is silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from nps.extensions import db
from nps.models import Respondent, User
from tests import factories
from tests.e2e.people import Person
from tests.e2e.system import System
from tests.web.test_reports import answer


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_board_says_when_the_server_is_silent_and_recovers(system: System, visit: Callable[..., Any]) -> None:
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session)
        operator = factories.member(session, campaign)
        client = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
        answer(session, factories.attempt(session, client, operator, "surveyed"), 9)
        login, campaign_id = factories.user(session, "manager").login, campaign.id
        client_id, operator_id = client.id, operator.id
    manager: Person = visit(Person)
    manager.log_in(login, factories.PASSWORD)
    page = manager.page
    page.clock.install()
    manager.open(f"/campaigns/{campaign_id}")
    stale, live = page.locator("#stale"), page.locator(".live")

    with manager.losing_requests():
        page.route("**/panel?*", lambda route: route.abort())
        page.clock.run_for(70_000)
        expect(stale).to_be_visible()
        expect(stale).to_contain_text("Сервер не отвечает 1 минуту")
        expect(stale).to_contain_text("операторы продолжают работать")
        expect(live).to_have_class("live live-stale")
        page.unroute("**/panel?*")
        with page.expect_response("**/panel?*"):
            page.clock.run_for(16_000)
    page.clock.run_for(2_000)
    expect(stale).to_be_hidden()
    expect(live).to_have_class("live")

    page.get_by_text("Показать таблицей").first.click()
    with system.app.app_context():
        session = db.session()
        called, caller = session.get_one(Respondent, client_id), session.get_one(User, operator_id)
        factories.attempt(session, called, caller, "busy", at=factories.NOW.replace(hour=12))
    # An answer to an earlier beat may still be on its way: it had nothing new to say.
    with page.expect_response(lambda response: "/panel?" in response.url and response.status == 200):
        page.clock.run_for(16_000)
    expect(page.locator("details[open]")).to_have_count(1)

    manager.button("Остановить обновление").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    expect(stale).to_be_hidden()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_report_is_printed_without_the_frame_around_it(system: System, visit: Callable[..., Any]) -> None:
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session)
        client = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
        answer(session, factories.attempt(session, client, factories.member(session, campaign), "surveyed"), 9)
        login, campaign_id = factories.user(session, "manager").login, campaign.id
    manager: Person = visit(Person)
    manager.log_in(login, factories.PASSWORD)
    page = manager.page
    page.add_init_script("window.print = () => { document.title = 'printed'; };")
    manager.open(f"/campaigns/{campaign_id}")
    manager.button("Печать").click()
    expect(page).to_have_title("printed")

    page.emulate_media(media="print")
    for chrome in (".topbar", ".filters", "[data-tick-toggle]", "[data-print]"):
        expect(page.locator(chrome).first).to_be_hidden()
    expect(page.locator("#report")).to_be_visible()
