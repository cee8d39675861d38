"""Bases as sales departments really send them: through the pages, each client that a person would find is loaded.

`data/base_cases` are made up; the cells of `06_phones_text.csv` say by themselves which numbers they hold.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from nps.jobs import sample as jobs
from nps.models import Campaign, ImportRow, RespondentPhone
from tests import factories

CASES = Path(__file__).parent.parent / "data" / "base_cases"
SIX = [f"+7912000000{n}" for n in range(6)]
GROUPED = ["+79120000000", "+79120000006", "+79120000001", "+79120000007", "+79120000002", "+79120000008"]
#: Layouts of the same six clients; all else about them is odd.
SIX_IN = (
    "01_1c_merged_two_row_header.xlsx", "04_branch_merged_down.xlsx", "05_inn_kpp_one_cell.xlsx",
    "09_fio_three_columns.xlsx", "12_no_header.xlsx", "14_table_at_D10.xlsx", "15_empty_columns_and_rows.xlsx",
    "16_hidden_filtered_rows.xlsx", "19_excel97.xls", "20_libre.ods", "21_cp1251.csv", "22_utf16_tab.txt",
    "23_cp1251_tab.txt", "24_utf8bom_comma.csv", "25_sep_line.csv", "26_cp866.csv", "27_quotes_unescaped.csv",
    "29_line_separators_in_cells.csv", "30_utf16le_no_bom.csv", "31_newline_in_cells.csv", "33_all_quoted.csv",
    "34_macro.xlsm", "35_1904.xlsx", "39_duplicate_headers.xlsx", "40_english.xlsx", "41_emoji.xlsx",
    "42_cell_32767.xlsx", "43_formatted_cell_row_1048576.xlsx", "47_rich_comment_dv_table.xlsx",
    "52_header_repeated.xlsx", "53_header_spellings.xlsx", "55_two_tables_below.xlsx", "58_no_branch_column.xlsx",
    "61_rows_out_of_order.xlsx", "62_rows_descending.xlsx", "64_cells_out_of_order.xlsx", "65_no_references.xlsx",
    "68_dimension_too_small.xlsx", "69_prefixed.xlsx", "75_name.xlsx", "77_branch_spellings.xlsx",
    "78_injections.xlsx", "80_out_of_order_t_before_r.xlsx",
)  # fmt: skip
#: First numbers of the clients in the order of their rows.
FOUND = {
    **dict.fromkeys(SIX_IN, SIX),
    "03_branch_as_group_rows.xlsx": GROUPED,
    "50_subtotals_and_footer.xlsx": GROUPED,
    "07_phones_numbers.xlsx": [f"+7912000020{n}" for n in range(1, 5)],
    "10_two_phone_columns.xlsx": [f"+7{'3412' if n % 2 else '9120'}00000{n}" for n in range(6)],
    "18_sheet_per_branch_no_op.xlsx": GROUPED,
    "74_archive_sheet_longer.xlsx": SIX,
    "82_two_sheets.xlsx": [f"+7912000000{n}" for n in range(9)],
    "38_inn_kinds.xlsx": [f"+791200000{n:02}" for n in (0, 1, 2, 3, 4, 5, 6, 8, 9, 11)],
    "48_foreign_and_short.xlsx": ["+73412001122", "+73412001122", "+73412112233", "+78000001122", "+78040001122"],
    "49_local_numbers_by_branch.xlsx": [
        f"+7{n}" for n in (3412001122, 3414551122, 8432001122, 3472001122, 8352201122, 3422001122)
    ],
    "51_error_cells.xlsx": [SIX[n] for n in (0, 1, 3, 4, 5)],
    "60_one_client.xlsx": SIX[:1],
}
#: What a person has to say, because no page can know it.
SAID = {"58_no_branch_column.xlsx": {"whole_branch": "Ижевск"}}
#: Row -> words of the reason, for rows that no client can be made of.
NAMED = {
    "07_phones_numbers.xlsx": {6: "округлил", 7: "округлил", 8: "лишние цифры", 9: "не хватает цифр"},
    "36_formula_phone_no_cache.xlsx": dict.fromkeys(range(2, 8), "формула без значения"),
    "38_inn_kinds.xlsx": {9: "Контрольная сумма", 12: "округлил ИНН"},
    "48_foreign_and_short.xlsx": {
        2: "Казахстан", 3: "Казахстан", 4: "+375", 5: "Казахстан", 6: "+998",
        12: "не хватает цифр", 13: "не хватает цифр", 14: "слова", 15: "не указан", 16: "не хватает цифр",
    },
    "51_error_cells.xlsx": {4: "#VALUE!"},
}  # fmt: skip
#: What is said of a file of which no base can be made.
REFUSED = {
    "44_text_in_row_1048576.xlsx": "1048576",
    "45_column_16384.xlsx": "XFD",
    "71_row_2000000.xlsx": "строк",
}
Login = Callable[..., FlaskClient]


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Files are read before any database sees them: one engine is enough."""
    return str(request.param)


