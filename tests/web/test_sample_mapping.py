"""The page of the columns: the sheet as it looks, choices that redraw it, sheets taken and left, all rows counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session

from nps.web.sample.mapping import letter
from tests import factories
from tests.services.loading import MESSY
from tests.web.test_sample import as_shown, uploaded, work

CASES = Path(__file__).parent.parent / "data" / "base_cases"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def manager(login: Callable[..., FlaskClient]) -> FlaskClient:
    return login("manager")


@pytest.fixture
def base(session: Session) -> str:
    campaign = factories.campaign(session)
    session.commit()
    return f"/campaigns/{campaign.id}/base"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    assert [letter(index) for index in (0, 25, 26, 59)] == ["A", "Z", "AA", "BH"]


def test_the_sheet_is_shown_with_what_its_rows_are_and_become(manager: FlaskClient, base: str) -> None:
    page = text_of(manager.get(uploaded(manager, base, MESSY)).text)
    assert "4 заголовки" in page and "5 клиент" in page
    assert re.search(r"Строка \d+ станет:", page)
    counted = re.search(r"Лист «Выгрузка 1С», (\d+) строк\w* = (\d+) с клиентами((?: \+ \d+ [^+.]+)+)\.", page)
    assert counted is not None
    rest = [int(number) for number in re.findall(r"\+ (\d+)", counted[3])]
    assert int(counted[1]) == int(counted[2]) + sum(rest)


def test_each_choice_redraws_and_nothing_is_kept(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, MESSY)
    before = manager.get(address).text
    fields = as_shown(before)
    email = next(name for name, values in fields.items() if values == ["email"])
    contact = next(name for name, values in fields.items() if values == ["contact"])
    answer = manager.post(f"{address}/columns", data=fields | {email: [""], "redraw": "1"}, headers=HTMX)
    assert answer.status_code == 200
    assert "без почты" in answer.text and "<html" not in answer.text
    assert as_shown(answer.text)[email] == [""]
    answer = manager.post(f"{address}/columns", data=fields | {email: ["contact"], "redraw": "1"})
    assert "соединим" in answer.text
    answer = manager.post(f"{address}/columns", data=fields | {contact: [""], "redraw": "1"})
    assert answer.status_code == 200
    answer = manager.post(f"{address}/columns", data={"column-0": "email", "redraw": "1"})
    assert answer.status_code == 200 and "ОП всей базы" in answer.text
    assert as_shown(manager.get(address).text) | {"form_key": []} == fields | {"form_key": []}


def test_a_sheet_is_taken_and_left_by_one_press(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, (CASES / "74_archive_sheet_longer.xlsx").read_bytes())
    page = manager.get(address).text
    assert "Проверить 6 строк" in page and "не взят: 31 строка" in text_of(page)
    chosen = {"chosen": "1", "sheet": "1", "row": "1"}
    assert manager.post(f"{address}/place", data=chosen | {"with": ["2", "1", "x"]}).status_code == 303
    page = manager.get(address).text
    assert "Проверить 36 строк" in page and "взят: 31 строка" in text_of(page)
    assert manager.post(f"{address}/place", data=chosen).status_code == 303
    assert "Проверить 6 строк" in manager.get(address).text
    refused = manager.post(f"{address}/place", data=chosen | {"with": "0"})
    assert refused.status_code == 422 and "На листе «Инструкция» не нашлось" in refused.text


def test_hidden_rows_are_said_and_may_be_left(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, (CASES / "16_hidden_filtered_rows.xlsx").read_bytes())
    page = manager.get(address).text
    assert "Не загружать скрытые строки" in page
    fields = as_shown(page) | {"without_unseen": "1", "redraw": "1"}
    redrawn = text_of(manager.post(f"{address}/columns", data=fields).text)
    assert re.search(r"\+ \d+ скрыт", redrawn)


class TestTextFiles:
    TABLE = "ОП;ИНН;Организация;Контакт;Телефон\nИжевск;;ООО «Проба, сын»;Зорин Пётр;+79120000001\n"

    def told(self, manager: FlaskClient, address: str, encoding: str, separator: str) -> str:
        said = {"sheet": "0", "row": "1", "encoding": encoding, "separator": separator}
        answer = manager.post(f"{address}/place", data=said)
        assert answer.status_code == 303, answer.text
        work(address)
        return text_of(manager.get(address).text)

    @pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-16", "cp866"])
    def test_a_person_says_how_it_is_written(self, manager: FlaskClient, base: str, encoding: str) -> None:
        address = uploaded(manager, base, self.TABLE.replace("«", "").replace("»", "").encode(encoding))
        wrong = self.told(manager, address, "cp866" if encoding != "cp866" else "cp1251", ",")
        assert "Строка 2 станет" not in wrong
        right = self.told(manager, address, encoding, ";")
        assert "Строка 2 станет: Ижевск ООО Проба, сын" in right
        assert "Ижевск" in self.told(manager, address, "", "")

    def test_any_choice_shows_a_picture_and_none_ends_the_load(self, manager: FlaskClient, base: str) -> None:
        address = uploaded(manager, base, self.TABLE.encode())
        for encoding in ("cp1251", "utf-8", "utf-16", "cp866"):
            for separator in (";", ",", "\t"):
                assert "Как мы поняли столбцы" in self.told(manager, address, encoding, separator)

    def test_one_that_could_not_be_read_is_read_as_a_person_says(self, manager: FlaskClient, base: str) -> None:
        address = uploaded(manager, base, "Организация\nООО «Проба»\n".encode())
        page = manager.get(address).text
        assert "текст без столбцов" in page and re.search("Прочитать «.+» иначе", page)
        assert "ООО «Проба»" in self.told(manager, address, "utf-8", ";")

    def test_a_workbook_that_could_not_be_read_has_no_encoding(self, manager: FlaskClient, base: str) -> None:
        book = Workbook()
        book.worksheets[0].cell(1, 1_000, "край")
        file = BytesIO()
        book.save(file)
        page = manager.get(uploaded(manager, base, file.getvalue())).text
        assert "правее" in page and "Кодировка" not in page

    def test_the_rows_go_back_as_they_were_read(self, manager: FlaskClient, base: str) -> None:
        address = uploaded(manager, base, self.TABLE.replace("«", "").replace("»", "").encode("cp866"))
        self.told(manager, address, "cp866", ";")
        assert manager.post(f"{address}/columns", data=as_shown(manager.get(address).text)).status_code == 303
        work(address)
        book = load_workbook(BytesIO(manager.get(f"{address}/marked").data))
        assert book.worksheets[0]["C2"].value == "ООО Проба, сын"

    def test_a_workbook_has_no_encoding(self, manager: FlaskClient, base: str) -> None:
        address = uploaded(manager, base, MESSY)
        assert "Кодировка" not in manager.get(address).text
        said = {"sheet": "0", "row": "4", "separator": ";"}
        for encoding in ("cp1251", "cp437"):
            assert manager.post(f"{address}/place", data=said | {"encoding": encoding}).status_code == 422
