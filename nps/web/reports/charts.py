"""Figures as the charts take them: places in the drawing, words ready to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nps.domain.nps_score import NpsScore
from nps.domain.survey_statistics import comparison, intervals
from nps.domain.survey_statistics.rounding import half_up
from nps.queries.reports import Place, Report

_WIDTH, _HEIGHT, _LEFT, _TOP = 560, 236, 46, 8
_LABEL_HEIGHT, _LETTER = 13, 6.4
_STEPS = 40
Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class DayPoint:
    """A day of the trend: whole points, as they are drawn and read."""

    label: str
    day: str
    n: int
    value: int
    low: float
    high: float
    total: int


def trend_points(report: Report) -> list[DayPoint]:
    """Days with questionnaires, with the interval of each."""
    found = []
    label = "%d.%m" if len({point.day.year for point in report.trend}) == 1 else "%d.%m.%y"
    for point in report.trend:
        inside, score, total = intervals.by_score(point.score), point.score.value or 0, point.accumulated.value or 0
        day = f"{point.day:{label}}", point.day.isoformat()
        found.append(DayPoint(*day, point.score.n, score, inside.low, inside.high, total))
    return found


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """A branch in the funnel; `text_x` and `anchor` say where its name stands. `p` is None when it is not judged."""

    key: str
    name: str
    score: NpsScore
    x: float
    y: float
    text_x: float
    anchor: str
    p: float | None

    @property
    def stands_out(self) -> bool:
        return self.p is not None and self.p < comparison.SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Funnel:
    """Branches around the whole with the limits of chance; polygons and ticks in the drawing's units."""

    points: tuple[FunnelPoint, ...]
    inner: str
    outer: str
    middle: float
    x_ticks: tuple[tuple[float, int], ...]
    y_ticks: tuple[tuple[float, int], ...]

    @property
    def outstanding(self) -> tuple[FunnelPoint, ...]:
        return tuple(point for point in self.points if point.stands_out)


def funnel_of(report: Report, places: Sequence[Place]) -> Funnel | None:
    """The funnel of places with questionnaires; None for fewer than two of them or when answers do not vary."""
    known = [place for place in places if place.score.n]
    overall = report.score
    if len(known) < 2 or not intervals.variance(overall):
        return None
    chances = comparison.unlike(overall, {place.key: place.score for place in known})
    most = max(place.score.n for place in known) * 1.1
    least = min(place.score.n for place in known) * 0.8

    def x(n: float) -> float:
        return _LEFT + (n - least) / (most - least) * (_WIDTH - _LEFT - 14)

    def y(points: float) -> float:
        return _TOP + (100 - max(-100.0, min(100.0, points))) / 200 * (_HEIGHT - _TOP - 24)

    bands = [(x(n), *comparison.funnel(overall, n)) for n in _between(least, most)]
    return Funnel(
        points=_placed(known, chances, x, y),
        inner=_polygon([(at, y(inner.high), y(inner.low)) for at, inner, _ in bands]),
        outer=_polygon([(at, y(outer.high), y(outer.low)) for at, _, outer in bands]),
        middle=y(float(overall.exact or 0)),
        x_ticks=tuple((x(n), half_up(n)) for n in _between(least, most, 5)),
        y_ticks=tuple((y(level), level) for level in (100, 50, 0, -50, -100)),
    )


def _between(low: float, high: float, steps: int = _STEPS) -> list[float]:
    return [low + (high - low) * step / (steps - 1) for step in range(steps)]


def _polygon(edges: Sequence[tuple[float, float, float]]) -> str:
    upper = [f"{at:.1f},{high:.1f}" for at, high, _ in edges]
    lower = [f"{at:.1f},{low:.1f}" for at, _, low in reversed(edges)]
    return " ".join((*upper, *lower))


def _placed(known: Sequence[Place], chances: dict[str, float], x: Scale, y: Scale) -> tuple[FunnelPoint, ...]:
    """Points with their names right of them, or left where that would run over another name or the edge."""
    taken: list[tuple[float, float, float]] = []
    found = []
    for place in sorted(known, key=lambda place: (-place.score.n, place.name)):
        at, height, width = x(place.score.n), y(float(place.score.exact or 0)), len(place.name) * _LETTER
        right = (at + 8, at + 8 + width, height)
        free = at + 8 + width < _WIDTH and not any(_over(right, other) for other in taken)
        taken.append(right if free else (at - 8 - width, at - 8, height))
        text = (at + 8, "start") if free else (at - 8, "end")
        found.append(FunnelPoint(place.key, place.name, place.score, at, height, *text, chances.get(place.key)))
    return tuple(found)


def _over(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and abs(one[2] - other[2]) < _LABEL_HEIGHT
