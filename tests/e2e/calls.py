"""What happens in the calls of the simulated days: the operator's keys, and what the client says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from tests.e2e.people import Operator

SURVEY, SMALL, FOREIGN = "Уралэнерго, ноябрь 2026", "Уралэнерго, повторы", "Чужая волна"
QUESTION = "Есть ли кабель ВВГ 3х2,5?\nИ какая на него цена?"


@dataclass
class World:
    """Ids of what the administrator has prepared, and what the operator did so far, to compare the reports with."""

    survey: int
    small: int
    foreign: int
    answers: list[list[Any]] = field(default_factory=list)
    small_answers: list[list[Any]] = field(default_factory=list)
    escalation: list[str] = field(default_factory=list)


def at(text: str) -> datetime:
    """«17 11:40» on the clock of Izhevsk, where the operators sit: in November 2026, UTC+4."""
    day, clock = text.split(maxsplit=1)
    hours, minutes, *seconds = map(int, clock.split(":"))
    return datetime(2026, 11, int(day), hours, minutes, *seconds, tzinfo=UTC) - timedelta(hours=4)


# -- the desk, first campaign


def answer_row(card: dict[str, str], rating: int, influence: str = "", comment: str = "") -> list[Any]:
    """The row of the questionnaire's form that this client must have."""
    number = re.sub(r"[^+\d]", "", card["phone"])
    return [card["ОП"], card["ИНН"], card["organisation"], card["contact"], number, rating, influence, comment]


def finishes(operator: Operator, words: str) -> None:
    """«Сохранить анкету» after the farewell, and the next card."""
    operator.step_is("Прощание")
    operator.sees("Будем рады дальнейшему сотрудничеству! Всего доброго!", "#step")
    operator.system.clock.forward(4)
    operator.press("Enter")
    operator.state_is("done")
    operator.sees("Анкета сохранена", "#step")
    operator.sees(words, "#step")


def gives_ten(operator: Operator, world: World) -> None:
    """10: no question about reasons. Before the dial there is no link to call, after it there is (R8)."""
    card = operator.card()
    assert operator.page.locator('a[href^="tel:"]').count() == 0
    operator.dial()
    number = re.sub(r"[^+\d]", "", card["phone"])
    assert operator.page.locator(f'#step a[href="tel:{number}"]').count() == 1
    operator.is_answered()
    operator.sees("Вас приветствует компания Уралэнерго, отдел клиентского сервиса, специалист Ольга.", "#step")
    operator.agrees()
    operator.sees("где 1 очень ужасно и 10 превосходно.", "#step")
    operator.system.clock.forward(10)
    operator.press("Digit0")
    operator.sees("Оценка 10: вопрос о причинах не задаём.", "#step")
    finishes(operator, "Оценка 10.")
    world.answers.append(answer_row(card, 10))
    operator.next_client()


def gives_seven_with_reasons(operator: Operator, world: World) -> None:
    """7 with two prompts and the client's own words; a step back keeps what was marked."""
    card = operator.card()
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit6")
    operator.step_is("Причина оценки, оценка 6")
    operator.press("Backspace")
    operator.step_is("Оценка")
    operator.press("Digit7")
    operator.step_is("Причина оценки, оценка 7")
    operator.sees("Скажите, а что повлияло на вашу оценку?", "#step")
    operator.press("Digit2", "Digit3", "KeyR")
    operator.page.keyboard.type("Ждали неделю")
    operator.press("Enter")
    reasons = "наличие товара на складе, срок доставки товара"
    finishes(operator, f"Оценка 7. Причины: {reasons}. «Ждали неделю»")
    influence = "наличие товара на складе; срок доставки товара; Ждали неделю"
    world.answers.append(answer_row(card, 7, influence))
    operator.next_client()


