"""Comparing scores: two groups, several groups, the same clients twice. Points of NPS; p is two-sided.

Groups are looked at as samples of what such clients would say again, so the finite base does not narrow them: the
question is whether one branch is better than another, not what the base of this wave has answered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from nps.domain.nps_score import Group, NpsScore
from nps.domain.survey_statistics.intervals import (
    WIDEST,
    Interval,
    around,
    sample_variance,
    standard_error,
    variance,
)
from nps.domain.survey_statistics.normal import Z_95, Z_998, chi_square_tail, two_sided

SIGNIFICANT = 0.05
#: Questionnaires below which a group is drawn but not judged.
LEAST_COMPARED = 10
_WORTH = {Group.PROMOTER: 1, Group.PASSIVE: 0, Group.DETRACTOR: -1}


@dataclass(frozen=True, slots=True)
class Difference:
    """First less second, its standard error and how often chance alone gives as much."""

    points: float
    error: float
    p: float

    @property
    def interval(self) -> Interval:
        return around(self.points, self.error)

    @property
    def is_significant(self) -> bool:
        return self.p < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Whether groups differ more than chance would let them: a statistic, its degrees of freedom and p."""

    statistic: float
    degrees: int
    p: float


def difference(first: NpsScore, second: NpsScore) -> Difference | None:
    """Two independent groups (unbiased variances); None when one has fewer than two questionnaires or none varies."""
    one, two = standard_error(first), standard_error(second)
    if one is None or two is None or not (one or two):
        return None
    return _difference(_points(first) - _points(second), math.hypot(one, two))


def homogeneity(scores: Sequence[NpsScore]) -> Homogeneity | None:
    """Cochran's Q over groups whose error is known and not nothing; None for fewer than two of them."""
    known = [(_points(score), error) for score in scores if (error := standard_error(score))]
    if len(known) < 2:
        return None
    weights = [1 / error**2 for _, error in known]
    mean = sum(w * value for w, (value, _) in zip(weights, known, strict=True)) / sum(weights)
    q = sum(w * (value - mean) ** 2 for w, (value, _) in zip(weights, known, strict=True))
    return Homogeneity(q, len(known) - 1, chi_square_tail(q, len(known) - 1))


def composition(scores: Sequence[NpsScore]) -> Homogeneity | None:
    """Pearson's chi-square over promoters, passives and detractors of several groups; None when nothing can differ."""
    rows = [(s.promoters, s.passives, s.detractors) for s in scores if s.n]
    columns = [column for column in zip(*rows, strict=True) if sum(column)]
    degrees = (len(rows) - 1) * (len(columns) - 1)
    if degrees < 1:
        return None
    total = sum(map(sum, rows))
    found = 0.0
    for column in columns:
        for row, seen in zip(rows, column, strict=True):
            expected = sum(row) * sum(column) / total
            found += (seen - expected) ** 2 / expected
    return Homogeneity(found, degrees, chi_square_tail(found, degrees))


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Holm's (1979) correction: with it, one false difference among all is found at most at the level of the test."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    adjusted = [0.0] * len(chances)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(chances) - rank) * chances[index]))
        adjusted[index] = largest
    return tuple(adjusted)


def pairs(scores: Mapping[str, NpsScore]) -> tuple[tuple[str, str, Difference, float], ...]:
    """Every pair of groups that can be compared: their keys, the difference, and p corrected by Holm."""
    found = [(a, b, seen) for a, b in combinations(scores, 2) if (seen := difference(scores[a], scores[b]))]
    corrected = holm([seen.p for _, _, seen in found])
    return tuple((a, b, seen, p) for (a, b, seen), p in zip(found, corrected, strict=True))


def funnel(overall: NpsScore, n: float) -> tuple[Interval, Interval]:
    """The 95 % and 99.8 % limits of a group of n questionnaires that differs by chance only (Spiegelhalter 2005).

    The widest variance stands for one of 0; without questionnaires chance may give anything.
    """
    if not overall.n or n <= 0:
        return Interval(-100.0, 100.0), Interval(-100.0, 100.0)
    error = 100 * math.sqrt((variance(overall) or WIDEST) / n)
    return around(_points(overall), error, Z_95), around(_points(overall), error, Z_998)


def unlike(overall: NpsScore, groups: Mapping[str, NpsScore]) -> dict[str, float]:
    """How often chance alone moves a group so far from the whole, corrected by Holm for the number of groups.

    Groups of fewer than LEAST_COMPARED questionnaires are left out: a normal approximation says nothing about them.
    Empty when answers do not vary.
    """
    known = {key: score for key, score in groups.items() if score.n >= LEAST_COMPARED}
    spread = variance(overall) if overall.n else 0.0
    if not spread:
        return {}
    chances = [
        two_sided((_points(score) - _points(overall)) / (100 * math.sqrt(spread / score.n))) for score in known.values()
    ]
    return dict(zip(known, holm(chances), strict=True))


def panel(transitions: Mapping[tuple[Group, Group], int]) -> Difference | None:
    """The second wave less the first among the same clients; None for fewer than two or when nobody varies.

    `transitions` counts clients by their group before and after.
    """
    n = sum(transitions.values())
    if n < 2:
        return None
    steps = [(_WORTH[after] - _WORTH[before], number) for (before, after), number in transitions.items()]
    mean = sum(step * number for step, number in steps) / n
    spread = sum(number * (step - mean) ** 2 for step, number in steps) / (n - 1)
    return _difference(100 * mean, 100 * math.sqrt(spread / n)) if spread else None


@dataclass(frozen=True, slots=True)
class Weighted:
    """A score weighted by the base, in points; `design_effect` is what unequal weights cost (Kish)."""

    value: float
    error: float
    design_effect: float
    effective_n: float


def weighted(strata: Sequence[tuple[NpsScore, int]]) -> Weighted | None:
    """The score if every branch counted by its clients: pairs of a branch's score and the clients of its base.

    None when a branch with clients has fewer than two questionnaires: then it can't be weighted.
    """
    strata = [(score, clients) for score, clients in strata if clients]
    population = sum(clients for _, clients in strata)
    value = spread = squares = plain = 0.0
    for score, clients in strata:
        found = sample_variance(score)
        if found is None:
            return None
        share = clients / population
        value += share * _points(score)
        spread += share**2 * max(0.0, 1 - score.n / clients) * found / score.n
        weight = share / score.n
        plain += score.n * weight
        squares += score.n * weight**2
    if not plain:
        return None
    n = sum(score.n for score, _ in strata)
    effect = n * squares / plain**2
    return Weighted(value, 100 * math.sqrt(spread), effect, n / effect)


def cluster_effect(size: float, correlation: float) -> float:
    """How much wider answers grow that came through one operator: 1 + (m - 1)·ρ."""
    return 1 + (size - 1) * correlation


def _points(score: NpsScore) -> float:
    return 100 * (score.promoters - score.detractors) / score.n


def _difference(points: float, error: float) -> Difference:
    return Difference(points, error, two_sided(points / error))
