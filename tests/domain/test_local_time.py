from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nps.domain.local_time import (
    ZONES,
    clock,
    date_in,
    date_words,
    day_words,
    from_local,
    period_words,
    to_local,
    weekday_name,
    when,
)
from nps.domain.search import fold

from .build import IZHEVSK, at

NOW = at(18, "15:42")


def test_the_five_regions_have_their_zones():
    assert sorted(ZONES.values()) == [
        "Asia/Yekaterinburg", "Asia/Yekaterinburg", "Europe/Moscow", "Europe/Moscow", "Europe/Samara",
    ]  # fmt: skip


def test_an_instant_and_the_local_clock_convert_both_ways():
    instant = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
    assert clock(instant, "Europe/Samara") == "14:00"
    assert clock(instant, "Europe/Moscow") == "13:00"
    local = to_local(instant, IZHEVSK)
    assert from_local(local.date(), local.time(), IZHEVSK) == instant


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="aware"):
        to_local(datetime(2026, 11, 18, 10, 0), IZHEVSK)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ((18, "18:30"), "сегодня в 18:30"),
        ((19, "14:00"), "завтра в 14:00"),
        ((17, "14:00"), "вчера в 14:00"),
        ((24, "14:00"), "вт 24 ноября в 14:00"),
    ],
    ids=str,
)
def test_days_near_are_named_and_others_dated(moment, words):
    assert when(at(*moment), IZHEVSK, NOW) == words


def test_another_year_is_said():
    assert day_words(datetime(2027, 1, 12, 8, tzinfo=UTC), IZHEVSK, NOW) == "вт 12 января 2027 года"


def test_today_is_the_regions_day():
    late = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
    assert day_words(late, "Europe/Moscow", late) == "сегодня"
    assert day_words(late, "Asia/Yekaterinburg", NOW) == "завтра"


def test_dates_and_weekdays_in_words():
    assert date_words(date(2026, 11, 18)) == "18 ноября"
    assert weekday_name(date(2026, 11, 18)) == weekday_name(2) == "среда"


def test_spellings_of_one_name_fold_to_one_text():
    assert fold(" Ижевск\xa0 ОП\n") == fold("ИЖЕВСК ОП") == "ижевск оп"
    assert fold("Ёлкина") == fold("елкина")
    assert fold("Елкина (йод)") == "елкина (йод)"


_DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
_PERIODS = st.tuples(_DAYS, _DAYS).map(lambda days: (min(days), max(days)))
_YEAR = (date(2026, 11, 30), date(2027, 11, 30))


@given(_DAYS, _DAYS, st.integers(1900, 2200))
@example(date(2026, 11, 30), date(2027, 11, 30), 2026)
def test_two_days_never_read_the_same(one, other, this_year):
    assert (date_in(one, this_year) == date_in(other, this_year)) == (one == other)


@given(_PERIODS, _PERIODS, st.none() | st.integers(1900, 2200))
@example(_YEAR, (_YEAR[0], _YEAR[0]), 2026)
@example((_YEAR[0], _YEAR[0]), (_YEAR[1], _YEAR[1]), 2026)
def test_two_periods_never_read_the_same(one, other, this_year):
    assert (period_words(*one, this_year) == period_words(*other, this_year)) == (one == other)


def test_a_period_shows_the_years_that_it_needs():
    assert period_words(*_YEAR, 2026) == period_words(*_YEAR) == "30 ноября 2026 – 30 ноября 2027"
    assert period_words(date(2026, 11, 3), date(2026, 11, 26), 2026) == "3–26 ноября"
    assert period_words(date(2026, 11, 3), date(2026, 11, 26)) == "3–26 ноября 2026"
    assert period_words(date(2026, 10, 28), date(2026, 11, 3), 2027) == "28 октября – 3 ноября 2026"
    assert period_words(_YEAR[0], _YEAR[0], 2026) == "30 ноября"