def gives_three_and_complains(operator: Operator, world: World) -> None:
    """The complaint breaks in and returns to its step; what was typed before is still there."""
    card = operator.card()
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit3")
    operator.step_is("Причина оценки, оценка 3")
    operator.press("Digit5", "Semicolon")
    operator.step_is("Жалоба или негатив")
    operator.sees("Да, возможно такая проблема есть. Мы работаем над этим.", "#step")
    operator.system.clock.forward(25)
    operator.press("Escape")
    operator.step_is("Причина оценки, оценка 3")
    operator.press("KeyR")
    operator.page.keyboard.type("=Дорого")
    operator.press("Enter")
    finishes(operator, "Оценка 3.")
    world.answers.append(answer_row(card, 3, "чистота филиала; =Дорого"))
    operator.next_client()


def refuses(operator: Operator) -> None:
    operator.dial()
    operator.is_answered()
    operator.press("KeyJ")
    operator.step_is("Отказ от опроса")
    operator.sees("всего доброго! Будем рады дальнейшему сотрудничеству", "#step")
    operator.press("Digit2")
    operator.state_is("done")
    operator.sees("Клиент больше не получит звонков этой волны.", "#step")
    operator.next_client()


def asks_to_call_tomorrow(operator: Operator) -> dict[str, Any]:
    """The script proposes tomorrow afternoon, and the desk has chosen it already."""
    card = operator.card()
    operator.dial()
    operator.is_answered()
    operator.press("Digit2")
    operator.step_is("Перезвон")
    operator.sees("Вам будет удобно завтра во второй половине дня?", "#step")
    slot = operator.page.locator('#step input[name="at"]:checked').get_attribute("value")
    assert slot is not None
    operator.press("Enter")
    operator.state_is("done")
    operator.sees("Следующий звонок завтра в 14:00 у клиента", "#step")
    operator.next_client()
    return {"card": card, "at": datetime.fromisoformat(slot)}


def somebody_else_answers(operator: Operator) -> None:
    operator.dial()
    operator.is_answered()
    operator.press("KeyT")
    operator.step_is("Чем закончился звонок?")
    operator.press("Digit1")
    operator.step_is("Когда застать нужного человека?")
    operator.press("Digit0")
    operator.state_is("done")
    operator.sees("Ответил другой", "#step")
    operator.sees("Следующий звонок завтра", "#step")
    operator.next_client()


def number_is_dead(operator: Operator) -> None:
    operator.dial()
    operator.press("KeyF")
    operator.step_is("Что не так с номером?")
    operator.press("Digit1")
    operator.state_is("done")
    operator.sees("нужен новый номер", "#step")
    operator.next_client()


def asks_something_else(operator: Operator, world: World) -> None:
    """«С», the question, its reply to read, the form; the survey goes on at the step it was left at."""
    card = operator.card()
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("KeyC")
    operator.step_is("О чём спрашивает клиент?")
    operator.press("Digit2")
    operator.step_is("Передать специалисту")
    operator.sees("он свяжется с вами и даст подробную информацию по наличию товара.", "#step")
    expect(operator.page.locator("#e-text")).to_be_focused()
    first, second = QUESTION.splitlines()
    operator.page.keyboard.type(first)
    operator.press("Enter")
    operator.page.keyboard.type(second)
    email = operator.page.locator("#e-email").input_value()
    phone = operator.page.locator("#e-phone").input_value()
    operator.press("Control+Enter")
    operator.step_is("Оценка")
    operator.press("Digit9")
    finishes(operator, "Оценка 9.")
    world.answers.append(answer_row(card, 9))
    world.escalation = [card["organisation"], card["ИНН"], card["contact"], phone, email, QUESTION]
    operator.next_client()


# -- the desk, the ladder


def rings_in_vain(operator: Operator) -> None:
    """«Не отвечает» opens after twenty seconds of ringing and the allowance for the connection, not before (R13)."""
    operator.dial()
    operator.time_passes(10)
    assert operator.button("Не отвечает").is_disabled()
    operator.time_passes(20)
    operator.press("KeyY")
    operator.state_is("done")
    operator.sees("Не отвечает", "#step")


def does_not_answer_at_first(operator: Operator) -> str:
    operator.state_is("ready")
    silent = operator.card()["organisation"]
    operator.system.clock.set(at("17 11:40"))
    rings_in_vain(operator)
    operator.sees("Не отвечает в 11:40 + 1 ч = 12:40, перерыв → 14:00", "#step")
    operator.next_client()
    return silent


