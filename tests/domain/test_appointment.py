import pytest

from nps.domain.appointment import is_allowed, reminder_kind, slots, suggested

from .build import at, calendar, shown


@pytest.mark.parametrize(
    ("now", "kind"), [("13:59", "soon"), ("14:00", "due"), ("14:09", "due"), ("14:10", "late"), ("14:30", "late")]
)
def test_a_promise_is_near_then_due_and_after_ten_minutes_anyones(now: str, kind: str) -> None:
    assert reminder_kind(at(18, "14:00"), at(18, now)) == f"callback_{kind}"


def test_the_days_offered_are_the_next_calling_days_with_times_ahead():
    days = slots(at(18, "15:42"), calendar())
    assert [(day.day.day, day.label) for day in days] == [
        (18, "сегодня"),
        (19, "завтра"),
        (24, "вт 24 ноября"),
        (25, "ср 25 ноября"),
        (26, "чт 26 ноября"),
    ]


def test_times_lie_in_the_windows_every_half_an_hour_and_none_in_the_break():
    tomorrow = slots(at(18, "15:42"), calendar())[1]
    assert [shown(slot) for slot in tomorrow.slots] == [
        "19 10:00", "19 10:30", "19 11:00", "19 11:30",
        "19 14:00", "19 14:30", "19 15:00", "19 15:30", "19 16:00", "19 16:30", "19 17:00", "19 17:30",
    ]  # fmt: skip


def test_todays_times_are_those_ahead():
    today = slots(at(18, "17:00"), calendar())[0]
    assert [shown(slot) for slot in today.slots] == ["18 17:30"]


def test_a_day_without_times_ahead_is_not_offered():
    assert slots(at(18, "17:30"), calendar())[0].label == "завтра"


def test_nothing_is_offered_after_the_campaigns_last_window():
    assert slots(at(26, "17:30"), calendar()) == ()
    assert suggested(at(26, "17:30"), calendar()) is None


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ((18, "16:00"), True),
        ((18, "15:42"), False),
        ((18, "11:00"), False),
        ((18, "18:00"), False),
        ((19, "13:00"), False),
        ((20, "11:00"), False),
        ((26, "17:59"), True),
        ((27, "11:00"), False),
    ],
    ids=str,
)
def test_only_times_ahead_and_inside_a_window_may_be_promised(moment, allowed):
    assert is_allowed(at(*moment), at(18, "15:42"), calendar()) is allowed


@pytest.mark.parametrize(
    ("now", "time"),
    [
        ((17, "10:30"), "18 14:00"),
        ((18, "15:42"), "19 14:00"),
        ((19, "11:00"), "24 14:00"),
        ((26, "11:00"), "26 14:00"),
        ((26, "15:10"), "26 15:30"),
    ],
    ids=str,
)
def test_the_nearest_afternoon_is_suggested_tomorrows_before_todays(now, time):
    assert shown(suggested(at(*now), calendar())) == time
