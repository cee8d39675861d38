"""The score from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import NpsScore, score_of
from nps.models import Interview
from nps.queries.reports.answers import questionnaires
from nps.queries.reports.slices import Slice
from nps.queries.reports.views import attempts


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The questionnaires of one local day, and of all days up to it."""

    day: date
    score: NpsScore
    accumulated: NpsScore


def trend_of(session: Session, campaign_id: int, where: Slice) -> tuple[TrendPoint, ...]:
    """The score of each day on which somebody was surveyed, the first day first."""
    columns = select(attempts.c.local_day, Interview.rating, func.count())
    by_day: dict[date, list[tuple[int, int]]] = {}
    for day, rating, number in session.execute(
        questionnaires(columns, campaign_id, where, with_calls=True).group_by(attempts.c.local_day, Interview.rating)
    ):
        by_day.setdefault(day, []).append((rating, number))
    so_far: list[tuple[int, int]] = []
    found = []
    for day in sorted(by_day):
        so_far += by_day[day]
        found.append(TrendPoint(day, score_of(by_day[day]), score_of(so_far)))
    return tuple(found)
