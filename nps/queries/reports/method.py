"""What stands behind the figures, for whoever wants to check them: the page «Методика»."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import NpsScore, score_of
from nps.domain.survey_statistics import comparison, intervals, sample_size
from nps.domain.survey_statistics.comparison import Difference, Homogeneity, Weighted
from nps.domain.survey_statistics.intervals import Interval
from nps.domain.survey_statistics.response_rates import CaseCounts
from nps.models import Interview
from nps.queries.reports.answers import questionnaires
from nps.queries.reports.report import Report
from nps.queries.reports.slices import calls_before
from nps.queries.reports.views import attempts, respondents

#: Margins and differences in points whose price in questionnaires is shown.
MARGINS, DIFFERENCES = (5, 10, 15), (10, 20, 30)
#: How alike answers are that came through one interviewer: what telephone surveys usually find.
USUAL_CORRELATION = 0.03


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three groups: how many, its interval alone and that of all three together (shares 0 to 1)."""

    label: str
    number: int
    alone: Interval
    together: Interval


@dataclass(frozen=True, slots=True)
class Precision:
    """Questionnaires that a margin takes, of this base and of an endless one."""

    margin: int
    of_base: int
    endless: int


@dataclass(frozen=True, slots=True)
class Method:
    """Figures of the method. Points of NPS where nothing else is said; None where there is too little to say it."""

    cases: CaseCounts
    parts: tuple[Part, ...]
    finite: Interval | None
    bounds: Interval | None
    if_passive: float | None
    by_score: Interval | None
    adjusted: Interval | None
    plain: Interval | None
    weighted: Weighted | None
    first_try: NpsScore
    later: NpsScore
    later_difference: Difference | None
    operators: Homogeneity | None
    operator_effect: float | None
    #: σ² that the sizes below are planned with.
    spread: float
    precision: tuple[Precision, ...]
    group_sizes: tuple[tuple[int, int], ...]


def method_of(session: Session, report: Report) -> Method:
    """Compute the method's figures over the same questionnaires as the report, inside its snapshot."""
    score, population = report.score, report.clients.clients
    first, later = _by_try(session, report)
    by_operator = _by_operator(session, report)
    spread = sample_size.expected_variance(score)
    return Method(
        cases=_cases(session, report),
        parts=_parts(score),
        finite=intervals.finite(score, population),
        bounds=intervals.bounds(score, population),
        if_passive=intervals.if_silent_were_passive(score, population),
        by_score=intervals.by_score(score) if score.n else None,
        adjusted=intervals.adjusted_wald(score) if score.n else None,
        plain=intervals.wald(score, population),
        weighted=comparison.weighted([(place.score, place.clients.clients) for place in report.base.branches]),
        first_try=first,
        later=later,
        later_difference=comparison.difference(later, first),
        operators=comparison.homogeneity([each for each in by_operator if each.n]),
        operator_effect=_operator_effect(by_operator),
        spread=spread,
        precision=tuple(
            Precision(points, of_base, endless)
            for points in MARGINS
            if (of_base := sample_size.for_margin(points, spread, population))
            and (endless := sample_size.for_margin(points, spread))
        ),
        group_sizes=tuple((points, sample_size.for_difference(points, spread)) for points in DIFFERENCES),
    )


def _parts(score: NpsScore) -> tuple[Part, ...]:
    named = (
        ("Сторонники, 9–10", score.promoters),
        ("Нейтральные, 7–8", score.passives),
        ("Критики, 1–6", score.detractors),
    )
    found = []
    for label, number in named:
        alone, together = intervals.wilson(number, score.n), intervals.goodman(number, score.n, len(named))
        if alone and together:
            found.append(Part(label, number, alone, together))
    return tuple(found)


def _cases(session: Session, report: Report) -> CaseCounts:
    """The clients by AAPOR's groups. Whoever is still to call may be anything; a dead number is not eligible."""
    clients = report.clients
    partial = session.execute(
        select(func.count())
        .select_from(Interview)
        .join(respondents, respondents.c.id == Interview.respondent_id)
        .where(
            respondents.c.campaign_id == report.campaign.id,
            Interview.replaced_at.is_(None),
            Interview.cut_off,
            *report.where.of_clients(),
        )
    ).scalar_one()
    return CaseCounts(
        complete=clients.surveyed - partial, partial=partial, refused=clients.refused,
        not_reached=clients.unsuccessful, unknown=clients.to_call + clients.unreached, not_eligible=clients.inactive,
    )  # fmt: skip


def _by_try(session: Session, report: Report) -> tuple[NpsScore, NpsScore]:
    """Scores of those who answered at the first dial, and at a later one: what silence may hide shows here first."""
    late = case((calls_before() > 0, 1), else_=0).label("late")
    columns = select(late, Interview.rating, func.count())
    found = session.execute(
        questionnaires(columns, report.campaign.id, report.where, with_calls=True).group_by(late, Interview.rating)
    ).all()
    first, later = ([(rating, number) for at, rating, number in found if at == which] for which in (0, 1))
    return score_of(first), score_of(later)


def _by_operator(session: Session, report: Report) -> list[NpsScore]:
    columns = select(attempts.c.operator_id, Interview.rating, func.count())
    ratings: dict[int, list[tuple[int, int]]] = {}
    for operator, rating, number in session.execute(
        questionnaires(columns, report.campaign.id, report.where, with_calls=True).group_by(
            attempts.c.operator_id, Interview.rating
        )
    ):
        ratings.setdefault(operator, []).append((rating, number))
    return [score_of(each) for each in ratings.values()]


def _operator_effect(scores: list[NpsScore]) -> float | None:
    total = sum(score.n for score in scores)
    return comparison.cluster_effect(total / len(scores), USUAL_CORRELATION) if total else None
