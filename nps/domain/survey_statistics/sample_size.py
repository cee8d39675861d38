"""How many questionnaires a precision takes. Margins and differences are points of NPS."""

from __future__ import annotations

import math

from nps.domain.survey_statistics.normal import Z_95, quantile

_WIDEST = 1.0


def for_margin(margin: float, variance: float = _WIDEST, population: int | None = None) -> int:
    """Questionnaires for a score of ± `margin` with 95 %; `variance` as of one questionnaire, at most 1.

    With `population` those of a finite base: n0 / (1 + (n0 - 1) / N).
    """
    endless = Z_95**2 * variance / (margin / 100) ** 2
    return math.ceil(endless if population is None else endless / (1 + (endless - 1) / population))


def for_difference(points: float, variance: float, power: float = 0.8) -> int:
    """Questionnaires in each of two groups so that a difference of `points` is found with this power at 5 %.

    2·σ²·(zα + zβ)² / d², with σ² of one questionnaire in either group.
    """
    z = Z_95 + quantile(power)
    return math.ceil(2 * variance * z**2 / (points / 100) ** 2)


def margin(n: int, variance: float) -> float:
    """± of a score from n questionnaires of an endless base, 95 %."""
    return 100 * Z_95 * math.sqrt(variance / n)
