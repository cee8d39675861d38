"""Pure rules of time: when a client who was not reached is called again (requirements §4, R16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from nps.domain.calling_window import CallingCalendar, Interval
from nps.domain.local_time import Zone, from_local, to_local

HOUR = timedelta(hours=1)
# A call computed for the last minutes of a window would often begin after it: it moves to the next window.
LAST_MINUTES = timedelta(minutes=5)
_NOON = time(13)


class Half(StrEnum):
    """The halves of a calling day, 10-12 and 14-18 by default; the border is 13:00 local time."""

    MORNING = "morning"
    AFTERNOON = "afternoon"

    @property
    def other(self) -> "Half":
        return Half.AFTERNOON if self is Half.MORNING else Half.MORNING


@dataclass(frozen=True, slots=True)
class HourLater:
    """When the second call of the ladder is made.

    plus_hour: the end of the call and an hour. due: when the call may be made, None when no window is left.
    moved says why they differ: '' not at all, «break» within the day, «evening» after its last window, «day» because
    there is no calling on that day.
    """

    plus_hour: datetime
    due: datetime | None
    moved: str


@dataclass(frozen=True, slots=True)
class NextDay:
    """A time on the next calling day and its half; `due` is None when there is no such day."""

    due: datetime | None
    half: Half


def half_of(at: datetime, zone: Zone) -> Half:
    return Half.MORNING if to_local(at, zone).time() < _NOON else Half.AFTERNOON


def into_window(at: datetime, calendar: CallingCalendar) -> datetime | None:
    """Return the first instant from `at` on that lies in a window but not in its last five minutes.

    A window that another follows without a gap has no last minutes. None when nothing is left before the end.
    """
    for interval in calendar.intervals_from(at):
        due = max(interval.opens, at.astimezone(UTC))
        if due < interval.closes - LAST_MINUTES or calendar.is_open(interval.closes):
            return due
    return None


def hour_later(ended_at: datetime, calendar: CallingCalendar) -> HourLater:
    """Return the second call of the ladder: at least an hour after the end of the first."""
    plus_hour = ended_at.astimezone(UTC) + HOUR
    due = into_window(plus_hour, calendar)
    if due is None or due == plus_hour:
        return HourLater(plus_hour, due, "")
    day = to_local(plus_hour, calendar.zone).date()
    if to_local(due, calendar.zone).date() == day:
        return HourLater(plus_hour, due, "break")
    return HourLater(plus_hour, due, "evening" if calendar.intervals(day) else "day")


def next_day(
    ended_at: datetime,
    calendar: CallingCalendar,
    halves_used: Mapping[Half, int],
    spread: float,
    avoid: Half | None = None,
) -> NextDay:
    """Return a time on the next calling day, in the half with fewer attempts so far, on a tie the one not just tried.

    `avoid` names a half not to call in. `spread` in [0, 1) places the client between the half's opening and its last
    five minutes, to the minute below. A half without windows on that day gives way to the other.
    """
    last = half_of(ended_at, calendar.zone)
    if avoid is not None:
        half = avoid.other
    elif halves_used.get(last, 0) < halves_used.get(last.other, 0):
        half = last
    else:
        half = last.other
    day = calendar.next_calling_day(to_local(ended_at, calendar.zone).date())
    if day is None:
        return NextDay(None, half)
    parts = usable_parts(day, half, calendar)
    if not parts:
        half = half.other
        parts = usable_parts(day, half, calendar)
    if not parts:
        return NextDay(into_window(from_local(day, time(0), calendar.zone), calendar), half)
    return NextDay(_spread_over(parts, spread), half)


def usable_parts(day: date, half: Half, calendar: CallingCalendar) -> list[Interval]:
    """Return what computed times may use of this half of the local day: its windows less their last five minutes."""
    noon = from_local(day, _NOON, calendar.zone)
    parts = []
    for interval in calendar.intervals(day):
        opens, closes = interval.opens, interval.closes - LAST_MINUTES
        if half is Half.MORNING:
            closes = min(closes, noon)
        else:
            opens = max(opens, noon)
        if opens < closes:
            parts.append(Interval(opens, closes))
    return parts


def _spread_over(parts: list[Interval], spread: float) -> datetime:
    whole = sum((part.closes - part.opens for part in parts), timedelta())
    # A spread just under 1 is rounded to no more than the end of the last part.
    rest = min(whole * spread, whole - timedelta.resolution)
    first, *later = parts
    while rest >= first.closes - first.opens:
        rest -= first.closes - first.opens
        first, *later = later
    return max(first.opens, (first.opens + rest).replace(second=0, microsecond=0))
