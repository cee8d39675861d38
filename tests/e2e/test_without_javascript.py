"""Calls from the first screen of the desk to the last, by forms and links alone: JavaScript is off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from nps.extensions import db
from nps.models import CallAttempt, Escalation, Interview, InterviewReason
from tests import factories
from tests.e2e.people import Operator
from tests.e2e.system import System

QUESTION = "Есть ли кабель ВВГ 3х2,5?"


def press(operator: Operator, name: str) -> None:
    """Press the one button of this name, as it is read without the caps of keys."""
    operator.page.get_by_role("button", name=name, exact=True).click()


def follow(operator: Operator, name: str) -> None:
    """Follow the one link of this name."""
    operator.page.get_by_role("link", name=name, exact=True).click()


def nothing_is_dead(page: Page) -> None:
    """Whatever can be pressed sends a form, leads somewhere or opens something; and no key is promised."""
    expect(page.locator("kbd:visible, .kbd:visible, [data-clock]:visible")).to_have_count(0)
    expect(page.locator('button[type="button"]:enabled:visible, a:not([href]):visible')).to_have_count(0)


def is_surveyed_with_a_question_between(operator: Operator) -> None:
    page, clock = operator.page, operator.system.clock
    operator.state_is("ready")
    nothing_is_dead(page)
    press(operator, "Позвонить")
    operator.state_is("ringing")
    nothing_is_dead(page)
    press(operator, "Пошли гудки")
    clock.forward(9)
    press(operator, "Клиент ответил")
    operator.step_is("Приветствие")
    nothing_is_dead(page)
    clock.forward(5)
    press(operator, "Да, удобно")
    operator.step_is("Оценка")
    press(operator, "Оценка 7")
    operator.step_is("Причина оценки, оценка 7")
    nothing_is_dead(page)
    page.get_by_label("наличие товара на складе").check()
    page.get_by_label("срок доставки товара").check()
    page.locator("#words").fill("Ждали неделю")
    press(operator, "Сохранить отметки")
    operator.step_is("Причина оценки, оценка 7")

    press(operator, "Вопрос не по опросу")
    operator.step_is("О чём спрашивает клиент?")
    nothing_is_dead(page)
    page.locator("a.question").nth(1).click()
    operator.step_is("Передать специалисту")
    operator.sees("даст подробную информацию по наличию товара.", "#step")
    nothing_is_dead(page)
    page.locator("#e-text").fill(QUESTION)
    press(operator, "Передать и вернуться")

    operator.step_is("Причина оценки, оценка 7")
    expect(page.locator("#words")).to_have_value("Ждали неделю")
    expect(page.locator('input[name="prompts"]:checked')).to_have_count(2)
    # From the field to the button by Tab: Space, not a click.
    page.locator("#comment").press("Tab")
    page.keyboard.press("Space")
    operator.step_is("Прощание")
    nothing_is_dead(page)
    press(operator, "Сохранить анкету")
    operator.state_is("done")
    operator.sees("Анкета сохранена", "#step")
    nothing_is_dead(page)


def does_not_answer(operator: Operator) -> None:
    page = operator.page
    press(operator, "Следующий клиент")
    operator.state_is("ready")
    press(operator, "Позвонить")
    operator.state_is("ringing")
    with operator.expecting(422):
        operator.button("Не отвечает").click()
        operator.sees("ещё", "#step")
    operator.state_is("ringing")
    operator.system.clock.forward(30)
    operator.button("Не отвечает").click()
    operator.state_is("done")
    operator.sees("Следующий звонок", "#step")
    expect(page.get_by_role("link", name="Исправить")).to_be_visible()


def names_another_time(operator: Operator) -> str:
    """A day whose time was not chosen is refused: the time still marked is one of the day before, out of sight."""
    page = operator.page
    press(operator, "Следующий клиент")
    press(operator, "Позвонить")
    press(operator, "Клиент ответил")
    operator.step_is("Приветствие")
    press(operator, "Нет, неудобно")
    operator.step_is("Перезвон")
    nothing_is_dead(page)
    page.locator("#day-3").check()
    with operator.expecting(422):
        press(operator, "Перезвонить")
        operator.sees("Выберите время перезвона в этот день.", "#step")
    page.locator("#day-3").check()
    slot = page.locator('[data-day="3"] input').nth(1)
    at = slot.get_attribute("value")
    assert at is not None
    slot.check()
    press(operator, "Перезвонить")
    operator.state_is("done")
    operator.sees("Следующий звонок", "#step")
    return at


def rests_and_leaves(operator: Operator) -> None:
    press(operator, "Пауза")
    operator.state_is("paused")
    nothing_is_dead(operator.page)
    press(operator, "Вернуться на линию")
    operator.state_is("ready")
    follow(operator, "Вернуть в очередь")
    operator.step_is("Почему не звоним сейчас?")
    follow(operator, "Вернуться")
    operator.state_is("ready")
    operator.end_shift()
    nothing_is_dead(operator.page)


def test_calls_walk_by_forms_alone(system: System, visit: Callable[..., Any]) -> None:
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title="Волна")
        login = factories.member(session, campaign).login
        for _ in range(4):
            factories.respondent(session, campaign)
    system.clock.forward(3600 * 2)
    operator: Operator = visit(Operator, scripts=False)
    operator.open("/login")
    operator.page.locator("#f-login").fill(login)
    operator.page.locator("#f-password").fill(factories.PASSWORD)
    operator.press("Enter")
    operator.state_is("no_shift")
    nothing_is_dead(operator.page)
    press(operator, "Начать смену")
    is_surveyed_with_a_question_between(operator)
    does_not_answer(operator)
    at = names_another_time(operator)
    rests_and_leaves(operator)

    with system.app.app_context():
        session = db.session()
        calls = session.scalars(select(CallAttempt).order_by(CallAttempt.dialled_at)).all()
        assert [call.disposition for call in calls] == ["surveyed", "no_answer", "callback"]
        assert calls[0].ring_ms is not None and calls[0].break_ms >= 0
        interview = session.scalars(select(Interview)).one()
        assert (interview.rating, interview.words) == (7, "Ждали неделю")
        assert len(session.scalars(select(InterviewReason)).all()) == 2
        assert session.scalars(select(Escalation.text)).all() == [QUESTION]
        assert at
