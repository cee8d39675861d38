"""The pages of a stop list from a file: upload, receipt, entering, finding, taking out."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from tests import factories
from tests.services.test_stop_file import INN, book


@pytest.fixture
def manager(login: Callable[..., FlaskClient]) -> FlaskClient:
    return login("manager")


@pytest.fixture
def page(session: Session) -> str:
    campaign = factories.campaign(session)
    session.commit()
    return f"/campaigns/{campaign.id}/settings/stop-list"


def sent(manager: FlaskClient, page: str, content: bytes, name: str = "стоп.xlsx") -> str:
    answer = manager.post(f"{page}/file", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_list_is_read_shown_entered_found_and_taken_out(manager: FlaskClient, page: str) -> None:
    rows = [(f"8912{n:07d}", "") for n in range(250)]
    receipt = sent(manager, page, book(("Телефон", "Причина"), *rows, ("8912", "мало")))
    shown = text_of(manager.get(receipt).text)
    assert "250 строк внесётся" in shown and "1 строка не понята" in shown and "не хватает цифр" in shown
    assert "Страница 1 из 3" in text_of(manager.get(f"{receipt}?show=all").text)
    entered = manager.post(receipt, data={"reason": "письмо 12"}, follow_redirects=True)
    assert "внесено 250 записей" in text_of(entered.text)
    assert "Вносить нечего" in manager.get(receipt).text

    listed = text_of(manager.get(page).text)
    assert "Показаны последние 100, действует всего 250" in listed and "письмо 12" in listed
    found = manager.post(f"{page}/search", data={"text": "8 912 000-01-23"}, follow_redirects=True)
    assert "Найдено 1," in text_of(found.text) and "+7 912 000-01-23" in found.text
    nobody = manager.post(f"{page}/search", data={"text": "Лес"}, follow_redirects=True)
    assert "Такой записи нет" in nobody.text
    out = load_workbook(BytesIO(manager.get(f"{page}.xlsx").data)).worksheets[0]
    assert out.max_row == 251


def test_which_of_number_and_inn_is_meant_is_chosen_on_the_receipt(manager: FlaskClient, page: str) -> None:
    receipt = sent(manager, page, book(("ИНН", "Телефон"), (INN, "89120000001")))
    asked = manager.get(receipt).text
    assert "Выберите, что вносить" in asked and "Внести 1" not in asked
    refused = manager.post(receipt, data={"reason": "письмо"})
    assert refused.status_code == 422
    assert "В файле и номера, и ИНН" in refused.text
    chosen = next(link for link in re.findall(r'href="([^"]+)"', asked) if "taken_by=inn" in link)
    page_of_inns = manager.get(unescape(chosen)).text
    assert f"ИНН {INN}" in page_of_inns and "Внести 1 запись" in page_of_inns
    entered = manager.post(receipt, data={"taken_by": "inn", "reason": ""}, follow_redirects=True)
    assert "внесена 1 запись" in text_of(entered.text)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<html><body>1</body></html>", "стоп.xls", "Это веб-страница"),
        (b"", "стоп.csv", "Файл пустой"),
        (book(), "стоп.xlsx", "нет заполненных строк"),
        ("\n".join(f"8912{n:07d}" for n in range(20_001)).encode(), "стоп.csv", "больше 20 000 строк"),
    ],
)
def test_what_is_no_list_is_refused_beside_the_field(
    manager: FlaskClient, page: str, content: bytes, name: str, words: str
) -> None:
    answer = manager.post(f"{page}/file", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 422
    assert words in text_of(answer.text)


def test_a_file_that_is_gone_says_so(manager: FlaskClient, page: str) -> None:
    answer = manager.get(f"{page}/file/{page.split('/')[2]}-{'0' * 32}")
    assert answer.status_code == 422
    assert "Файл на сервере не найден" in answer.text
