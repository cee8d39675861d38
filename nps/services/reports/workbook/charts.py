"""Sheets whose table is drawn as a native chart beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from nps.adapters.report_sheet import Chart, Series, Share, Sheet, Value
from nps.domain.local_time import date_in
from nps.domain.nps_score import RATINGS, Group, NpsScore, classify
from nps.domain.survey_statistics import intervals
from nps.queries.reports import Place, Report
from nps.services.reports.workbook.words import columns, share

_BLUE, _SOFT_BLUE, _GREY = "#1D55C4", "#A9BCE4", "#A4ADB9"
_COLOURS = {Group.PROMOTER: "#1A7340", Group.PASSIVE: _GREY, Group.DETRACTOR: "#B3261E"}
_GROUPS = {Group.PROMOTER: "Сторонник", Group.PASSIVE: "Нейтральный", Group.DETRACTOR: "Критик"}


def places_sheet(title: str, head: str, places: Sequence[Place], report: Report) -> Sheet:
    """Coverage and score by branch or region. Without questionnaires the score is left empty, never 0."""
    titles = (
        head, "Клиентов в базе", "Опрошены", "Осталось", "Охват", "Анкет", "NPS",
        "До верхней границы", "До нижней границы", "Сторонники", "Нейтральные", "Критики",
    )  # fmt: skip
    clients = report.clients
    return Sheet(
        title,
        columns(titles, (26, 12, 12, 12, 10, 10, 10, 12, 12, 12, 12, 12)),
        [_place(place.name, place.clients.clients, place) for place in places],
        totals=(
            "Всего", clients.clients, clients.surveyed, clients.to_call, share(clients.surveyed, clients.clients),
            *_score(report.score),
        ),
        charts=(
            Chart(
                f"NPS: {head.lower() if head == 'Регион' else head}, интервал 95 %",
                "пунктов",
                (Series(6, (_BLUE,), whiskers=(7, 8)),),
                f"NPS по строкам таблицы «{title}» с интервалами",
            ),
            Chart(
                "Доли групп",
                "доля анкет",
                tuple(Series(9 + index, (_COLOURS[group],)) for index, group in enumerate(Group)),
                f"Сторонники, нейтральные и критики по строкам таблицы «{title}»",
                bars=True,
                stacked=True,
            ),
        ),
        fixed=1,
    )  # fmt: skip


def _place(name: str, clients: int, place: Place) -> tuple[Value, ...]:
    counts = place.clients
    return (
        name, clients, counts.surveyed, counts.to_call, share(counts.surveyed, clients), *_score(place.score),
    )  # fmt: skip


def _score(score: NpsScore) -> tuple[Value, ...]:
    groups = (score.promoters, score.passives, score.detractors)
    if score.exact is None:
        return (0, None, None, None, *groups)
    found = intervals.by_score(score)
    exact = float(score.exact)
    return (score.n, score.value, found.high - exact, exact - found.low, *groups)


def ratings_sheet(report: Report) -> Sheet:
    """How often each rating was given."""
    colours = tuple(_COLOURS[classify(rating)] for rating in RATINGS)
    total = report.score.n
    return Sheet(
        "Оценки",
        columns(("Оценка", "Анкет", "Доля", "Группа"), (10, 10, 10, 16)),
        [
            (str(rating), number, share(number, total), _GROUPS[classify(rating)])
            for rating, number in zip(RATINGS, report.histogram, strict=True)
        ],
        totals=("Всего", total, share(total, total), None),
        charts=(Chart("Оценки от 1 до 10", "анкет", (Series(1, colours),), "Сколько раз названа каждая оценка"),),
    )


def reasons_sheet(report: Report) -> Sheet:
    """Reasons by mention with the accumulated share (Pareto), and by lost points."""
    reasons = report.reasons
    mentions = sum(row.mentions for row in reasons.rows)
    return Sheet(
        "Причины",
        columns(
            ("Причина", "Упоминания", "Накопленная доля", "От спрошенных", "Потерянные пункты"), (44, 14, 14, 14, 14)
        ),
        list(_reasons(report, mentions)),
        totals=("Всего", mentions, None, None, float(reasons.lost)),
        charts=(
            Chart(
                "Причины по упоминаниям",
                "упоминаний",
                (Series(1, (_SOFT_BLUE,)), Series(2, (_BLUE,), line=True)),
                "Упоминания причин и накопленная доля",
            ),
            Chart(
                "Потерянные пункты",
                "пунктов",
                (Series(4, (_BLUE,)),),
                "Сколько пунктов отнимает каждая причина; вместе они дают 100 − NPS",
                bars=True,
            ),
        ),
        fixed=1,
    )


def _reasons(report: Report, mentions: int) -> Iterator[tuple[Value, ...]]:
    seen = 0
    for row in sorted(report.reasons.rows, key=lambda row: (-row.mentions, row.label)):
        seen += row.mentions
        yield (
            row.label,
            row.mentions,
            Share(float(Fraction(seen, mentions))),
            Share(float(Fraction(row.mentions, report.reasons.asked))),
            float(row.points),
        )


def days_sheet(report: Report) -> Sheet:
    """The score by day of the call and accumulated."""
    return Sheet(
        "По дням",
        columns(
            ("День", "Анкет", "NPS дня", "До верхней границы", "До нижней границы", "NPS накопленный"),
            (16, 10, 10, 14, 14, 14),
        ),
        [
            (date_in(point.day, report.local_at.year), *_score(point.score)[:4], point.accumulated.value)
            for point in report.trend
        ],
        charts=(
            Chart(
                "NPS по дням, интервал 95 %", "пунктов", (Series(2, (_SOFT_BLUE,), whiskers=(3, 4)),), "NPS по дням"
            ),
        ),
        fixed=1,
    )  # fmt: skip