def has_no_time_at_all(operator: Operator) -> None:
    """Not now and no other time: the second line of the script ends with a refusal."""
    operator.dial()
    operator.is_answered()
    operator.press("Digit2")
    operator.step_is("Перезвон")
    operator.press("KeyJ")
    operator.step_is("Отказ")
    operator.sees("Я Вас понял (а), всего доброго!", "#step")
    operator.press("Enter")
    operator.state_is("done")
    operator.sees("Клиент больше не получит звонков этой волны.", "#step")


def window_closes_before_the_dial(operator: Operator) -> None:
    """The card came at 11:59:30; at noon the dial is refused, and the desk says when to go on."""
    operator.system.clock.set(at("17 11:59:30"))
    operator.next_client()
    operator.state_is("ready")
    operator.system.clock.set(at("17 12:00:10"))
    with operator.expecting(422):
        operator.press("Enter")
        operator.state_is("idle")
    operator.sees("Окно звонков закрыто: у клиента 12:00. Откроется сегодня в 14:00 по времени клиента.", "#step")
    operator.sees("Следующие клиенты — сегодня в 14:00", "#step")


def does_not_answer_after_the_break(operator: Operator, silent: str) -> datetime:
    """The repeat comes before the client who was never called; then the next calling day, in the other half."""
    operator.system.clock.set(at("17 14:00:10"))
    operator.press("Enter")
    operator.state_is("ready")
    assert operator.card()["organisation"] == silent
    operator.sees("Не отвечает в 11:40 + 1 ч = 12:40, перерыв → 14:00", "section.client")
    rings_in_vain(operator)
    found = re.search(r"Следующий звонок завтра в (1[01]:\d\d) у клиента", operator.text("#step"))
    assert found is not None, operator.text("#step")
    operator.next_client()
    return at(f"18 {found[1]}:05")


def the_last_one_is_content(operator: Operator, world: World) -> None:
    card = operator.card()
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit9")
    finishes(operator, "Оценка 9.")
    world.small_answers.append(answer_row(card, 9))
    operator.next_client()
    operator.state_is("idle")
    operator.sees("Следующие клиенты — завтра в 1", "#step")


def evening_says_when(operator: Operator) -> None:
    """After the last window the desk says when the first one of tomorrow opens, by the operator's own clock."""
    operator.system.clock.set(at("17 19:05"))
    operator.start_shift(SURVEY)
    operator.state_is("idle")
    operator.sees("Следующие клиенты — завтра в 09:00: Башкирия, Пермский край.", "#step")
    operator.end_shift()
    operator.leave()


def is_unsuccessful_at_the_third_call(operator: Operator, silent: str) -> None:
    operator.state_is("ready")
    assert operator.card()["organisation"] == silent
    rings_in_vain(operator)
    operator.sees("Третий звонок без ответа: клиент неуспешный.", "#step")
    operator.next_client()
    operator.state_is("idle")
    operator.sees("В этом проекте больше некому звонить", "#step")


def promise_is_kept_before_all_others(operator: Operator, promised: dict[str, str], world: World) -> None:
    """Another client is on the desk when it reminds of the callback; that one goes back, and the promise comes first
    though hundreds wait. 8, and the client can't say why."""
    operator.state_is("ready")
    operator.sees(f"Перезвон через 1 минуту: {promised['organisation']}, 14:00 у клиента", "#desk-figures")
    operator.system.clock.forward(90)
    operator.press("KeyG")
    operator.step_is("Почему не звоним сейчас?")
    operator.press("Digit2")
    operator.sees("Просил перезвонить сегодня в 14:00", "section.client")
    operator.state_is("ready")
    assert operator.card() == promised
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit8")
    operator.step_is("Причина оценки, оценка 8")
    operator.page.locator("#comment").fill("Затрудняется ответить")
    operator.page.locator("#comment").press("Enter")
    finishes(operator, "Оценка 8.")
    world.answers.append(answer_row(promised, 8, "", "Затрудняется ответить"))
    operator.next_client()
