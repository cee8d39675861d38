"""Local time of a region, and days and clocks as Russians read them.

Instants are aware datetimes and are stored in UTC; a zone is an IANA name or a `ZoneInfo`.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

Zone = ZoneInfo | str

# R7: the five regions of the survey. A region outside this map is not guessed: its clients are not callable.
ZONES: Mapping[str, str] = MappingProxyType(
    {
        "udmurtia": "Europe/Samara",
        "tatarstan": "Europe/Moscow",
        "bashkiria": "Asia/Yekaterinburg",
        "chuvashia": "Europe/Moscow",
        "perm": "Asia/Yekaterinburg",
    }
)

# Where the call centre sits, unless its settings say otherwise: the second clock on the desk.
OFFICE_ZONE = "Europe/Samara"

_WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_WEEKDAYS_SHORT = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_NEAR_DAYS = {-1: "вчера", 0: "сегодня", 1: "завтра"}


def as_zone(zone: Zone) -> ZoneInfo:
    """Return the zone itself; raises `zoneinfo.ZoneInfoNotFoundError` for a name the time zone data does not know."""
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def to_local(at: datetime, zone: Zone) -> datetime:
    """Return the instant on the zone's clock; raises ValueError for a naive instant."""
    if at.tzinfo is None:
        raise ValueError("an instant must be aware")
    return at.astimezone(as_zone(zone))


def from_local(day: date, at: time, zone: Zone) -> datetime:
    """Return the UTC instant at which the zone's clock shows this day and time."""
    return datetime.combine(day, at, tzinfo=as_zone(zone)).astimezone(UTC)


def clock(at: datetime, zone: Zone) -> str:
    """«14:00»."""
    return f"{to_local(at, zone):%H:%M}"


def weekday_name(day: date | int) -> str:
    """«среда» for a date or for a weekday number (Monday is 0)."""
    return _WEEKDAYS[day if isinstance(day, int) else day.weekday()]


def weekday_short(day: date) -> str:
    """«ср»."""
    return _WEEKDAYS_SHORT[day.weekday()]


def date_words(day: date) -> str:
    """«18 ноября»."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def date_in(day: date, this_year: int) -> str:
    """«18 ноября», «18 ноября 2025 года»: where days of several years can stand side by side."""
    return date_words(day) if day.year == this_year else f"{date_words(day)} {day.year} года"


def period_words(first: date, last: date, this_year: int | None = None) -> str:
    """«18 ноября 2026», «3–15 ноября 2026», «28 октября – 3 ноября 2026», «30 ноября 2026 – 30 ноября 2027».

    A period within `this_year` goes without it; what is read in later years gives none.
    """
    if first.year != last.year:
        return f"{date_words(first)} {first.year} – {date_words(last)} {last.year}"
    year = "" if last.year == this_year else f" {last.year}"
    if first == last:
        return f"{date_words(last)}{year}"
    begins = str(first.day) + "–" if first.month == last.month else f"{date_words(first)} – "
    return f"{begins}{date_words(last)}{year}"


def day_words(at: datetime, zone: Zone, now: datetime) -> str:
    """«сегодня», «завтра», «вчера», else «вт 24 ноября»; the year is added when it is not the present one."""
    day, today = to_local(at, zone).date(), to_local(now, zone).date()
    near = _NEAR_DAYS.get((day - today).days)
    if near:
        return near
    return f"{weekday_short(day)} {date_in(day, today.year)}"


def when(at: datetime, zone: Zone, now: datetime) -> str:
    """«сегодня в 14:00»."""
    return f"{day_words(at, zone, now)} в {clock(at, zone)}"
