"""NPS on the contract's scale of 1 to 10, its interval for a finite base, and the coverage of the base (R3, R6)."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

RATINGS = range(1, 11)
_Z_95 = 1.959963984540054
# Pseudo-observations of the adjusted Wald interval (Rocks 2016, The American Statistician).
_PSEUDO_EXTREME, _PSEUDO_ALL = 0.75, 3.0


class Group(StrEnum):
    """Who gave the rating (requirements §6)."""

    PROMOTER = "promoter"
    PASSIVE = "passive"
    DETRACTOR = "detractor"


def classify(rating: int) -> Group:
    """Return the group of a rating of 1 to 10: 9-10, 7-8, 1-6; raises ValueError off the scale."""
    if rating not in RATINGS:
        raise ValueError("a rating is 1 to 10")
    if rating >= 9:
        return Group.PROMOTER
    return Group.PASSIVE if rating >= 7 else Group.DETRACTOR


@dataclass(frozen=True, slots=True)
class NpsScore:
    """The score of a set of interviews, from the counts and never from rounded shares."""

    promoters: int
    passives: int
    detractors: int

    @property
    def n(self) -> int:
        """Interviews with a rating."""
        return self.promoters + self.passives + self.detractors

    @property
    def value(self) -> int | None:
        """Points from -100 to 100, halves away from zero as Excel's ROUND does; None without interviews."""
        if not self.n:
            return None
        exact = Decimal(100 * (self.promoters - self.detractors)) / Decimal(self.n)
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def interval(self, population: int) -> tuple[float, float] | None:
        """Return the 95 % interval, in points, of the score the whole base would have given.

        The clients not interviewed are predicted (Dirichlet-multinomial with the weights of Rocks 2016) and the result
        is cut at what arithmetic allows. A base surveyed in full gives a point; None without interviews.
        """
        if not self.n:
            return None
        rest = max(0, population - self.n)
        total = self.n + rest
        difference = self.promoters - self.detractors
        weight = self.n + _PSEUDO_ALL
        p = (self.promoters + _PSEUDO_EXTREME) / weight
        d = (self.detractors + _PSEUDO_EXTREME) / weight
        mean = p - d
        centre = (difference + rest * mean) / total
        half = 0.0
        if rest:
            variance = (p + d - mean * mean) * (weight + rest) / (rest * (weight + 1))
            half = _Z_95 * rest / total * math.sqrt(variance)
        low = max(centre - half, (difference - rest) / total)
        high = min(centre + half, (difference + rest) / total)
        return 100 * low, 100 * high


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the base is surveyed against the contract's 75 %."""

    surveyed: int
    clients: int

    @property
    def reached(self) -> bool:
        """4 · surveyed >= 3 · clients, in integers (R3); an empty base has reached nothing."""
        return self.clients > 0 and 4 * self.surveyed >= 3 * self.clients

    @property
    def target(self) -> int:
        """The least number of interviews that reaches the threshold."""
        return -(-3 * self.clients // 4)

    @property
    def missing(self) -> int:
        """Interviews still missing to the threshold."""
        return max(0, self.target - self.surveyed)


def coverage(surveyed: int, clients: int) -> Coverage:
    """Return the coverage of a base."""
    return Coverage(surveyed, clients)
