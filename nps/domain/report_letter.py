"""The letter with a campaign's figures: how often somebody wants it, and the mornings it comes.

A letter belongs to a day. It is written between 9:00 and noon on the clock of the call centre: a machine that was off
in the morning does not send at night. A weekly one belongs to Monday and may be late until Wednesday's noon.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from nps.domain.local_time import Zone, to_local

OFF, DAILY, WEEKLY = "off", "daily", "weekly"
#: How often, by the code of the form.
OFTEN: Mapping[str, str] = MappingProxyType(
    {OFF: "не присылать", DAILY: "каждый день в 9:00", WEEKLY: "по понедельникам в 9:00"}
)
FROM, UNTIL = time(9), time(12)
_LATEST_WEEKDAY = 2


def latest_day(every: str, now: datetime, zone: Zone) -> date:
    """The last day that a letter belonged to at `now` (aware), whether one was written or not."""
    local = to_local(now, zone)
    today = local.date() if local.time() >= FROM else local.date() - timedelta(days=1)
    return today - timedelta(days=today.weekday()) if every == WEEKLY else today


def due_day(every: str, now: datetime, zone: Zone, handled_on: date) -> date | None:
    """The day whose letter is to be written at `now` (aware); None outside of the morning and for a day that is done.

    `handled_on` is the last day for which it was decided, with or without a letter.
    """
    local = to_local(now, zone)
    if not FROM <= local.time() < UNTIL or (every == WEEKLY and local.weekday() > _LATEST_WEEKDAY):
        return None
    day = latest_day(every, now, zone)
    return day if day > handled_on else None
