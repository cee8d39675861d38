from dataclasses import replace
from datetime import UTC, date, time

import pytest

from nps.domain.calling_window import (
    SpecialDay,
    Window,
    always_open,
    days_off_of,
    region_holidays,
    russian_holidays,
)
from nps.domain.local_time import ZONES

from .build import at, calendar, shown


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("09:59:59", False),
        ("10:00", True),
        ("11:59:59", True),
        ("12:00", False),
        ("13:59:59", False),
        ("14:00", True),
        ("17:59:59", True),
        ("18:00", False),
    ],
)
def test_a_window_is_open_from_its_opening_to_just_before_its_close(clock, is_open):
    assert calendar().is_open(at(18, clock)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ((18, "11:00"), "18 11:00"),
        ((18, "12:00"), "18 14:00"),
        ((18, "18:00"), "19 10:00"),
        ((19, "18:00"), "24 10:00"),
        ((3, "18:00"), "05 10:00"),
        ((1, "10:00"), "03 10:00"),
        ((26, "17:59"), "26 17:59"),
        ((26, "18:00"), None),
    ],
    ids=lambda value: str(value),
)
def test_the_next_opening_skips_breaks_nights_weekends_holidays_and_ends_with_the_campaign(moment, opening):
    assert shown(calendar().next_opening(at(*moment))) == opening


def test_after_thursday_the_next_calling_day_is_tuesday():
    assert calendar().next_calling_day(date(2026, 11, 19)) == date(2026, 11, 24)


def test_the_calling_days_of_the_wave_leave_out_the_public_holiday():
    days = calendar().calling_days(date(2026, 11, 1), date(2026, 11, 30))
    assert [day.day for day in days] == [3, 5, 10, 11, 12, 17, 18, 19, 24, 25, 26]


def test_a_holiday_can_be_opened_for_the_campaign_but_not_a_weekday_without_windows():
    wave = calendar()
    said = [SpecialDay(date(2026, 11, day), None, True) for day in (4, 6)]
    opened = replace(wave, days_off=days_off_of("udmurtia", wave.days_off, said))
    assert opened.is_open(at(4, "10:00"))
    assert not opened.is_open(at(6, "10:00"))


HOLIDAY, PLAIN = date(2026, 11, 4), date(2026, 11, 10)


@pytest.mark.parametrize("day", [HOLIDAY, PLAIN])
@pytest.mark.parametrize("all_regions", [None, True, False])
@pytest.mark.parametrize("own", [None, True, False])
@pytest.mark.parametrize("own_first", [True, False])
def test_the_most_specific_word_of_a_day_holds_in_whatever_order_they_were_said(day, all_regions, own, own_first):
    lines = [
        SpecialDay(day, region, word) for region, word in ((None, all_regions), ("tatarstan", own)) if word is not None
    ]
    said = [*reversed(lines)] if own_first else lines

    off = days_off_of("tatarstan", {HOLIDAY}, [SpecialDay(day, "perm", day == PLAIN), *said])

    spoken = [word for word in (own, all_regions) if word is not None]
    assert (day in off) is (not spoken[0] if spoken else day == HOLIDAY)


def test_three_zones_open_one_after_another():
    openings = {region: calendar(zone).next_opening(at(18, "00:00", zone)) for region, zone in ZONES.items()}
    assert openings["perm"] == openings["bashkiria"] == at(18, "05:00", "UTC")
    assert openings["udmurtia"] == at(18, "06:00", "UTC")
    assert openings["tatarstan"] == openings["chuvashia"] == at(18, "07:00", "UTC")


def test_the_days_own_date_is_the_regions_not_that_of_utc():
    yekaterinburg = calendar("Asia/Yekaterinburg", first=18)
    assert yekaterinburg.next_opening(at(17, "20:00", "UTC")) == at(18, "05:00", "UTC")


def test_a_demonstration_calendar_never_closes_between_its_first_and_its_last_day():
    demo = always_open("Europe/Samara", date(2026, 11, 20), date(2026, 11, 22))
    assert all(demo.is_open(at(day, clock)) for day in (20, 21, 22) for clock in ("00:00", "03:30", "23:59:59"))
    assert not demo.is_open(at(23, "00:00"))
    assert not demo.is_open(at(19, "23:59"))


def test_public_and_regional_holidays_are_known():
    assert date(2026, 11, 4) in russian_holidays([2026])
    assert date(2026, 11, 5) not in russian_holidays([2026])
    assert date(2027, 11, 6) in region_holidays("tatarstan", [2026, 2027])
    assert region_holidays("perm", [2026]) == frozenset()


def test_a_window_that_closes_before_it_opens_is_refused():
    with pytest.raises(ValueError, match="opens before"):
        Window(1, time(12), time(10))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((7, time(10), time(12)), r"^weekday is 0 \(Monday\) to 6$"),
        ((-1, time(10), time(12)), "^weekday is 0"),
        ((1, time(12), time(12)), "^a window opens before it closes$"),
        ((1, time(12), time(10)), "^a window opens before"),
    ],
)
def test_a_window_has_a_weekday_and_opens_before_it_closes(wrong, words):
    with pytest.raises(ValueError, match=words):
        Window(*wrong)
    assert Window(6, time(22), time(0)).closes == time(0), "the midnight that ends the day"


def test_openings_are_told_in_utc():
    for clock in ("11:00", "12:00"):
        assert calendar().next_opening(at(18, clock)).tzinfo is UTC
