"""Lost points: which reason takes how much from an NPS of 100.

100 - NPS = 100·(2·detractors + passives) / n: a detractor is missing as a promoter and counts against, a passive is
missing only. Each divides his loss equally among his reasons, so the parts always add up to the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Generic, NamedTuple, TypeVar

from nps.domain.nps_score import RATINGS, Group, classify

Key = TypeVar("Key", bound=Hashable)

_WEIGHT = {Group.PASSIVE: 1, Group.DETRACTOR: 2}
#: The ratings at which the reason is asked (R5).
ASKED = tuple(rating for rating in RATINGS if classify(rating) in _WEIGHT)


class Mention(NamedTuple, Generic[Key]):
    """`clients` with this rating named the reason, each beside `reasons - 1` others."""

    reason: Key
    rating: int
    reasons: int
    clients: int = 1


def lost_points(mentions: Iterable[Mention[Key]], n: int) -> dict[Key, tuple[int, Fraction]]:
    """Mentions and lost points of each reason. `n` counts all questionnaires, those of promoters too.

    Raises ValueError for a rating of 9 or 10: it loses nothing and is not asked.
    """
    named: Counter[Key] = Counter()
    lost: dict[Key, Fraction] = {}
    for reason, rating, reasons, clients in mentions:
        if rating not in ASKED:
            raise ValueError("nobody is asked for a reason at 9 or 10")
        named[reason] += clients
        lost[reason] = lost.get(reason, Fraction(0)) + Fraction(_WEIGHT[classify(rating)] * clients, reasons)
    return {reason: (named[reason], 100 * lost[reason] / n) for reason in named}
