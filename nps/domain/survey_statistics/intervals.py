"""Intervals of a score and of a share. Scores and errors are in points of NPS (-100 to 100), shares from 0 to 1.

Three questions, three answers: `finite` says what the whole base would have given if silence were chance, `bounds`
what it could have given whatever the silent think, and `by_score` what such clients would give in another survey.
The textbook ones (`wald`, `adjusted_wald`) stand on the page of the method beside them and decide nothing: with few
questionnaires the first has no width and the second, narrowed for a finite base, misses the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from nps.domain.nps_score import NpsScore
from nps.domain.survey_statistics.normal import Z_95, quantile

# Pseudo-observations of Rocks (2016, The American Statistician): 3/4 at each end, 3 in all.
_EXTREME, _ALL = 0.75, 3.0
_STEPS = 80
#: σ² of one questionnaire when half of them are at either end: there is no more.
WIDEST = 1.0


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


def variance(score: NpsScore) -> float:
    """σ² of one questionnaire that counts +1, 0 or -1, with the divisor n; at most 1, and 1 before the first one."""
    if not score.n:
        return WIDEST
    promoters, detractors = score.promoters / score.n, score.detractors / score.n
    return promoters + detractors - (promoters - detractors) ** 2


def sample_variance(score: NpsScore) -> float | None:
    """s², the unbiased σ² (divisor n - 1); None with fewer than two questionnaires."""
    return variance(score) * score.n / (score.n - 1) if score.n > 1 else None


def standard_error(score: NpsScore, population: int | None = None) -> float | None:
    """The standard error in points from the unbiased variance: the one that comparisons use.

    With `population` it is narrowed for a finite base (Cochran 1977), 0 when everybody answered.
    """
    found = sample_variance(score)
    if found is None:
        return None
    left = 1.0 if population is None else max(0.0, 1 - score.n / max(population, score.n))
    return 100 * math.sqrt(left * found / score.n)


def around(centre: float, error: float, z: float = Z_95) -> Interval:
    """centre ± z standard errors."""
    return Interval(centre - z * error, centre + z * error)


def wald(score: NpsScore, population: int) -> Interval | None:
    """The textbook interval, narrowed for a finite base; None with fewer than two questionnaires.

    None, too, when all are alike and somebody is silent: a width of nothing would be untrue.
    """
    error = standard_error(score, population)
    if score.exact is None or error is None or (not error and score.n < population):
        return None
    return around(float(score.exact), error)


def adjusted_wald(score: NpsScore) -> Interval:
    """Rocks' adjusted Wald interval, cut at ±100; its centre is not the score."""
    n = score.n + _ALL
    p, d = (score.promoters + _EXTREME) / n, (score.detractors + _EXTREME) / n
    return _cut(around(100 * (p - d), 100 * math.sqrt((p + d - (p - d) ** 2) / n)))


def by_score(score: NpsScore) -> Interval:
    """The score interval (Tango 1998; found the best by Rocks 2016): inverts the test, has width at any n.

    Without questionnaires it is the whole scale.
    """
    if not score.n:
        return Interval(-100.0, 100.0)
    seen = (score.promoters - score.detractors) / score.n

    def distance(delta: float) -> float:
        a = 2 * score.n
        b = -score.detractors - score.promoters + (2 * score.n - score.promoters + score.detractors) * delta
        c = -score.detractors * delta * (1 - delta)
        q = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        spread = score.n * (2 * q + delta - delta * delta)
        gap = abs(score.promoters - score.detractors - score.n * delta)
        return gap / math.sqrt(spread) if spread > 0 else math.inf

    return Interval(100 * _edge(distance, seen, -1.0), 100 * _edge(distance, seen, 1.0))


def _edge(distance: Callable[[float], float], inside: float, outside: float) -> float:
    """Where the distance passes z between a point that is inside and one that is not."""
    if inside == outside or distance(outside) <= Z_95:
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if distance(middle) <= Z_95:
            inside = middle
        else:
            outside = middle
    return inside


def finite(score: NpsScore, population: int) -> Interval | None:
    """The 95 % interval of the score that the whole base would have given; None without questionnaires.

    The clients not interviewed are predicted (Dirichlet-multinomial with Rocks' weights), and the result is cut at what
    arithmetic allows. A base surveyed in full gives a point.
    """
    centre, error = finite_prediction(score, population) or (0.0, None)
    limits = bounds(score, population)
    if error is None or limits is None:
        return None
    found = around(centre, error)
    return Interval(max(found.low, limits.low), min(found.high, limits.high))


def finite_prediction(score: NpsScore, population: int) -> tuple[float, float] | None:
    """The expected score of the whole base and its standard error, in points."""
    if not score.n:
        return None
    rest = max(0, population - score.n)
    total = score.n + rest
    weight = score.n + _ALL
    p, d = (score.promoters + _EXTREME) / weight, (score.detractors + _EXTREME) / weight
    mean = p - d
    centre = (score.promoters - score.detractors + rest * mean) / total
    if not rest:
        return 100 * centre, 0.0
    spread = (p + d - mean * mean) * (weight + rest) / (rest * (weight + 1))
    return 100 * centre, 100 * rest / total * math.sqrt(spread)


def bounds(score: NpsScore, population: int) -> Interval | None:
    """What the base could have given whatever the silent think (Manski): arithmetic, no statistics.

    Its width is 2·(1 - share surveyed)·100. None without questionnaires.
    """
    if not score.n:
        return None
    rest = max(0, population - score.n)
    total = score.n + rest
    difference = score.promoters - score.detractors
    return Interval(100 * (difference - rest) / total, 100 * (difference + rest) / total)


def if_silent_were_passive(score: NpsScore, population: int) -> float | None:
    """The score of the whole base if everybody who is silent were passive; None without questionnaires."""
    return 100 * (score.promoters - score.detractors) / max(population, score.n) if score.n else None


def wilson(part: int, whole: int, z: float = Z_95) -> Interval | None:
    """Wilson's interval of a share, 0 to 1; None of nothing."""
    if not whole:
        return None
    share = part / whole
    centre = share + z * z / (2 * whole)
    half = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    below = 1 + z * z / whole
    return Interval(max(0.0, (centre - half) / below), min(1.0, (centre + half) / below))


def goodman(part: int, whole: int, shares: int) -> Interval | None:
    """Goodman's (1965) interval of one of several shares that are to hold together with 95 %; None of nothing."""
    return wilson(part, whole, quantile(1 - 0.05 / (2 * shares)))


def _cut(found: Interval) -> Interval:
    return Interval(max(-100.0, found.low), min(100.0, found.high))
