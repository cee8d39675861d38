"""Kept figures: written down and read back the same, compared line by line, known by a digest."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.domain.frozen_report import (
    Cell,
    Figures,
    Row,
    Table,
    Unit,
    changes,
    digest,
    figures_from,
    period_words,
)

counts = st.integers(0, 10**6)
cells = st.one_of(
    st.builds(Cell, st.sampled_from((Unit.NUMBER, Unit.SIGNED, Unit.TRAFFIC, Unit.LENGTH)), st.none() | counts),
    st.builds(Cell, st.sampled_from((Unit.POINTS, Unit.DECIMAL)), st.none() | st.floats(-100, 100)),
    st.builds(Cell, st.just(Unit.SHARE), st.tuples(counts, counts)),
)
rows = st.builds(lambda key, label, one: Row(key, label, (one,)), st.text(max_size=8), st.text(max_size=8), cells)
tables = st.builds(
    lambda code, found, compared: Table(code, code, ("Показатель", "Значение"), tuple(found), compared),
    st.text(max_size=8),
    st.lists(rows, max_size=4, unique_by=lambda row: row.key),
    st.booleans(),
)
figures = st.lists(tables, max_size=3, unique_by=lambda table: table.code).map(lambda found: Figures(tuple(found)))


@given(figures)
def test_figures_survive_the_database_and_differ_from_themselves_in_nothing(found: Figures) -> None:
    stored = json.loads(json.dumps(found.as_json()))

    assert figures_from(stored) == found
    assert changes(found, figures_from(stored)) == ()
    assert all(cell.words for table in found.tables for row in table.rows for cell in row.cells)


def places(*lines: tuple[str, int, int]) -> Table:
    made = [Row(name, f"ОП {name}", (Cell(Unit.NUMBER, n), Cell(Unit.SIGNED, score))) for name, n, score in lines]
    return Table("branches", "По ОП", ("ОП", "Анкет", "NPS"), tuple(made))


def score(value: int, *, compared: bool = True) -> Table:
    return Table("score", "NPS", ("Показатель", "Значение"), (Row("v", "NPS", (Cell(Unit.SIGNED, value),)),), compared)


def test_changes_name_what_was_and_what_is() -> None:
    frozen = Figures((score(34), places(("Ижевск", 10, 20), ("Уфа", 4, 0))))
    live = Figures((score(-3), places(("Ижевск", 11, 20), ("Пермь", 1, 100))))

    found = [(c.table, c.name, c.was and c.was.words, c.now and c.now.words) for c in changes(frozen, live)]

    assert found == [
        ("NPS", "NPS", "+34", "−3"),
        ("По ОП", "ОП Ижевск, Анкет", "10", "11"),
        ("По ОП", "ОП Уфа, Анкет", "4", None),
        ("По ОП", "ОП Уфа, NPS", "0", None),
        ("По ОП", "ОП Пермь, Анкет", None, "1"),
        ("По ОП", "ОП Пермь, NPS", None, "+100"),
    ]


def test_a_table_for_information_is_not_compared() -> None:
    assert changes(Figures((score(34, compared=False),)), Figures((score(1),))) == ()


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(Unit.NUMBER, 1260), "1\u202f260"),
        (Cell(Unit.SIGNED, 7), "+7"),
        (Cell(Unit.POINTS, -12.93), "−12,9"),
        (Cell(Unit.DECIMAL, 12.9), "12,9"),
        (Cell(Unit.SHARE, (1499, 2000)), "74,9\xa0%"),
        (Cell(Unit.SHARE, (0, 0)), "—"),
        (Cell(Unit.TRAFFIC, 91), "1 мин 31 с"),
        (Cell(Unit.LENGTH, 48), "0:48"),
        (Cell(Unit.SIGNED, None), "—"),
    ],
)
def test_a_figure_reads_as_in_the_report(cell: Cell, words: str) -> None:
    assert cell.words == words


def test_the_digest_covers_every_word_of_it() -> None:
    said = {
        "campaign_id": 1, "kind": "period", "first": date(2026, 11, 3), "last": date(2026, 11, 9),
        "at": datetime(2026, 11, 10, 9, tzinfo=UTC), "edition": 1, "figures": {"all": [score(34).title]},
    }  # fmt: skip
    other = {
        "campaign_id": 2, "kind": "wave", "first": date(2026, 11, 4), "last": None,
        "at": datetime(2026, 11, 10, 9, 0, 1, tzinfo=UTC), "edition": 2, "figures": {"all": []},
    }  # fmt: skip

    known = digest(**said)  # type: ignore[arg-type]

    assert len({known, *(digest(**(said | {name: value})) for name, value in other.items())}) == len(other) + 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, "Вся волна"),
        (date(2026, 11, 18), date(2026, 11, 18), "18 ноября 2026"),
        (date(2026, 11, 3), date(2026, 11, 15), "3–15 ноября 2026"),
        (date(2026, 10, 28), date(2026, 11, 3), "28 октября – 3 ноября 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 декабря 2026 – 3 января 2027"),
    ],
)
def test_a_period_has_a_name(first: date | None, last: date | None, words: str) -> None:
    assert period_words(first, last) == words


def test_a_figure_is_found_by_its_table_and_line() -> None:
    found = Figures((score(34), places(("Ижевск", 10, 20))))
    assert found.table("branches").title == "По ОП"
    assert (found.whole("score", "v"), found.whole("branches", "Ижевск"), found.whole("branches", "Уфа")) == (34, 10, 0)
    with pytest.raises(KeyError):
        found.whole("gone", "v")


def test_a_share_is_no_count() -> None:
    share = Table("reach", "Охват", ("", ""), (Row("v", "Охват", (Cell(Unit.SHARE, (3, 4)),)),))
    assert Figures((share,)).whole("reach", "v") == 0


def test_a_reason_of_an_older_report_is_found_by_its_words() -> None:
    kept = Table(
        "reasons", "Причины", ("Причина", "Упоминаний"), (Row("prompt:p1", "скидки", (Cell(Unit.NUMBER, 3),)),)
    )
    now = Table(
        "reasons", "Причины", ("Причина", "Упоминаний"), (Row("said:скидки", "скидки", (Cell(Unit.NUMBER, 3),)),)
    )
    older = figures_from(Figures((kept,)).as_json())
    assert changes(older, Figures((now,))) == ()
