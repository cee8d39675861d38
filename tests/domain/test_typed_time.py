"""Days, clocks and instants that somebody typed or made up: read inside the bounds of the calendar, or not at all."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.domain.errors import AnswerError
from nps.domain.local_time import from_local, to_local
from nps.domain.script.steps import Step, StepKind
from nps.domain.typed_time import clock_of, day_of, instant_of

# What lies at and past the ends of Python's calendar, and what only looks like a time.
EDGES = (
    "0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00:00-23:59", "9999-12-31T23:59:59+23:59", "10000-01-01T00:00:00+00:00", "-2026-11-18T10:00+03:00",
    "1899-12-31T23:59:59+00:00", "2201-01-01T00:00:00+00:00", "2026-11-18T10:00:00+24:00", "2026-11-18T24:30:00+03:00",
    "2026-02-30T10:00:00+03:00", "2026-11-18T10:00:00", "2026-11-18", "",
)  # fmt: skip


@pytest.mark.parametrize("text", EDGES)
def test_an_instant_outside_the_bounds_is_none(text):
    assert instant_of(text) is None
    with pytest.raises(AnswerError, match="Выберите день и время"):
        Step(id="callback", kind=StepKind.CALLBACK, title="Перезвонить").check(text)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01", "10000-01-01", "-2026-11-18", "31.12.9999", "1.1.1"],
)
def test_a_day_outside_the_bounds_is_none(text):
    assert day_of(text) is None


@given(st.text("0123456789-+:.TZ ", max_size=40) | st.datetimes(timezones=st.timezones()).map(datetime.isoformat))
def test_whatever_is_read_can_be_moved_into_any_zone_and_a_day_further(text):
    day, at = day_of(text), instant_of(text)
    if day is not None:
        assert from_local(day + timedelta(days=1), time(0), "Asia/Yekaterinburg")
        assert from_local(day, time(0), "Pacific/Kiritimati")
    if at is not None:
        assert at.tzinfo is UTC
        assert to_local(at + timedelta(days=1), "Pacific/Kiritimati") > to_local(at, "Pacific/Pago_Pago")


def test_people_write_days_and_clocks_in_their_ways():
    assert day_of("18.11.2026") == day_of("2026-11-18") == date(2026, 11, 18)
    assert (clock_of("9:30"), clock_of("9.30"), clock_of("09:30:15")) == (time(9, 30), time(9, 30), time(9, 30, 15))
    assert [clock_of(text) for text in ("24:00", "9:60", "9", "-9:30", "٩:٣٠", "")] == [None] * 6


def test_an_instant_without_an_offset_is_the_clock_of_its_zone():
    assert instant_of("2026-11-18T14:00:00", "Europe/Samara") == datetime(2026, 11, 18, 10, tzinfo=UTC)
    assert instant_of("0001-01-01T00:00:00", "Europe/Samara") is None


def test_a_day_that_the_calendar_does_not_have_is_none():
    assert day_of("30.02.2026") is day_of("2026-02-30") is day_of("2026-13-01") is None
