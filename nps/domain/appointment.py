"""Callbacks at a time the client chose: which times may be promised (requirements §4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from nps.domain.calling_window import CallingCalendar
from nps.domain.ladder import Half, half_of
from nps.domain.local_time import day_words, from_local, to_local

# For so long after its time a callback belongs to its owner, if he is on shift and not paused.
RESERVED = timedelta(minutes=10)


def reminder_kind(at: datetime, now: datetime) -> str:
    """Return what a promise for `at` is reminded of as: near, due, or late, which is when it is anyone's."""
    if at > now:
        return "callback_soon"
    return "callback_due" if at > now - RESERVED else "callback_late"


@dataclass(frozen=True, slots=True)
class DaySlots:
    """The times of one local day that may be promised, as UTC instants in order; `label`: «вт 24 ноября»."""

    day: date
    label: str
    slots: tuple[datetime, ...]


def slots(now: datetime, calendar: CallingCalendar, step_min: int = 30, days: int = 5) -> tuple[DaySlots, ...]:
    """Return the next `days` calling days that still have free times, every `step_min` minutes from each opening.

    None lies in the past, outside a window or after the campaign's last window.
    """
    return tuple(islice(_days(now, calendar, timedelta(minutes=step_min)), days))


def _days(now: datetime, calendar: CallingCalendar, step: timedelta) -> Iterator[DaySlots]:
    today = to_local(now, calendar.zone).date()
    for day in calendar.calling_days(today, calendar.ends_on):
        times: list[datetime] = []
        for interval in calendar.intervals(day):
            at = interval.opens
            while at < interval.closes:
                times.append(at)
                at += step
        ahead = tuple(at for at in times if at > now)
        if ahead:
            label = day_words(from_local(day, time(12), calendar.zone), calendar.zone, now)
            yield DaySlots(day, label, ahead)


def is_allowed(at: datetime, now: datetime, calendar: CallingCalendar) -> bool:
    """Whether a call may be promised for this instant: ahead, and inside a window of the campaign."""
    return at > now and calendar.is_open(at)


def suggested(now: datetime, calendar: CallingCalendar) -> datetime | None:
    """Return the first time of the nearest allowed afternoon, tomorrow's before all (script, line 2).

    The rest of today's afternoon is offered only when no later one is left; None when there is none at all.
    """
    today = to_local(now, calendar.zone).date()
    fallback: datetime | None = None
    for day in _days(now, calendar, timedelta(minutes=30)):
        at = next((at for at in day.slots if half_of(at, calendar.zone) is Half.AFTERNOON), None)
        if at is not None and day.day > today:
            return at.astimezone(UTC)
        fallback = fallback or at
    return fallback
