"""Which sheets of a workbook are one base, and how rows of several sheets are told apart."""

from __future__ import annotations

import pytest

from nps.domain.sample import (
    Fate,
    Header,
    Part,
    Profile,
    RowChecker,
    Sheet,
    Understood,
    are_branches,
    follow,
    goes_with,
    header_at,
    is_set_aside,
    numbered_row,
    profile,
    row_of_sheet,
    row_words,
)

TITLES = ("ИНН", "Организация", "Контактное лицо", "Телефон")
LEAD = header_at(1, TITLES)
ROW = ("1897309111", "ООО «Кабель»", "Вахрушев Тимур Ильич", "8 (341) 200-80-32")


@pytest.mark.parametrize(
    "name", ["Архив", "База (копия)", "Старое", "База стар", "old", "Стоп-лист", "Не звонить", "Чёрный список"]
)
def test_sheets_kept_for_another_purpose(name: str) -> None:
    assert is_set_aside(name)


@pytest.mark.parametrize("name", ["База", "Новые клиенты", "Старый Оскол", "Казань", "Лист1", "Golden", "Прикопск"])
def test_sheets_of_the_base(name: str) -> None:
    assert not is_set_aside(name)


def test_rows_of_several_sheets_have_numbers_of_their_own() -> None:
    assert [row_of_sheet(numbered_row(*place)) for place in ((0, 7), (1, 7), (99, 200_000))] == [
        (0, 7), (1, 7), (99, 200_000),
    ]  # fmt: skip
    assert numbered_row(0, 7) == 7
    assert numbered_row(99, 200_000) < 2**31
    assert row_words(7, ["База"]) == "7"
    assert row_words(numbered_row(1, 7), ["База", "Уфа"]) == "7 листа «Уфа»"


class TestGoingTogether:
    def test_the_same_titles(self) -> None:
        assert goes_with(LEAD, header_at(4, tuple(title.upper() for title in TITLES)))

    def test_other_titles_of_the_same_fields(self) -> None:
        moved = header_at(1, ("Тел.", "Клиент", "ФИО", "ИНН"))
        assert goes_with(LEAD, moved)
        assert follow(LEAD, "База", moved, "Новые").columns == moved.columns

    def test_a_table_of_something_else(self) -> None:
        assert not goes_with(LEAD, header_at(1, ("ФИО", "Телефон")))
        staff = header_at(1, ("ФИО", "Телефон"))
        assert not goes_with(staff, header_at(1, ("Имя", "Тел")))

    def test_rows_without_titles_that_go_on_below_the_same_columns(self) -> None:
        on = Header(0, ("", "", "", ""), {"inn": (0,), "phone": (3,)})
        assert goes_with(LEAD, on)
        assert follow(LEAD, "База", on, "Лист2").columns == LEAD.columns
        assert not goes_with(LEAD, Header(0, ("", ""), {"inn": (1,), "phone": (0,)}))
        assert not goes_with(LEAD, Header(0, ("", ""), {}))

    def test_a_person_s_choice_for_the_leading_sheet_holds_for_the_same_titles(self) -> None:
        chosen = Header(1, TITLES, {"organisation": (1,), "phone": (3, 0)})
        assert follow(chosen, "База", LEAD, "Новые").columns == chosen.columns
        moved = header_at(1, TITLES[::-1])
        assert follow(chosen, "База", moved, "Новые").columns["phone"] == (0, 3)


class TestBranches:
    def test_a_column_of_them_says_it(self) -> None:
        with_branch = header_at(1, ("ОП", *TITLES))
        assert follow(with_branch, "Казань", with_branch, "Уфа").branch == ""

    def test_each_sheet_is_named_after_its_own(self) -> None:
        lead = Header(1, TITLES, LEAD.columns, "Казань")
        assert follow(lead, "Казань", LEAD, "Уфа").branch == "Уфа"
        assert follow(lead, "Казань", LEAD, "Лист 2").branch == "Казань"

    def test_one_for_the_whole_base(self) -> None:
        lead = Header(1, TITLES, LEAD.columns, "Пермь")
        assert follow(lead, "Казань", LEAD, "Уфа").branch == "Пермь"

    def test_names_of_sheets_are_branches_when_half_are_cities(self) -> None:
        assert are_branches(["Казань", "Офис Север"])
        assert not are_branches(["Казань", "Январь", "Февраль"])


def test_what_is_known_of_all_sheets() -> None:
    sheets = (Sheet("Уфа", False, 4, 2), Sheet("Казань", False, 3), Sheet("Архив", False, 9), Sheet("Пусто", False, 0))
    first = Part(0, LEAD, Profile(2, 5, (), ((),) * 4, (1, 0, 0, 2), {"Уфа": 4}, hints={"": {("inn", "perm"): 1}}))
    lead = Profile(2, 3, (), ((),) * 4, (0, 1, 0, 0), {"Уфа": 1, "Казань": 1}, hints={"": {("inn", "perm"): 2}})
    known = Understood(sheets, 1, LEAD, lead, (first,))
    assert (known.rows, known.names, known.branches) == (6, ["Уфа", "Казань"], {"Уфа": 5, "Казань": 1})
    assert known.hints == {"": {("inn", "perm"): 3}}
    assert [one.name for _, one in known.left] == ["Архив"]
    assert [known.empty_cells(column) for column in range(4)] == [1, 1, 0, 2]
    assert not known.has_too_many_branches
    assert known.unseen == 2


def test_a_hidden_row_that_is_left_says_so_with_its_cells() -> None:
    checker = RowChecker(Header(1, TITLES, LEAD.columns, grouped=True), {})
    left = checker.leave(2, ("Казань",))
    assert (left.fate, left.raw) == (Fate.EMPTY, {})
    left = checker.leave(3, ROW)
    assert (left.fate, left.raw["organisation"], left.raw["branch"]) == (Fate.EMPTY, ROW[1], "Казань")
    assert "Скрытая строка" in left.reason


def test_hidden_rows_that_are_left_count_among_the_rows_only() -> None:
    found = profile([(1, TITLES), (2, ROW), (3, ROW)], LEAD, left={3})
    assert (found.rows, found.branches, found.empty_cells) == (2, {"": 1}, (0, 0, 0, 0))


def test_a_heading_of_too_few_fields_is_a_row_like_others() -> None:
    checker = RowChecker(LEAD, {})
    odd = checker.check(2, ("ИНН", "ОП", "Контрагент", "Подразделение"))
    assert odd is not None and odd.fate is Fate.REJECTED


def test_a_client_of_another_sheet_is_repeated_by_his_sheet_and_row() -> None:
    checker = RowChecker(LEAD, {}, sheets=("База", "Новые"))
    first = checker.check(2, ROW)
    checker.turn_to(Header(0, (), LEAD.columns))
    again = checker.check(numbered_row(1, 1), ROW)
    assert first is not None and again is not None
    assert (again.fate, again.same_as_row) == (Fate.DUPLICATE, 2)
    assert "строке 2 листа «База»" in again.reason
