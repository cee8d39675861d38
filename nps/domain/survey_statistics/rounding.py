"""Rounding as Excel and people do it: halves away from zero, and shares that add up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def half_up(value: Fraction | float | int) -> int:
    """The nearest whole number, halves away from zero: 12.5 -> 13, -12.5 -> -13 (Python's `round` gives 12)."""
    size = math.floor(abs(Fraction(value)) + Fraction(1, 2))
    return size if value >= 0 else -size


def shares_adding_up(counts: Sequence[int], units: int = 1000) -> tuple[int, ...]:
    """Parts of a whole in `units` (1000: tenths of a percent) that add up to it, by largest remainders.

    Of equal remainders the earlier part gets the unit. Counts of nothing give zeros.
    """
    total = sum(counts)
    if not total:
        return tuple(0 for _ in counts)
    whole = [units * count // total for count in counts]
    remainders = [units * count % total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: units - sum(whole)]:
        whole[index] += 1
    return tuple(whole)
