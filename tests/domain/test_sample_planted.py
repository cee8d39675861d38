"""Random bases with planted faults: the header is found wherever it stands, and each fault in its row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from stdnum.ru import inn as stdnum_inn

from nps.adapters.sample_sheet import SheetRow, read
from nps.domain.sample import Decision, Fate, RowChecker, Verdict, find_header, profile
from nps.domain.search import fold

SYNONYMS = {
    "branch": ("ОП", "Подразделение", " Филиал ", "ОБОСОБЛЕННОЕ ПОДРАЗДЕЛЕНИЕ"),
    "inn": ("ИНН", "ИНН/КПП", "инн контрагента"),
    "organisation": ("Контрагент", "Наименование организации", "Клиент", "Название компании"),
    "contact": ("Контакт", "Контактное лицо", "Ф.И.О."),
    "phone": ("Тел.", "Телефон", "Контактный телефон", "Моб. телефон"),
    "email": ("e-mail", "Эл. почта", "Электронная почта"),
}
OTHERS = ("№ п/п", "Менеджер", "Сумма", "Дата договора", "")
BRANCHES = {"Уфа": "02", "Ижевск ОП": "18", "г. Казань": "16", "Чебоксары": "21", "Пермь": "59"}
DECISIONS = {fold(name): Decision(region="perm") for name in BRANCHES} | {"атлантида": Decision(outside=True)}
Row = dict[str, str]


@dataclass(frozen=True)
class Fault:
    """What is done to a good row, and what has to be said of it."""

    spoil: Callable[[Row], Row]
    fate: Fate
    field: str = ""
    reason: str = ""


def put(**cells: str) -> Callable[[Row], Row]:
    return lambda row: row | cells


def change(code: str, how: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {code: how(row[code])}


def wrong_sum(inn: str) -> str:
    return inn[:-1] + str((int(inn[-1]) + 1) % 10)


FAULTS = {
    "none": Fault(dict, Fate.ACCEPTED),
    "spaces": Fault(change("inn", lambda text: f"\xa0{text} "), Fate.ACCEPTED),
    "float": Fault(change("phone", lambda text: f"8{text[2:]}.0"), Fate.ACCEPTED),
    "direction marks": Fault(change("phone", lambda text: f"\u202a{text}\u202c"), Fate.ACCEPTED),
    "extension": Fault(change("phone", lambda text: f"{text} доб. 12"), Fate.ACCEPTED),
    "kpp": Fault(change("inn", lambda text: f"{text}/180001001"), Fate.CORRECTED, "inn", "КПП"),
    "leading zero": Fault(lambda row: row, Fate.CORRECTED, "inn", "ведущий ноль"),
    "letter": Fault(change("phone", lambda text: text.replace("0", "О", 1)), Fate.CORRECTED, "phone", "буква"),
    "two numbers": Fault(change("phone", lambda text: f"{text}; 83472000000"), Fate.CORRECTED, "phone", "запасной"),
    "side by side": Fault(change("phone", lambda text: f"{text} 83472000000"), Fate.CORRECTED, "phone", "запасной"),
    "capitals": Fault(change("contact", str.upper), Fate.CORRECTED, "contact", "прописными"),
    "markup": Fault(change("contact", lambda text: f"<b>{text}</b>"), Fate.CORRECTED, "contact", "разметка"),
    "bad mail": Fault(put(email="a@@b"), Fate.CORRECTED, "email", "Почта с ошибкой"),
    "no phone": Fault(put(phone=""), Fate.REJECTED, "phone", "Телефон не указан"),
    "short phone": Fault(put(phone="00-11-22"), Fate.REJECTED, "phone", "не хватает цифр"),
    "foreign phone": Fault(put(phone="+375 29 000-11-22"), Fate.REJECTED, "phone", "не российский"),
    "rounded phone": Fault(put(phone="8,9E+10"), Fate.REJECTED, "phone", "Excel округлил"),
    "wrong sum": Fault(change("inn", wrong_sum), Fate.REJECTED, "inn", "Контрольная сумма"),
    "words for an inn": Fault(put(inn="нет данных"), Fate.REJECTED, "inn", "только цифры"),
    "no organisation": Fault(put(organisation=""), Fate.REJECTED, "organisation", "Нет названия"),
    "outside": Fault(put(branch="Атлантида"), Fate.REJECTED, "branch", "вне пяти регионов"),
    "totals": Fault(lambda _: {code: "" for code in SYNONYMS} | {"branch": "Итого:"}, Fate.EMPTY, "", "итогов"),
    "empty": Fault(lambda _: dict.fromkeys(SYNONYMS, ""), Fate.EMPTY),
}


def good(number: int, branch: str, *, zero_lost: bool) -> Row:
    """A client like no other. An INN that can lose its zero is of Bashkiria."""
    region = "02" if zero_lost else BRANCHES[branch]
    inn = f"{region}{number:07d}"
    inn += stdnum_inn.calc_company_check_digit(inn)
    return {
        "branch": branch,
        "inn": inn[1:] if zero_lost else inn,
        "organisation": f"ООО «Клиент-{number}»",
        "contact": "Кузнецова Светлана Ильинична",
        "phone": f"+7904{number:07d}",
        "email": f"zakaz{number}@example.com",
    }


@dataclass(frozen=True)
class Planted:
    """A sheet, the row of its header, and the faults by row; None is a repetition of the row before it."""

    rows: list[list[str]]
    header_row: int
    faults: dict[int, str | None]


@st.composite
def bases(draw: st.DrawFn) -> Planted:
    above = draw(
        st.lists(st.sampled_from([[], ["Список клиентов для опроса"], ["", "Период:", "октябрь"]]), max_size=6)
    )
    titles = [(code, draw(st.sampled_from(words))) for code, words in SYNONYMS.items()]
    titles += [("", title) for title in draw(st.lists(st.sampled_from(OTHERS), max_size=3))]
    titles = draw(st.permutations(titles))
    rows = [*above, [title for _, title in titles]]
    header_row = len(rows)
    faults: dict[int, str | None] = {}
    last: Row | None = None
    for number in range(1, draw(st.integers(2, 12))):
        name = draw(st.sampled_from([*FAULTS, *(["repeated"] if last else [])]))
        if name == "repeated" and last:
            row = last
        else:
            branch = draw(st.sampled_from(sorted(BRANCHES)))
            row = FAULTS[name].spoil(good(number, branch, zero_lost=name == "leading zero"))
            last = row if FAULTS[name].fate in (Fate.ACCEPTED, Fate.CORRECTED) else None
        rows.append([row[code] if code else "что-то" if last else "" for code, _ in titles])
        faults[len(rows)] = None if name == "repeated" else name
    return Planted(rows, header_row, faults)


def judged(numbered: list[tuple[int, Any]]) -> tuple[int, dict[int, Verdict]]:
    """The row taken for the header, and the verdict on each row below it."""
    header = find_header(numbered)
    assert header is not None
    assert profile(numbered, header).first_row == header.row + 1
    checker = RowChecker(header, DECISIONS)
    found = [checker.check(number, cells) for number, cells in numbered if number > header.row]
    return header.row, {verdict.row_no: verdict for verdict in [*found, *checker.rest()] if verdict}


def each_is_found(base: Planted, numbered: list[tuple[int, Any]]) -> None:
    header_row, verdicts = judged(numbered)
    assert header_row == base.header_row
    for number, name in base.faults.items():
        verdict = verdicts.get(number)
        if verdict is None:  # nothing stands in the row, so no reader gives it
            assert name is not None and FAULTS[name].fate is Fate.EMPTY
            continue
        if name is None:
            assert verdict.fate is Fate.DUPLICATE and base.faults[verdict.same_as_row or 0] is not None
            continue
        fault = FAULTS[name]
        assert verdict.fate == fault.fate, f"{name}: {verdict.reason}"
        assert fault.reason in verdict.reason, f"{name}: {verdict.reason}"
        named = verdict.faulty if fault.fate is Fate.REJECTED else verdict.changed
        assert named == ((fault.field,) if fault.field else ()), name


@settings(deadline=None)
@given(bases())
def test_each_planted_fault_is_found_in_its_row_and_nowhere_else(base: Planted) -> None:
    each_is_found(base, list(enumerate(base.rows, 1)))


@settings(deadline=None, max_examples=10)
@given(bases(), st.randoms(use_true_random=False))
def test_the_same_is_found_in_a_workbook_with_numbers_as_excel_keeps_them(base: Planted, rnd: Random) -> None:
    """Some cells of digits are numbers, as int or float: they come back as the digits that were typed."""
    book = Workbook()
    for number, cells in enumerate(base.rows, 1):
        for column, text in enumerate(cells, 1):
            plain = text.isascii() and text.isdigit() and not text.startswith("0")
            value = rnd.choice((text, int(text), float(text))) if plain else text
            book.worksheets[0].cell(number, column, value or None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.xlsx"
        book.save(path)
        numbered = [(event.number, event.cells) for event in read(path) if isinstance(event, SheetRow)]
    each_is_found(base, numbered)
