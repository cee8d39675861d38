import math
from datetime import UTC, date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps.domain.calling_window import CallingCalendar, Window, always_open
from nps.domain.ladder import LAST_MINUTES, Half, NextDay, half_of, hour_later, into_window, next_day

from .build import at, calendar, shown


@pytest.mark.parametrize(
    ("ended", "due", "moved"),
    [
        ((18, "10:15"), "18 11:15", ""),
        ((18, "10:54:59"), "18 11:54", ""),
        ((18, "10:55"), "18 14:00", "break"),
        ((18, "11:30"), "18 14:00", "break"),
        ((18, "12:04"), "18 14:00", "break"),
        ((18, "16:54"), "18 17:54", ""),
        ((18, "16:55"), "19 10:00", "evening"),
        ((18, "17:59"), "19 10:00", "evening"),
        ((19, "17:30"), "24 10:00", "evening"),
        ((3, "17:30"), "05 10:00", "evening"),
        ((20, "11:00"), "24 10:00", "day"),
        ((26, "17:30"), None, ""),
    ],
    ids=str,
)
def test_the_hour_is_a_minimum_and_what_falls_outside_moves_to_the_next_window(ended, due, moved):
    step = hour_later(at(*ended), calendar())
    assert (shown(step.due), step.moved) == (due, moved)
    assert step.plus_hour == at(*ended) + timedelta(hours=1)
    assert {moment.tzinfo for moment in (step.plus_hour, step.due) if moment is not None} == {UTC}


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg"])
def test_an_hour_after_half_past_eleven_is_two_o_clock_in_every_region(zone):
    step = hour_later(at(18, "11:30", zone), calendar(zone))
    assert shown(step.due, zone) == "18 14:00"


def test_the_seconds_of_the_end_are_kept_so_that_the_hour_is_full():
    assert hour_later(at(18, "10:15:30"), calendar()).due == at(18, "11:15:30")


@pytest.mark.parametrize(
    ("ended", "due"),
    [((17, "11:00"), "18 14:00"), ((17, "15:00"), "18 10:00"), ((19, "11:00"), "24 14:00"), ((3, "11:00"), "05 14:00")],
    ids=str,
)
def test_the_next_day_is_the_next_calling_day_in_the_other_half_on_a_tie(ended, due):
    assert shown(next_day(at(*ended), calendar(), {}, 0.0).due) == due


def test_the_next_day_is_in_the_half_with_fewer_attempts():
    used = {Half.MORNING: 2, Half.AFTERNOON: 1}
    assert shown(next_day(at(17, "15:00"), calendar(), used, 0.0).due) == "18 14:00"
    assert shown(next_day(at(17, "11:00"), calendar(), {Half.AFTERNOON: 2}, 0.0).due) == "18 10:00"


@pytest.mark.parametrize(
    ("ended", "spread", "due"),
    [
        ((17, "15:00"), 0.0, "18 10:00"),
        ((17, "15:00"), 0.5, "18 10:57"),
        ((17, "15:00"), 0.999, "18 11:54"),
        ((17, "11:00"), 0.25, "18 14:58"),
        ((17, "11:00"), 0.999, "18 17:54"),
    ],
    ids=str,
)
def test_clients_are_spread_over_the_half_short_of_its_last_five_minutes(ended, spread, due):
    assert shown(next_day(at(*ended), calendar(), {}, spread).due) == due


def test_a_half_to_avoid_is_avoided_whatever_the_attempts_were():
    used = {Half.AFTERNOON: 5}
    assert next_day(at(17, "11:00"), calendar(), used, 0.0, avoid=Half.MORNING).half is Half.AFTERNOON


def test_after_the_last_calling_day_there_is_no_next_day():
    assert next_day(at(26, "11:00"), calendar(), {}, 0.0) == NextDay(None, Half.AFTERNOON)


