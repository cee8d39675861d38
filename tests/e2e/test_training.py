"""A new operator is trained from zero to admission at a real browser, and begins his first real shift (R9)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select

from nps.extensions import db
from nps.models import Campaign, Interview, Outbox, Respondent, User
from tests import factories
from tests.e2e.people import Operator, Person
from tests.e2e.system import System

Visit = Callable[..., Person]
SURVEY = "Уралэнерго, ноябрь 2026"


def prepare(system: System) -> None:
    """A survey that only admitted operators may call for, with one client, and an operator who has never called."""
    with system.app.app_context():
        campaign = factories.campaign(db.session(), title=SURVEY, admission="required")
        operator = factories.user(db.session(), "operator", login="novice", full_name="Анна Фомина", spoken_name="Анна")
        factories.member(db.session(), campaign, operator, admitted_at=None)
        factories.user(db.session(), "manager", login="manager")
        factories.respondent(db.session(), campaign)
        db.session.remove()


def chooses(operator: Operator, title: str) -> None:
    operator.open("/training")
    operator.page.get_by_role("listitem").filter(has_text=title).click()
    operator.press("Enter")
    operator.state_is("ready")
    operator.sees("Клиент выдуман", "#practice")


def calls(operator: Operator) -> None:
    operator.dial()
    operator.sees("Клиент взял трубку", "#practice")
    operator.is_answered()


def agrees(operator: Operator) -> None:
    operator.system.clock.forward(8)
    operator.press("Digit1")
    operator.step_is("Оценка")


def rates(operator: Operator, key: str) -> None:
    operator.system.clock.forward(15)
    operator.press(key)


def reads_feedback(operator: Operator, verdict: str) -> None:
    operator.state_is("done")
    operator.press("Enter")
    operator.sees("Разбор звонка")
    operator.sees(verdict)


def says_goodbye(operator: Operator) -> None:
    operator.step_is("Прощание")
    operator.system.clock.forward(4)
    operator.press("Enter")


def is_ready(operator: Operator) -> None:
    chooses(operator, "Готов говорить, оценка 10")
    calls(operator)
    operator.sees("Да, удобно. Слушаю вас.", "#practice")
    agrees(operator)
    operator.sees("Десять!", "#practice")
    rates(operator, "Digit0")
    says_goodbye(operator)
    reads_feedback(operator, "Сценарий зачтён")


def is_at_a_loss(operator: Operator) -> None:
    chooses(operator, "причины сам не назвал")
    calls(operator)
    agrees(operator)
    rates(operator, "Digit6")
    operator.step_is("Причина оценки")
    operator.sees("Вы читаете варианты", "#practice")
    operator.system.clock.forward(12)
    operator.press("Digit3", "Enter")
    says_goodbye(operator)
    reads_feedback(operator, "Сценарий зачтён")


def is_busy(operator: Operator) -> None:
    chooses(operator, "Занят, просит завтра")
    calls(operator)
    operator.system.clock.forward(8)
    operator.press("Digit2")
    operator.step_is("Перезвон")
    operator.sees("завтра после обеда", "#practice")
    operator.press("Enter")
    reads_feedback(operator, "Сценарий зачтён")


def refuses(operator: Operator) -> None:
    chooses(operator, "Отказывается")
    calls(operator)
    operator.press("KeyJ")
    operator.step_is("Отказ от опроса")
    operator.press("Digit2")
    reads_feedback(operator, "Сценарий зачтён")


def asks_about_cable(operator: Operator) -> None:
    """At first the question is passed over: the feedback says what to do, and the second try does it."""
    chooses(operator, "Спрашивает про кабель")
    calls(operator)
    agrees(operator)
    operator.sees("А кабель ВВГнг", "#practice")
    rates(operator, "Digit8")
    operator.step_is("Причина оценки")
    operator.press("Digit2", "Enter")
    says_goodbye(operator)
    reads_feedback(operator, "Ещё не зачтён")
    operator.sees("Обращение не передано")
    operator.button("Повторить").click()
    calls(operator)
    agrees(operator)
    operator.press("KeyC")
    operator.step_is("О чём спрашивает клиент?")
    operator.press("Digit2")
    operator.step_is("Передать специалисту")
    expect(operator.page.locator("#e-text")).to_be_focused()
    operator.page.keyboard.type("Кабель ВВГнг 3х2,5, 200 метров, в Березники")
    operator.press("Control+Enter")
    operator.step_is("Оценка")
    operator.sees("восемь", "#practice")
    rates(operator, "Digit8")
    operator.step_is("Причина оценки")
    operator.system.clock.forward(6)
    operator.press("Digit2", "Enter")
    says_goodbye(operator)
    reads_feedback(operator, "Сценарий зачтён")


def is_angry(operator: Operator) -> None:
    chooses(operator, "Жалуется")
    calls(operator)
    agrees(operator)
    operator.sees("у вас дорого", "#practice")
    operator.press("Semicolon")
    operator.step_is("Жалоба или негатив")
    operator.system.clock.forward(30)
    operator.press("Escape")
    operator.step_is("Оценка")
    operator.sees("Пять", "#practice")
    rates(operator, "Digit5")
    operator.step_is("Причина оценки")
    operator.system.clock.forward(6)
    operator.press("Digit8", "Enter")
    says_goodbye(operator)
    reads_feedback(operator, "Сценарий зачтён")


def lives_through_the_ladder(operator: Operator) -> None:
    chooses(operator, "Отвечает на третий звонок")
    for number in (1, 2):
        operator.dial()
        operator.sees("никто не берёт трубку", "#practice")
        operator.time_passes(40)
        operator.press("KeyY")
        reads_feedback(operator, f"Звонок {number} из 3")
        operator.press("Enter")
        operator.state_is("ready")
    assert operator.card()["Попытка"] == "3 из 3"
    calls(operator)
    agrees(operator)
    rates(operator, "Digit9")
    says_goodbye(operator)
    reads_feedback(operator, "Сценарий зачтён")


def test_an_operator_is_trained_from_zero_to_admission(system: System, visit: Visit) -> None:
    prepare(system)
    novice = visit(Operator)
    assert isinstance(novice, Operator)
    novice.log_in("novice", factories.PASSWORD)
    novice.state_is("no_shift")
    novice.sees("Начните с тренировки")
    with novice.expecting(422):
        novice.press("Enter")
        novice.sees("Вы ещё не допущены к этому проекту")
    for scenario in (is_ready, is_at_a_loss, is_busy, refuses, asks_about_cable, is_angry):
        scenario(novice)
    novice.sees("6 из 6")
    novice.sees("руководитель открывает допуск")
    lives_through_the_ladder(novice)

    manager = visit()
    manager.log_in("manager", factories.PASSWORD)
    with system.app.app_context():
        survey = db.session.scalars(select(Campaign.id).where(Campaign.title == SURVEY)).one()
        db.session.remove()
    manager.open(f"/campaigns/{survey}/settings/members")
    manager.sees("сценарии пройдены")
    manager.page.get_by_label("Допустить: Анна Фомина").check()
    manager.page.get_by_label("Основание").fill("Прошла все учебные сценарии")
    manager.button("Допустить отмеченных").click()
    manager.sees("допущен")
    manager.open(f"/campaigns/{survey}")
    manager.sees("0 из 1")

    novice.open("/desk")
    novice.end_shift()
    system.clock.set(factories.NOW)
    novice.start_shift(SURVEY)
    novice.state_is("ready")
    expect(novice.page.locator("#practice")).to_have_count(0)
    with system.app.app_context():
        outside = db.session.scalars(select(Outbox.outside)).all()
        assert outside == [False]
        interviews = select(Interview.id).join(Respondent).where(Respondent.campaign_id == survey)
        assert db.session.scalars(interviews).all() == []
        assert db.session.scalars(select(User.id).where(User.login == "novice")).one()
        db.session.remove()
