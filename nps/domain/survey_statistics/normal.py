"""Quantiles and tails of the two distributions that reports need; exact for whole degrees of freedom."""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL = NormalDist()
#: Quantiles of the two-sided intervals that are drawn: 95 % and, for the outer limits of a funnel, 99.8 %.
Z_95 = _NORMAL.inv_cdf(0.975)
Z_998 = _NORMAL.inv_cdf(0.999)


def two_sided(z: float) -> float:
    """The chance of a deviation of at least |z| standard errors."""
    return math.erfc(abs(z) / math.sqrt(2))


def quantile(share: float) -> float:
    """The value that this share of a standard normal variable stays below; 0 < share < 1."""
    return _NORMAL.inv_cdf(share)


def chi_square_tail(x: float, degrees: int) -> float:
    """The chance that a chi-square variable exceeds x, by the finite sums for whole degrees (Abramowitz 26.4.4-5)."""
    if degrees < 1:
        raise ValueError("at least one degree of freedom")
    if x <= 0:
        return 1.0
    half = x / 2
    power = 0.5 if degrees % 2 else 0.0
    total = math.erfc(math.sqrt(half)) if degrees % 2 else 0.0
    term = math.exp(-half) * half**power / math.gamma(power + 1)
    while power <= degrees / 2 - 1:
        total += term
        power += 1
        term *= half / power
    return min(1.0, total)
