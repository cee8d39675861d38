"""The beginning of a sheet as it looks, and what is counted of the whole of it."""

from __future__ import annotations

from nps.domain.sample import Decision, Fate, Header, header_at, picture, profile

TITLES = ("ОП", "ИНН", "Организация", "Контактное лицо", "Телефон", "Менеджер")
LEAD = header_at(5, TITLES)
GOOD = ("Ижевск", "", "ООО «Кабель»", "Вахрушев Тимур Ильич", "8 900 000-80-32", "Первый")
MENDED = ("Ижевск", "", "ООО «Кабель»", "ЗОРИН ПЁТР", "8 9ОО 000-80-33", "Первый")
WRONG = ("Ижевск", "", "ООО «Кабель»", "Зорин Пётр", "89", "Первый")
ABOVE = [(1, ("База",)), (2, ("Выгружено",)), (3, ("Отдел",)), (4, ("Ноябрь",)), (5, TITLES)]
KNOWN = {"ижевск": Decision(region="udmurtia", area_code="3412")}


def test_each_row_says_what_it_is() -> None:
    rows = [*ABOVE, (6, GOOD), (8, WRONG), (9, ("", "", "", "", "", "ничей")), (10, GOOD), (11, ("Итого: 3",))]
    drawn = picture(rows, LEAD, KNOWN, left={10})
    assert [(row.number, row.kind) for row in drawn.rows] == [
        (2, "above"), (3, "above"), (4, "above"), (5, "titles"),
        (6, "client"), (8, "faulty"), (9, "words"), (10, "left"), (11, "words"),
    ]  # fmt: skip
    assert [set(row.faulty) for row in drawn.rows if row.kind == "faulty"] == [{4}]
    assert drawn.worst is not None and (drawn.worst.row_no, drawn.worst.fate) == (8, Fate.REJECTED)


def test_the_worst_row_is_the_first_of_those_that_most_need_a_look() -> None:
    drawn = picture([*ABOVE, (6, GOOD), (7, MENDED), (8, MENDED)], LEAD, KNOWN)
    assert drawn.worst is not None and drawn.worst.row_no == 7


def test_local_numbers_are_completed_as_the_branch_suggests() -> None:
    drawn = picture([*ABOVE, (6, (*GOOD[:4], "20-80-32", ""))], LEAD, KNOWN)
    assert drawn.worst is not None and drawn.worst.fixed["phones"][0]["e164"] == "+73412208032"


def test_rows_with_the_name_of_a_branch() -> None:
    header = Header(1, TITLES[1:], header_at(1, TITLES[1:]).columns, grouped=True)
    drawn = picture([(1, TITLES[1:]), (2, ("Казань",)), (3, GOOD[1:])], header, {})
    assert [row.kind for row in drawn.rows] == ["titles", "group", "client"]
    assert drawn.worst is not None and drawn.worst.raw["branch"] == "Казань"


def test_without_a_column_that_must_be_there_rows_are_only_shown() -> None:
    header = Header(5, TITLES, {"organisation": (2,)})
    drawn = picture([*ABOVE, (6, GOOD)], header, {})
    assert (drawn.rows[-1].kind, drawn.worst) == ("client", None)


def test_the_beginning_is_enough() -> None:
    drawn = picture([*ABOVE, *((number, GOOD) for number in range(6, 100))], LEAD, KNOWN)
    assert [drawn.rows[0].number, drawn.rows[-1].number, len(drawn.rows)] == [2, 13, 12]


def test_every_row_that_is_not_empty_is_counted_by_what_it_is() -> None:
    below = [
        (6, GOOD), (7, ("Итого по Ижевску: 1",)), (9, TITLES[::-1]), (10, GOOD[::-1]),
        (11, ("", "", "", "", "", "")), (12, GOOD[::-1]),
    ]  # fmt: skip
    found = profile([*ABOVE, *below], LEAD, left={12})
    assert found.kinds == {"client": 2, "totals": 1, "titles": 1, "words": 1, "left": 1}
    assert found.above + 1 + sum(found.kinds.values()) == len(ABOVE) + len(below)
