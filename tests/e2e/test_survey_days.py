"""Simulated days of a survey, as its people live them: base in, calls by the script, escalation out, Excel out.

One clock is set forward; everything else is real: Chromium, HTTP, database, Redis, workers, mail server, workbooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from nps.extensions import db
from tests import factories
from tests.e2e import calls
from tests.e2e.calls import FOREIGN, QUESTION, SMALL, SURVEY, World, at
from tests.e2e.people import Operator, Person
from tests.e2e.system import System
from tests.e2e.workbooks import BASE, LETTER, check_small_workbook, check_survey_workbook

MAILBOX = "k.service@u-energo.ru"

SMALL_BASE = [
    ["ОП", "ИНН", "Наименование организации", "ФИО контактного лица", "Телефон"],
    ["Ижевск", "1897309111", "ООО «Молчун»", "Тихонов Пётр Ильич", "+7 912 000-10-01"],
    ["Ижевск", "1851884479", "ООО «Некогда»", "Быстрова Анна Петровна", "8 (912) 000-10-02"],
    ["Ижевск", "5973022713", "ООО «Слово»", "Речкин Олег Иванович", "89120001003"],
]


@pytest.fixture
def world(system: System) -> World:
    """A customer with two campaigns, his people, those of the call centre, and a stranger's campaign."""
    with system.app.app_context():
        session = db.session()
        contract = factories.contract(session)
        survey = factories.campaign(session, contract_id=contract.id, title=SURVEY, escalation_email=MAILBOX)
        small = factories.campaign(
            session, contract_id=contract.id, title=SMALL, script_version_id=survey.script_version_id
        )
        stranger = factories.contract(session, customer_id=factories.customer(session, "Посторонние").id)
        foreign = factories.campaign(session, contract_id=stranger.id, title=FOREIGN)
        for role, name in [("specialist", "Ирина Кузнецова"), ("customer", "Павел Заказчиков")]:
            factories.user(session, role, login=role, full_name=name, customer_id=contract.customer_id)
        factories.user(session, "manager", login="manager", full_name="Нина Руководова")
        for login, name in [("olga", "Ольга Маркова"), ("vera", "Вера Тихая")]:
            operator = factories.user(
                session, "operator", login=login, full_name=name, spoken_name=name.split()[0], gender="female"
            )
            for campaign in (survey, small):
                factories.member(session, campaign, operator)
        return World(survey.id, small.id, foreign.id)


Visit = Callable[..., Any]


def comes(visit: Visit, who: str) -> Any:
    """Somebody opens a browser and logs in."""
    person = visit(Operator if who == "olga" else Person)
    person.log_in(who, factories.PASSWORD)
    return person


def test_two_days_of_a_survey(system: System, world: World, visit: Visit, tmp_path: Path) -> None:
    system.clock.set(at("17 08:30"))
    specialist = comes(visit, "specialist")
    load_base(specialist, world.survey, BASE, 1200)
    load_base(specialist, world.small, small_base(tmp_path), 3)
    load_again(specialist, world.survey)
    specialist.leave()

    system.clock.set(at("17 08:50"))
    manager = comes(visit, "manager")
    manager.open(f"/campaigns/{world.survey}/clients")
    manager.sees("1 200")
    manager.leave()

    system.clock.set(at("17 10:20"))
    operator = comes(visit, "olga")
    operator.start_shift(SURVEY)
    calls.gives_ten(operator, world)
    calls.gives_seven_with_reasons(operator, world)
    calls.gives_three_and_complains(operator, world)
    calls.refuses(operator)
    callback = calls.asks_to_call_tomorrow(operator)
    calls.somebody_else_answers(operator)
    calls.number_is_dead(operator)
    calls.asks_something_else(operator, world)
    operator.end_shift()
    letter_arrives_once(system, world)

    system.clock.set(at("17 11:39:30"))
    operator.start_shift(SMALL)
    silent = calls.does_not_answer_at_first(operator)
    calls.has_no_time_at_all(operator)
    calls.window_closes_before_the_dial(operator)
    again_at = calls.does_not_answer_after_the_break(operator, silent)
    calls.the_last_one_is_content(operator, world)
    operator.end_shift()
    calls.evening_says_when(operator)

    system.clock.set(again_at)
    operator = comes(visit, "olga")
    operator.start_shift(SMALL)
    calls.is_unsuccessful_at_the_third_call(operator, silent)
    operator.end_shift()
    system.clock.set(callback["at"] - timedelta(minutes=1))
    system.sweep()
    operator.start_shift(SURVEY)
    calls.promise_is_kept_before_all_others(operator, callback["card"], world)
    operator.end_shift()
    operator.leave()

    system.clock.set(at("18 15:00"))
    specialist = comes(visit, "specialist")
    works_through_the_escalation(specialist, world)
    specialist.leave()

    manager = comes(visit, "manager")
    identity = "1 200 клиентов = 5 опрошены + 1 отказался + 0 неуспешных + 1 неактивный + 0 не успели + 1 193 осталось"
    report_says(manager, world.survey, identity)
    check_survey_workbook(take_workbook(manager, world.survey, tmp_path), world)
    report_says(
        manager,
        world.small,
        "3 клиента = 1 опрошен + 1 отказался + 1 неуспешный + 0 неактивных + 0 не успели + 0 осталось",
    )
    check_small_workbook(take_workbook(manager, world.small, tmp_path), world)
    manager.leave()

    customer = comes(visit, "customer")
    report_says(customer, world.survey, identity)
    with customer.expecting(404):
        assert customer.open(f"/campaigns/{world.foreign}").status == 404
        assert customer.open(f"/campaigns/{world.foreign}/report.xlsx").status == 404
    assert FOREIGN not in customer.text("body")