class Fields(HTMLParser):
    """What the form of the columns sends when nothing in it is touched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._inside, self._select, self._first = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "form":
            self._inside = said.get("id") == "mapping"
        elif not self._inside and said.get("form") != "mapping" and not self._select:
            return
        elif tag == "select":
            self._select, self.sent[name] = name, [*self.sent.get(name, []), ""]
            self._first = ""
        elif tag == "option":
            if "selected" in said or not self._first:
                self._first = "chosen"
                self.sent[self._select][-1] = value
        elif tag == "input" and name and (said.get("type") != "checkbox" or "checked" in said):
            self.sent.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""


class Base:
    """One who loads files into a project by its pages and takes what is proposed."""

    def __init__(self, client: FlaskClient, session: Session, campaign: Campaign) -> None:
        self.client, self.session, self.pages = client, session, f"/campaigns/{campaign.id}/base"

    def uploaded(self, name: str) -> tuple[str, str]:
        """Address of the load and its page, after the worker has read the file."""
        answer = self.client.post(self.pages, data={"file": (BytesIO((CASES / name).read_bytes()), name)})
        assert answer.status_code == 303, answer.text
        return self._worked(answer.location)

    def checked(self, name: str) -> tuple[str, str]:
        """Address of the load and its receipt: what is proposed is confirmed, an unknown branch is outside."""
        address, page = self.uploaded(name)
        answer = self._confirmed(address, Fields(page).sent | SAID.get(name, {}))
        if answer.status_code == 422:  # what was said brings branches that have to be decided
            answer = self._confirmed(address, Fields(answer.text).sent)
        assert answer.status_code == 303, answer.text
        return self._worked(address)

    def _confirmed(self, address: str, fields: dict[str, Any]) -> TestResponse:
        fields["branch"] = [code or "outside" for code in fields.get("branch", [])]
        return self.client.post(f"{address}/columns", data=fields)

    def published(self, name: str) -> str:
        """Address of the load, its clients added."""
        address, _ = self.checked(name)
        assert self.client.post(f"{address}/publish").status_code == 303
        self._worked(address)
        return address

    def numbers(self) -> list[list[str]]:
        """The numbers of each client of the project, clients in the order of their rows."""
        self.session.rollback()
        found: dict[int, list[str]] = {}
        order = (RespondentPhone.respondent_id, RespondentPhone.position)
        for phone in self.session.scalars(select(RespondentPhone).order_by(*order)):
            found.setdefault(phone.respondent_id, []).append(phone.e164)
        return list(found.values())

    def reasons(self) -> dict[int, str]:
        """Row of the file -> why it is no client, for rows that hold one."""
        self.session.rollback()
        rejected = ImportRow.fate == "rejected"
        return {row.row_no: row.reason for row in self.session.scalars(select(ImportRow).where(rejected))}

    def _worked(self, address: str) -> tuple[str, str]:
        jobs.check(int(address.rsplit("/", 1)[1]))
        page = self.client.get(address)
        assert page.status_code == 200
        return address, page.text


@pytest.fixture
def base(login: Login, session: Session) -> Base:
    return Base(login("manager"), session, factories.campaign(session))


@pytest.mark.parametrize("name", FOUND)
def test_every_client_that_a_person_would_find_is_loaded(name: str, base: Base) -> None:
    base.published(name)
    assert [numbers[0] for numbers in base.numbers()] == FOUND[name]
    reasons = base.reasons()
    assert reasons.keys() == NAMED.get(name, {}).keys(), reasons
    for row, words in NAMED.get(name, {}).items():
        assert words in reasons[row]


def test_formulas_without_a_value_are_refused_row_by_row_with_that_cause(base: Base) -> None:
    _, receipt = base.checked("36_formula_phone_no_cache.xlsx")
    assert "Откройте книгу в Excel" in receipt
    for row, words in NAMED["36_formula_phone_no_cache.xlsx"].items():
        assert words in base.reasons()[row]


def test_an_archive_beside_the_base_is_named_with_its_rows(base: Base) -> None:
    _, page = base.uploaded("74_archive_sheet_longer.xlsx")
    assert "Архив не взят: 31 строка" in " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_one_receipt_explains_every_row_of_the_second_month(base: Base) -> None:
    base.published("90_month1.xlsx")
    base.checked("91_month2.xlsx")
    base.session.rollback()
    second = select(func.max(ImportRow.import_id)).scalar_subquery()
    rows = {row.row_no: row for row in base.session.scalars(select(ImportRow).where(ImportRow.import_id == second))}
    said = {row_no: row.proposal or row.fate for row_no, row in rows.items()}
    assert said == {
        2: "duplicate", 3: "proposed", 4: "asked", 5: "accepted", 6: "duplicate", 7: "accepted", 8: "proposed",
        9: "proposed", 10: "accepted", 11: "proposed", 12: "accepted", 13: "accepted", 14: "accepted",
    }  # fmt: skip
    words = {
        3: "Новый номер",
        4: "тот же человек?",
        5: "другой контакт",
        8: "ОП станет Казань",
        9: "название организации",
    }
    assert all(what in rows[row_no].reason for row_no, what in words.items())


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_no_base_can_be_made_of_is_refused_by_a_sentence(name: str, base: Base) -> None:
    _, page = base.uploaded(name)
    problem = re.search(r'id="f-file-error"[^>]*>(.*?)</span>', page, re.DOTALL)
    assert problem is not None
    assert REFUSED[name] in problem[1]
    assert base.numbers() == []


@pytest.mark.parametrize(
    ("name", "words"), [("59_header_only.xlsx", "нет строк с данными"), ("72_transposed.xlsx", "Укажите")]
)
def test_a_base_without_clients_says_so(name: str, words: str, base: Base) -> None:
    address, page = base.uploaded(name)
    refused = base.client.post(f"{address}/columns", data=Fields(page).sent)
    assert refused.status_code == 422
    assert words in refused.text
    assert base.numbers() == []


def test_every_spelling_of_a_number_is_found_with_those_that_follow_it(base: Base) -> None:
    with (CASES / "06_phones_text.csv").open(encoding="utf-8", newline="") as file:
        rows = [[row["first number"], *row["further numbers"].split()] for row in csv.DictReader(file)]
    base.published("06_phones_text.xlsx")
    assert base.numbers() == rows
