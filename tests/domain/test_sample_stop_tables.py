"""What the rows of a customer's stop list mean, and what becomes of each (R21)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from nps.domain.sample import StopRow, name_key, stop_rows, stop_table

LES, KABEL = "+79120006043", "1897309111"
#: Ten digits that are a number of the plan and have the sum of an INN.
MAY_BE_BOTH = "9120000009"
TITLES = ("ИНН", "Телефон", "Причина")


def read(
    *rows: tuple[str, ...],
    kinds: Collection[str] = ("phone", "inn"),
    listed: Collection[str] = (),
    sheet: str = "",
    inns: Mapping[str, Collection[str | None]] | None = None,
) -> list[StopRow]:
    numbered = list(enumerate(rows, 1))
    return list(stop_rows(numbered, stop_table(numbered), kinds, listed, {}, sheet, inns or {}))


def told(row: StopRow) -> tuple[str, list[str]]:
    return str(row.fate), [one.e164 or one.inn for one in row.new]


def test_rows_above_titles_and_sums_are_no_entries() -> None:
    rows = read(("Письмо 7",), TITLES, ("", "8 912 000-60-43", "просил"), ("", "", "Итого: 1"), sheet="Лист")
    assert [(row.where, row.note) for row in rows] == [
        ("Лист, 1", "Над таблицей."), ("Лист, 2", "Заголовки."), ("Лист, 3", ""), ("Лист, 4", "Строка итогов."),
    ]  # fmt: skip
    assert rows[2].new[0].reason == "просил"


@pytest.mark.parametrize(
    ("cells", "kinds", "fate", "note"),
    [
        (("1897309111", "8 912 000-60-43"), ("phone", "inn"), ("new", [LES, KABEL]), ""),
        (("1897309111", "8 912 000-60-43"), ("phone",), ("new", [LES]), ""),
        (("1897309111", "8 912 000-60-43; 8 950 12"), ("phone",), ("new", [LES]), "«8 950 12»"),
        (("-", ""), ("phone", "inn"), ("wrong", []), "Нет ни телефона, ни ИНН."),
        (("", ""), ("inn",), ("wrong", []), "Нет ИНН."),
        (("", ""), ("phone",), ("wrong", []), "Нет телефона."),
        (("1897309112", ""), ("inn",), ("wrong", []), "Контрольная сумма"),
        (("1897309111", ""), (), ("empty", []), "Ждёт выбора"),
    ],
)
def test_a_row_says_whom_to_stop(
    cells: tuple[str, ...], kinds: Collection[str], fate: tuple[str, list[str]], note: str
) -> None:
    row = read(TITLES, ("7707083893", "8 912 000-60-40"), cells, kinds=kinds)[-1]
    assert told(row) == fate and note in row.note


def test_what_is_listed_or_stands_above_is_not_entered_again() -> None:
    rows = read(TITLES, ("", "8 912 000-60-43"), ("", "8 912 000-60-43"), ("1897309111", ""), listed=[KABEL])
    assert [str(row.fate) for row in rows] == ["empty", "new", "repeat", "listed"]
    assert rows[2].note == "То же, что в строке 2."


@pytest.mark.parametrize("titles", [[("Телефон или ИНН",)], []])
@pytest.mark.parametrize(
    ("text", "fate", "note"),
    [
        ("8 912 000-60-43", ("new", [LES]), ""),
        ("ИНН 1897309111", ("new", [KABEL]), ""),
        ("1897309111", ("new", [KABEL]), ""),
        ("ИНН 1897309112", ("wrong", []), "Контрольная сумма"),
        (MAY_BE_BOTH, ("wrong", []), "и телефон, и ИНН"),
        ("12345", ("wrong", []), "цифр"),
    ],
)
def test_a_cell_of_a_mixed_column_says_itself_what_it_is(
    titles: list[tuple[str, ...]], text: str, fate: tuple[str, list[str]], note: str
) -> None:
    row = read(*titles, ("8 912 000-60-40", "x"), ("7707083893",), (), (text,))[-1]
    assert told(row) == fate and note in row.note


def test_an_organisation_that_is_only_named_is_looked_for_among_the_clients() -> None:
    inns = {name_key("ООО «Кабель»"): {KABEL}, name_key("Лес"): {None}, name_key("Сад"): {"1", "2"}}
    rows = read(("Организация",), ('"кабель" ООО',), ("Лес",), ("Сад",), ("Клиент",), kinds=("inn",), inns=inns)
    assert [told(row) for row in rows] == [
        ("empty", []), ("new", [KABEL]), ("wrong", []), ("wrong", []), ("wrong", []),
    ]  # fmt: skip
    assert [row.note.split(":")[0] for row in rows[1:]] == [
        f"ИНН {KABEL} взят из базы клиентов.",
        "У этой организации в базе нет ИНН",
        "Организаций с таким названием в базах несколько",
        "Такой организации нет в базах заказчика",
    ]


def test_a_table_without_any_of_it_has_nothing_to_enter() -> None:
    assert [str(row.fate) for row in read(("слова",), ("ещё слова",))] == ["wrong", "wrong"]