def test_a_day_with_one_half_only_is_called_in_that_half():
    mornings = tuple(Window(weekday, time(10), time(12)) for weekday in (1, 2, 3))
    only = CallingCalendar("Europe/Samara", mornings, frozenset(), date(2026, 11, 3), date(2026, 11, 26))
    step = next_day(at(17, "11:00"), only, {}, 0.5)
    assert (shown(step.due), step.half) == ("18 10:57", Half.MORNING)


def test_a_window_through_midday_is_parted_at_one_o_clock():
    whole = tuple(Window(weekday, time(10), time(18)) for weekday in (1, 2, 3))
    day = CallingCalendar("Europe/Samara", whole, frozenset(), date(2026, 11, 3), date(2026, 11, 26))
    assert shown(next_day(at(17, "11:00"), day, {}, 0.0).due) == "18 13:00"
    assert shown(next_day(at(17, "15:00"), day, {}, 0.999).due) == "18 12:59"


def test_midnight_is_no_close_for_a_calendar_that_goes_on():
    demo = always_open("Europe/Samara", date(2026, 11, 20), date(2026, 11, 22))
    assert into_window(at(20, "23:57"), demo) == at(20, "23:57")
    assert into_window(at(22, "23:57"), demo) is None


@given(minute=st.integers(0, 30 * 24 * 60), spread=st.floats(0, 1, exclude_max=True), mornings=st.integers(0, 3))
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
def test_whenever_a_call_ends_the_next_is_in_a_window_and_not_in_its_last_minutes(minute, spread, mornings):
    wave, ended = calendar(), at(1, "00:00") + timedelta(minutes=minute)
    used = {Half.MORNING: mornings, Half.AFTERNOON: 1}
    again, tomorrow = hour_later(ended, wave), next_day(ended, wave, used, spread)

    for due in filter(None, (again.due, tomorrow.due)):
        window = wave.interval_at(due)
        assert window is not None and due < window.closes - LAST_MINUTES
    assert again.due is None or again.due - ended >= timedelta(hours=1)
    assert tomorrow.due is None or half_of(tomorrow.due, wave.zone) is tomorrow.half


def test_a_day_whose_windows_are_all_last_minutes_is_left_to_the_next_window():
    brief = tuple(Window(weekday, time(10), time(10, 5 if weekday == 1 else 30)) for weekday in (1, 2, 3))
    odd = CallingCalendar("Europe/Samara", brief, frozenset(), date(2026, 11, 3), date(2026, 11, 26))
    step = next_day(at(12, "10:10"), odd, {}, 0.0)
    assert (shown(step.due), step.half) == ("18 10:00", Half.MORNING)


def test_the_end_of_a_half_is_never_reached_by_the_spread_of_its_clients():
    last = math.nextafter(1, 0)
    assert shown(next_day(at(17, "14:30"), calendar(), {}, last).due) == "18 11:54"
    parted = (*(Window(2, time(hour), time(hour, 30)) for hour in (9, 10, 11)), Window(1, time(9), time(10)))
    split = CallingCalendar("Europe/Samara", parted, frozenset(), date(2026, 11, 3), date(2026, 11, 26))
    assert shown(next_day(at(17, "14:30"), split, {}, last).due) == "18 11:24"
    assert next_day(at(17, "14:30"), split, {}, 0.5).due == at(18, "10:12"), "to the minute below"
    assert shown(next_day(at(17, "14:30"), split, {}, 1 / 3).due) == "18 10:00"


def test_the_halves_meet_at_one_o_clock():
    assert [half_of(at(18, clock), "Europe/Samara") for clock in ("12:59:59", "13:00")] == [
        Half.MORNING,
        Half.AFTERNOON,
    ]


def test_a_half_that_nobody_was_called_in_yet_counts_as_none():
    ended = at(17, "14:30")
    assert next_day(ended, calendar(), {Half.MORNING: 1}, 0.0).half is Half.AFTERNOON
    assert next_day(ended, calendar(), {Half.MORNING: 1, Half.AFTERNOON: 1}, 0.0).half is Half.MORNING
    assert next_day(ended, calendar(), {}, 0.0).half is Half.MORNING
