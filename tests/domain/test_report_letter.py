"""When the morning's letter is due: a day counts once, nothing is sent at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from nps.domain.report_letter import DAILY, WEEKLY, due_day, latest_day

ZONE = "Europe/Samara"
MONDAY = date(2026, 11, 16)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """That time of November on Samara's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=4)


@pytest.mark.parametrize(
    ("every", "now", "day"),
    [
        (DAILY, at(18, 8, 59), None),
        (DAILY, at(18, 9), date(2026, 11, 18)),
        (DAILY, at(18, 11, 59), date(2026, 11, 18)),
        (DAILY, at(18, 12), None),
        (DAILY, at(22, 9), date(2026, 11, 22)),
        (WEEKLY, at(16, 8, 59), None),
        (WEEKLY, at(16, 9), MONDAY),
        (WEEKLY, at(16, 12), None),
        (WEEKLY, at(17, 10), MONDAY),
        (WEEKLY, at(18, 11, 59), MONDAY),
        (WEEKLY, at(19, 10), None),
        (WEEKLY, at(22, 10), None),
        (WEEKLY, at(23, 9), date(2026, 11, 23)),
    ],
)
def test_a_letter_belongs_to_a_morning(every: str, now: datetime, day: date | None) -> None:
    assert due_day(every, now, ZONE, MONDAY - timedelta(days=8)) == day
    if day is not None:
        assert due_day(every, now, ZONE, day) is None
        assert latest_day(every, now, ZONE) == day


@pytest.mark.parametrize("every", [DAILY, WEEKLY])
def test_of_all_minutes_of_a_month_each_day_is_decided_once(every: str) -> None:
    now, handled, found = at(2, 0), date(2026, 10, 26), []
    while now < at(30, 0):
        day = due_day(every, now, ZONE, handled)
        if day is not None:
            found.append(day)
            handled = day
        now += timedelta(minutes=7)
    days = [date(2026, 11, number) for number in range(2, 30)]
    assert found == (days if every == DAILY else [day for day in days if day.weekday() == 0])


def test_whoever_asks_at_noon_gets_his_first_letter_the_next_time() -> None:
    assert due_day(DAILY, at(18, 11), ZONE, latest_day(DAILY, at(18, 10), ZONE)) is None
    assert due_day(DAILY, at(18, 9), ZONE, latest_day(DAILY, at(18, 8), ZONE)) == date(2026, 11, 18)
    assert due_day(WEEKLY, at(17, 11), ZONE, latest_day(WEEKLY, at(17, 10), ZONE)) is None
