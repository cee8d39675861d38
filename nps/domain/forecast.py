"""Will the contract's 75 % be met: what is needed, what is possible, and until when new clients make sense (R3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from nps.domain.calling_window import CallingCalendar
from nps.domain.disposition import MOST_SURVEY_S
from nps.domain.nps_score import Coverage


@dataclass(frozen=True, slots=True)
class Forecast:
    """What stands between the wave and its 75 %.

    needed: interviews missing to 75 % of the base. possible: interviews that clients and minutes still allow.
    last_day_for_new: the last local day on which a new client can still go through all three calls; None when it is
    too late.
    """

    needed: int
    possible: int
    last_day_for_new: date | None

    @property
    def reachable(self) -> bool:
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
    # Without an interview yet there is no rate; the contract itself plans the longest for each (R14).
    interviews, took_s = (coverage.surveyed, used_s) if coverage.surveyed and used_s else (1, MOST_SURVEY_S)
    affordable = left_s * interviews // took_s
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


@dataclass(frozen=True, slots=True)
class TrafficPlan:
    """What the contract's minutes are enough for, at the price an interview has had so far. Seconds, exact.

    per_survey_s: all seconds of a campaign, unanswered calls included, for each of its interviews. target_s: what will
    have been used when 75 % are surveyed. spare_s: what is left of the limit then; below 0 it is missing.
    """

    per_survey_s: Fraction
    target_s: Fraction
    spare_s: Fraction


def traffic_plan(coverage: Coverage, campaign_s: int, used_s: int, limit_s: int) -> TrafficPlan | None:
    """Plan the minutes up to 75 %; None before the first interview, when nothing has a price yet.

    `campaign_s` are the seconds of this campaign, `used_s` those of the whole contract, which share `limit_s`.
    """
    if not coverage.surveyed:
        return None
    price = Fraction(campaign_s, coverage.surveyed)
    target = used_s + coverage.missing * price
    return TrafficPlan(price, target, limit_s - target)
