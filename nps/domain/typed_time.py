"""Days, clocks and instants as people and other systems write them: one reader each, with the bounds of the calendar.

Past these bounds nothing of a survey lies, and near the ends of Python's calendar the change of a zone or the next day
overflows: what is read here can be moved into any zone and a day further without a fault.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from nps.domain.local_time import Zone, as_zone

FIRST_YEAR, LAST_YEAR = 1900, 2200

_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?:[:.]([0-5][0-9]))?")


def day_of(text: str) -> date | None:
    """The day of «18.11.2026» or 2026-11-18; None for anything else, and outside the bounds."""
    dotted = _DOTTED.fullmatch(text)
    if dotted:
        text = f"{dotted[3]}-{int(dotted[2]):02}-{int(dotted[1]):02}"
    try:
        found = date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None
    return found if found and FIRST_YEAR <= found.year <= LAST_YEAR else None


def clock_of(text: str) -> time | None:
    """The time of «9:30», «9.30» or «09:30:15»; None for anything else."""
    found = _CLOCK.fullmatch(text)
    return time(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def instant_of(text: str, zone: Zone | None = None) -> datetime | None:
    """The UTC instant of ISO text; without an offset it is the clock of `zone`.

    None for what is no instant, lies outside the bounds, or says no offset when no zone is given.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None and zone is not None:
        at = at.replace(tzinfo=as_zone(zone))
    return at.astimezone(UTC) if at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR else None
