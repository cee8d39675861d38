"""Will the contract's 75 % be met: what is needed, what is possible, and until when new clients make sense (R3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from nps.domain.calling_window import CallingCalendar
from nps.domain.nps_score import Coverage

# Without an interview yet there is no rate; the contract itself plans a minute for one (R14).
_SECONDS_PER_SURVEY_PLANNED = 60


@dataclass(frozen=True, slots=True)
class Forecast:
    """needed: interviews missing to 75 % of the base. possible: interviews that clients and minutes still allow.

    last_day_for_new: the last local day on which a new client can still go through all three calls; None when it is
    too late.
    """

    needed: int
    possible: int
    last_day_for_new: date | None

    @property
    def reachable(self) -> bool:
        """Whether the threshold can still be met."""
        return self.possible >= self.needed


def forecast(
    coverage: Coverage,
    to_call: int,
    used_s: int,
    left_s: int,
    calendars: Iterable[CallingCalendar],
    today: date,
) -> Forecast:
    """Compute the forecast.

    `to_call` counts the clients still to call; `used_s` and `left_s` are seconds of the budget. Minutes per interview
    are those of the campaign so far, unanswered calls included. With several regions the earliest last day counts.
    """
    if coverage.surveyed and used_s:
        affordable = left_s * coverage.surveyed // used_s
    else:
        affordable = left_s // _SECONDS_PER_SURVEY_PLANNED
    last_days = [last_day_for_new(calendar, today) for calendar in calendars]
    known = [day for day in last_days if day is not None]
    last_day = min(known) if known and len(known) == len(last_days) else None
    return Forecast(coverage.missing, max(0, min(to_call, affordable)), last_day)


def last_day_for_new(calendar: CallingCalendar, today: date) -> date | None:
    """Return the last calling day, today or later, that another calling day follows.

    The whole ladder is a call, one an hour later, and one the next calling day.
    """
    days = list(calendar.calling_days(today, calendar.ends_on))
    return days[-2] if len(days) > 1 else None
