"""When a client may be called: weekly windows in the client's own local time, less the days off (R7).

A window is half open, [opens, closes): a dial must begin inside, a conversation begun may end after.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import holidays

from nps.domain.local_time import Zone, from_local, to_local

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A weekly window in local time; Monday is 0. `closes` of 00:00 means the midnight that ends the day."""

    weekday: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("weekday is 0 (Monday) to 6")
        if self.closes != time(0) and self.opens >= self.closes:
            raise ValueError("a window opens before it closes")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """One opening of a window: [opens, closes) in UTC."""

    opens: datetime
    closes: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.opens <= at < self.closes


DEFAULT_WINDOWS = tuple(
    Window(weekday, time(opens), time(closes)) for weekday in (1, 2, 3) for opens, closes in ((10, 12), (14, 18))
)


@dataclass(frozen=True)
class CallingCalendar:
    """The windows of one region in one campaign, from `starts_on` to `ends_on`, both days included.

    A day of `days_off` has no windows (`days_off_of` says which those are). All days are the region's local days, all
    instants aware.
    """

    zone: Zone
    windows: tuple[Window, ...]
    days_off: frozenset[date]
    starts_on: date
    ends_on: date

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """Return the openings of this local day in order; empty when it is not a calling day."""
        if not self.starts_on <= day <= self.ends_on or day in self.days_off:
            return ()
        found = []
        for window in sorted(window for window in self.windows if window.weekday == day.weekday()):
            last_day = day + _DAY if window.closes == time(0) else day
            found.append(
                Interval(from_local(day, window.opens, self.zone), from_local(last_day, window.closes, self.zone))
            )
        return tuple(found)

    def interval_at(self, at: datetime) -> Interval | None:
        """Return the opening that holds this instant."""
        day = to_local(at, self.zone).date()
        return next((interval for interval in self.intervals(day) if at in interval), None)

    def is_open(self, at: datetime) -> bool:
        """Whether a dial may begin at this instant."""
        return self.interval_at(at) is not None

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which a dial may begin (`at` itself when open), in UTC.

        None when no window is left before the campaign's end.
        """
        for interval in self.intervals_from(at):
            return max(interval.opens, at.astimezone(UTC))
        return None

    def intervals_from(self, at: datetime) -> Iterator[Interval]:
        """Yield the openings that are not over at this instant, in order, to the campaign's end."""
        day = max(to_local(at, self.zone).date(), self.starts_on)
        while day <= self.ends_on:
            yield from (interval for interval in self.intervals(day) if interval.closes > at)
            day += _DAY

    def next_calling_day(self, after: date) -> date | None:
        """Return the first calling day later than `after`; after a Thursday that is Tuesday (requirements §4)."""
        return next(iter(self.calling_days(after + _DAY, self.ends_on)), None)

    def calling_days(self, first: date, last: date) -> Iterator[date]:
        """Yield the calling days from `first` to `last`, both included."""
        day, last = max(first, self.starts_on), min(last, self.ends_on)
        while day <= last:
            if self.intervals(day):
                yield day
            day += _DAY


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """What people said of one day of a campaign: called or not, in one region or (None) in all of them."""

    day: date
    region: str | None
    is_open: bool


def days_off_of(region: str, holidays: Collection[date], said: Iterable[SpecialDay]) -> frozenset[date]:
    """Return the days on which a region is not called: the most specific word of a day holds (R7).

    The region's own line, then the line of all regions, then the holidays, public and the region's own. Of two equal
    lines the later one holds. An opened day has its weekday's windows, so it opens no weekday without any.
    """
    words: dict[date, bool] = {}
    for line in sorted(said, key=lambda line: line.region is not None):
        if line.region is None or line.region == region:
            words[line.day] = line.is_open
    closed = {day for day, is_open in words.items() if not is_open}
    return frozenset(closed.union(day for day in holidays if day not in words))


def always_open(zone: Zone, starts_on: date, ends_on: date) -> CallingCalendar:
    """Return a calendar without night or holiday, for demonstration and training campaigns only."""
    windows = tuple(Window(weekday, time(0), time(0)) for weekday in range(7))
    return CallingCalendar(zone, windows, frozenset(), starts_on, ends_on)


def russian_holidays(years: Iterable[int]) -> frozenset[date]:
    """Return the public holidays of Russia with their transferred days off."""
    return frozenset(holidays.country_holidays("RU", years=years))


# The holidays package knows no regions of Russia. Holidays with a fixed date are kept here as (month, day); the
# movable ones (Uraza bayram, Kurban bayram) are decreed each year and belong to the campaign's editable list.
REGION_HOLIDAYS: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "tatarstan": ((8, 30), (11, 6)),
        "bashkiria": ((10, 11),),
        "chuvashia": ((6, 24),),
    }
)


def region_holidays(region: str, years: Iterable[int]) -> frozenset[date]:
    """Return the region's own holidays with a fixed date; empty for a region that has none."""
    return frozenset(date(year, month, day) for year in years for month, day in REGION_HOLIDAYS.get(region, ()))