# -- the base


def small_base(folder: Path) -> Path:
    """A workbook of three clients of one region."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in SMALL_BASE:
        sheet.append(row)
    book.save(folder / "small.xlsx")
    return folder / "small.xlsx"


def upload(specialist: Person, campaign_id: int, file: Path) -> None:
    """Choose the file, look at what was understood, have the rows checked."""
    specialist.open(f"/campaigns/{campaign_id}/base")
    specialist.page.get_by_label("выберите его").set_input_files(file)
    specialist.button("Прочитать файл").click()
    specialist.sees("Читаем книгу")
    specialist.system.work()
    specialist.sees("Как мы поняли столбцы")
    specialist.button("Проверить").click()
    specialist.system.work()
    specialist.sees("приняты как есть")


def load_base(specialist: Person, campaign_id: int, file: Path, clients: int) -> None:
    """Upload, confirm, publish: each client is in the base."""
    words = f"{clients:,}".replace(",", " ")
    upload(specialist, campaign_id, file)
    specialist.sees(f"В базу войдут {words} клиент")
    specialist.button("Загрузить").click()
    specialist.system.work()
    specialist.sees(f"{words} клиент", "main .alert")


def load_again(specialist: Person, campaign_id: int) -> None:
    """The same workbook a second time adds nothing."""
    upload(specialist, campaign_id, BASE)
    specialist.sees("Новых клиентов в файле нет")


class Rows(HTMLParser):
    """The rows of all tables of a letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.replace("\xa0", " ").strip(" ") if data != "\n" else "\n"


def letter_arrives_once(system: System, world: World) -> None:
    """One letter with the six columns, however often the workers are told of it."""
    system.work()
    system.sweep()
    (taken,) = system.smtp.taken
    assert taken.recipients == (MAILBOX,)
    message: EmailMessage = taken.message
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None and text is not None
    rows = [[cell.strip() for cell in row] for row in Rows(html.get_content()).rows]
    assert rows[rows.index(LETTER) + 1] == world.escalation
    for words in (*LETTER, *world.escalation[:4], *QUESTION.splitlines()):
        assert words in text.get_content()


# -- afterwards


def works_through_the_escalation(specialist: Person, world: World) -> None:
    """Take, note, close."""
    specialist.open(f"/campaigns/{world.survey}/escalations")
    specialist.sees(world.escalation[0])
    specialist.button("Взять").click()
    specialist.sees("В работе")
    specialist.page.get_by_label("Заметка", exact=True).fill("Кабель есть на складе в Уфе")
    specialist.button("Добавить заметку").click()
    specialist.sees("Кабель есть на складе в Уфе")
    specialist.page.get_by_label("Что ответили и как").fill("Позвонили, кабель отложен")
    specialist.button("Записать и закрыть").click()
    specialist.sees("Закрыто")
    specialist.sees("Позвонили, кабель отложен")


def report_says(person: Person, campaign_id: int, identity: str) -> None:
    """Each client of the base stands in one of six places, in words and in a sum that holds (requirements §4)."""
    person.open(f"/campaigns/{campaign_id}")
    person.sees(identity)
    whole, *parts = (int(number.replace(" ", "")) for number in re.findall(r"\d+(?: \d{3})*", identity))
    assert whole == sum(parts)


def take_workbook(manager: Person, campaign_id: int, folder: Path) -> Workbook:
    """By the button of the report."""
    manager.open(f"/campaigns/{campaign_id}")
    with manager.page.expect_download() as download:
        manager.page.get_by_role("link", name="Выгрузить в Excel").click()
    assert download.value.suggested_filename.startswith("Отчёт — Уралэнерго")
    file = folder / f"{campaign_id}.xlsx"
    download.value.save_as(file)
    return load_workbook(file)
