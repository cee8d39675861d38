"""NPS on the contract's scale of 1 to 10, and the coverage of the base (R3, requirements §6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from nps.domain.survey_statistics.rounding import half_up

RATINGS = range(1, 11)


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
        return None if self.exact is None else half_up(self.exact)

    @property
    def exact(self) -> Fraction | None:
        """Points before rounding; None without interviews."""
        return Fraction(100 * (self.promoters - self.detractors), self.n) if self.n else None


def score_of(ratings: Iterable[tuple[int, int]]) -> NpsScore:
    """The score of pairs (rating, how many). The denominator is the ratings of 1 to 10 and nothing else."""
    counts = dict.fromkeys(Group, 0)
    for rating, number in ratings:
        counts[classify(rating)] += number
    return NpsScore(counts[Group.PROMOTER], counts[Group.PASSIVE], counts[Group.DETRACTOR])


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
    return Coverage(surveyed, clients)
