"""A stop list as customers write it: where its numbers stand, and what becomes of each row (R21)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from nps.domain.sample import Row, StopFate, stop_rows, stop_table

INN, PHONE, OTHER = "1897309111", "+79120000001", "+79120000002"


def rows(*cells: Sequence[str]) -> list[Row]:
    return [(number, list(row)) for number, row in enumerate(cells, 1)]


def fates(
    table: list[Row], kinds: Collection[str] = ("phone",), listed: Collection[str] = (), sheet: str = ""
) -> list[tuple[str, str, str]]:
    found = stop_rows(table, stop_table(table), kinds, listed, {}, sheet)
    return [(row.where, str(row.fate), row.note) for row in found]


def test_each_row_is_accounted_for() -> None:
    table = rows(
        ("Не звонить", ""), ("Телефон", "Причина"), ("89120000001", "просил"), ("89120000001", ""), ("89120000002", ""),
        ("8912", ""), ("", "что-то"), ("", "Итого"),
    )  # fmt: skip
    assert fates(table, listed={OTHER}) == [
        ("1", "empty", "Над таблицей."),
        ("2", "empty", "Заголовки."),
        ("3", "new", ""),
        ("4", "repeat", "То же, что в строке 3."),
        ("5", "listed", "Уже в стоп-листе."),
        ("6", "wrong", "В номере не хватает цифр. Нужно 10 цифр с кодом города или оператора."),
        ("7", "wrong", "Нет телефона."),
        ("8", "empty", "Строка итогов."),
    ]
    (first,) = [row for row in stop_rows(table, stop_table(table), ["phone"], (), {}) if row.where == "3"]
    assert [(entry.e164, entry.inn, entry.reason) for entry in first.new] == [(PHONE, "", "просил")]


@pytest.mark.parametrize(
    ("kinds", "entries", "note"),
    [
        (("phone",), [PHONE], ""),
        (("inn",), [INN], ""),
        (("phone", "inn"), [PHONE, INN], ""),
        ((), [], "Ждёт выбора: номера или организации."),
    ],
)
def test_of_number_and_inn_only_what_is_meant_is_taken(kinds: Sequence[str], entries: list[str], note: str) -> None:
    table = rows(("ИНН", "Телефон"), (INN, "89120000001"))
    assert stop_table(table).kinds == {"inn", "phone"}
    row = list(stop_rows(table, stop_table(table), kinds, (), {}))[1]
    assert [entry.e164 or entry.inn for entry in row.new] == entries
    assert row.note == note


def test_what_is_missing_or_wrong_is_named() -> None:
    table = rows(("ИНН", "Телефон"), ("1897309112", ""), ("-", ""), ("", "9120000001, +7 912 000"))
    assert fates(table, ("inn",))[1:] == [
        ("2", "wrong", "Контрольная сумма ИНН не сходится. Проверьте, нет ли опечатки."),
        ("3", "wrong", "Нет ИНН."),
        ("4", "wrong", "Нет ИНН."),
    ]
    both = fates(table, ("inn", "phone"), sheet="Лист 2")
    assert both[2] == ("Лист 2, 3", "wrong", "Нет ни телефона, ни ИНН.")
    assert both[3][:2] == ("Лист 2, 4", "new") and both[3][2].startswith("«7 912 000»: ")


def test_a_list_without_titles_is_known_by_its_contents() -> None:
    assert fates(rows(("89120000001",), ("89120000002",))) == [("1", "new", ""), ("2", "new", "")]
    assert stop_table(rows(("слова",), ("и ещё слова",))).kinds == frozenset()
    assert StopFate.NEW == "new"
