"""How many questionnaires a precision takes. Margins and differences are points of NPS.

A variance of 0 says that nobody has differed yet, not that nobody will: the widest one stands for it.
"""

from __future__ import annotations

import math

from nps.domain.nps_score import NpsScore
from nps.domain.survey_statistics.intervals import WIDEST, variance
from nps.domain.survey_statistics.normal import Z_95, quantile

#: Questionnaires below which their own variance says nothing about further ones.
LEAST_PLANNED = 30


def expected_variance(score: NpsScore) -> float:
    """σ² to plan further questionnaires with: the one seen so far, the widest when that is of few or of like ones."""
    return variance(score) or WIDEST if score.n >= LEAST_PLANNED else WIDEST


def for_margin(margin: float, spread: float = WIDEST, population: int | None = None) -> int | None:
    """Questionnaires for a score of ± `margin` with 95 %; `spread` is σ² of one questionnaire, at most 1.

    With `population` those of a finite base: n0 / (1 + (n0 - 1) / N), None of a base of nobody.
    """
    endless = Z_95**2 * (spread or WIDEST) / (margin / 100) ** 2
    if population is None:
        return math.ceil(endless)
    return math.ceil(endless / (1 + (endless - 1) / population)) if population else None


def for_difference(points: float, spread: float = WIDEST, power: float = 0.8) -> int:
    """Questionnaires in each of two groups so that a difference of `points` is found with this power at 5 %.

    2·σ²·(zα + zβ)² / d², with σ² of one questionnaire in either group.
    """
    z = Z_95 + quantile(power)
    return math.ceil(2 * (spread or WIDEST) * z**2 / (points / 100) ** 2)


def margin(n: int, spread: float = WIDEST) -> float | None:
    """± of a score from n questionnaires of an endless base, 95 %; None from none."""
    return 100 * Z_95 * math.sqrt((spread or WIDEST) / n) if n else None
