"""Whatever would be read aloud with its brackets is named before a script is published (R17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nps.domain.script import Complaint, ComplaintStep, Fault, Objection, Prompt, Question, Script
from nps.domain.script.placeholders import PLACEHOLDERS, dead_placeholders, needs_nameless
from tests.domain.scripts import DEFAULT, PLAIN, changed


@pytest.mark.parametrize(
    "text",
    [
        "[Имя клиента], добрый день", "{имя клиента}, добрый день", "<имя клиента>, добрый день", "(ФИО), добрый день",
        "Вас приветствует (название организации)", "Меня зовут (имя оператора", "(имя клинта), здравствуйте",
        "(Имя и отчество клиента)", "{{имя}}", "Звоню из [город]", "(ваш номер телефона)", "[имя",
        "до (даты) включительно",         "(должность)", "Здравствуйте, <клиент!",
    ],
)  # fmt: skip
def test_dead_placeholders_are_found(text: str) -> None:
    assert dead_placeholders(text, PLACEHOLDERS)
    broken = changed(PLAIN, "bye", say=text, say_no_name="До свидания!")
    assert Fault.PLACEHOLDER in {problem.fault for problem in broken.problems()}


@pytest.mark.parametrize(
    "text",
    [
        "(Имя клиента), добрый день! Меня зовут (имя оператора).", "Оцените от 1 до 10 (10 — высшая оценка).",
        "Что повлияло (например, срок доставки)?", "Спасибо :)", "Уралэнерго (Ижевск), добрый день",
    ],
)  # fmt: skip
def test_what_is_filled_in_and_what_is_said_is_none(text: str) -> None:
    assert dead_placeholders(text, PLACEHOLDERS) == []


def planted(**parts: object) -> Script:
    return replace(PLAIN, **parts)


@pytest.mark.parametrize(
    "script",
    [
        planted(questions=(Question("q", "(Имя клиента) спрашивает?", "Передам."),)),
        planted(questions=(Question("q", "Есть кабель?", "(имя оператора) передаст."),)),
        planted(complaint=Complaint((ComplaintStep("Выслушать", "Понимаю, [имя]"),))),
        planted(complaint=Complaint((ComplaintStep("Выслушать"),), (Objection("o", "Дорого", "(Имя клиента), да"),))),
        changed(PLAIN, "reasons", prompts=(Prompt("p1", "(имя оператора) груб"),)),
    ],
)
def test_where_nothing_is_filled_in_no_placeholder_may_stand(script: Script) -> None:
    assert [problem.fault for problem in script.problems()] == [Fault.PLACEHOLDER]


@pytest.mark.parametrize(
    ("say", "nameless"),
    [
        ("(Имя клиента), добрый день!", "Добрый день!"),
        ("Добрый день, (Имя клиента)! Вас приветствует Уралэнерго.", "Добрый день! Вас приветствует Уралэнерго."),
        ("Спасибо. (Имя клиента), до свидания", "Спасибо. до свидания"),
    ],
)
def test_an_address_is_left_out_for_a_client_without_a_name(say: str, nameless: str) -> None:
    assert not needs_nameless(say)
    step = replace(PLAIN.step("bye"), say=say)
    assert "".join(piece.text for piece in PLAIN.say(step, "", "Ольга")) == nameless


@pytest.mark.parametrize("say", ["Могу я услышать (Имя клиента)?", "Вы (Имя клиента)?", "Это (имя клиента), верно?"])
def test_a_name_that_is_more_than_an_address_needs_other_words(say: str) -> None:
    assert needs_nameless(say)
    assert [problem.fault for problem in changed(PLAIN, "bye", say=say).problems()] == [Fault.NAMELESS]
    assert changed(PLAIN, "bye", say=say, say_no_name="До свидания!").problems() == []


def test_the_customers_own_script_is_published() -> None:
    assert DEFAULT.problems() == []
