"""Help on the line in two browsers: the request and its answer come by themselves, and nothing moves in the talk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from nps.extensions import db
from tests import factories
from tests.e2e.people import Operator, Person
from tests.e2e.places import Places
from tests.e2e.system import System

ANSWER = "Скажите: «Счёт перешлёт ваш менеджер сегодня до 18:00»"


def test_a_request_and_its_answer_move_neither_the_desk_nor_the_focus(
    system: System, visit: Callable[..., Any]
) -> None:
    system.clock.set(factories.NOW)
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title="Волна")
        login = factories.member(session, campaign).login
        manager_login = factories.user(session, "manager").login
        factories.respondent(session, campaign, organisation="ООО «Кабель»")
        operators = f"/campaigns/{campaign.id}/operators"
        session.rollback()
    operator: Operator = visit(Operator)
    operator.log_in(login, factories.PASSWORD)
    operator.start_shift("Волна")
    operator.dial()
    operator.is_answered()
    manager: Person = visit(Person)
    manager.log_in(manager_login, factories.PASSWORD)
    manager.open(operators)
    manager.sees("Сейчас никто не зовёт")
    places, focus = Places(operator.page), operator.page.locator("#step h2:focus")

    def still(name: str) -> None:
        places.look(name)
        expect(focus).to_be_attached()

    still("before")
    operator.press("KeyH")
    operator.sees("Помощь позвали", "#help-line")
    still("asked")
    # Again: nobody waits twice.
    operator.press("KeyH")
    manager.sees("Просят помощи: 1")
    manager.sees("ООО «Кабель»", "#messages")
    manager.page.get_by_role("link", name="Ответить").click()
    expect(manager.page.locator("#answer-text")).to_be_focused()
    manager.page.keyboard.type(ANSWER)
    manager.page.keyboard.press("Enter")
    manager.sees("Сейчас никто не зовёт")

    operator.sees(ANSWER, "#help-line")
    still("answered")
    operator.press("KeyH")
    expect(operator.page.locator("#help-words.unread")).to_have_count(0)
    still("read")
    operator.button("Нужна помощь").click()
    manager.sees("Просят помощи: 1")
    still("asked by mouse")
    assert places.moved() == {}
