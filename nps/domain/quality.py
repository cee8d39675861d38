"""Which calls are listened to and why, and the scorecard of a review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from zlib import crc32

from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S

#: Why a call was chosen; the first that holds is stored with the review.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "speed": "ответы записаны быстрее, чем их можно прочитать",
        "length": "опрос дольше 60 секунд",
        "ring": "гудки короче 20 секунд",
        "complaint": "клиент прервал опрос: жалоба или вопрос",
        "newcomer": "новый оператор",
        "share": "выборочно",
        "asked": "выбран вручную",
    }
)
#: Marks of a criterion; one that did not come up in the call has none.
MARKS: Mapping[int, str] = MappingProxyType({2: "Да", 1: "Частично", 0: "Нет"})
BEST_MARK = max(MARKS)
#: A step answered in less than this share of its reading time was not read aloud.
_LEAST_SHARE_READ = 0.4
#: Given up before the 20 seconds without a word from the line: the client may only have been slow. Busy, switched off
#: and dead numbers say so themselves and need no waiting (R13).
_GIVEN_UP = ("technical",)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is listened for; `hint` says in a few words what belongs to it."""

    title: str
    hint: str = ""


DEFAULT_CRITERIA = (
    Criterion("Приветствие дословно", "компания, отдел, имя"),
    Criterion("Оценка без подсказки", "вопрос прочитан целиком"),
    Criterion("Причины, слова клиента", "варианты предложены, записано дословно"),
    Criterion("Жалоба и вопрос по шагам", "выслушал, ответил по скрипту, вернулся"),
    Criterion("Темп и тон"),
)
MOST_CRITERIA, LONGEST_TITLE, LONGEST_HINT = 12, 80, 120


@dataclass(frozen=True, slots=True)
class Plan:
    """How calls of a campaign are sampled: an operator's first `newcomer_calls` all, later `share_percent` of them."""

    newcomer_calls: int = 20
    share_percent: int = 10
    criteria: tuple[Criterion, ...] = DEFAULT_CRITERIA


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a call before anybody listens. `number`: which settled call of its operator it was, from 1.

    `fastest`: the smallest share of its reading time in which a step was answered, None without an answered step.
    """

    key: str
    number: int
    disposition: str
    answered: bool
    ring_s: int
    survey_s: int
    was_interrupted: bool
    fastest: float | None


def why(call: Heard, plan: Plan) -> str | None:
    """Return the code of the reason to listen to a call, None when it is not chosen. The same call, the same answer."""
    if call.fastest is not None and call.fastest < _LEAST_SHARE_READ:
        return "speed"
    if call.survey_s > MOST_SURVEY_S:
        return "length"
    if not call.answered and call.ring_s < LEAST_RING_S and call.disposition in _GIVEN_UP:
        return "ring"
    if call.was_interrupted:
        return "complaint"
    if not call.answered:
        return None
    if call.number <= plan.newcomer_calls:
        return "newcomer"
    return "share" if crc32(call.key.encode()) % 100 < plan.share_percent else None


#: With fewer finished reviews a rate is a first impression, and is called so wherever it stands.
FEW_REVIEWS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """What finished reviews add up to: the points of their scorecards of the most there could be."""

    reviews: int = 0
    points: int = 0
    most: int = 0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.reviews + other.reviews, self.points + other.points, self.most + other.most)

    @property
    def is_few(self) -> bool:
        """Whether the share says little yet; never of no review at all, which says nothing."""
        return 0 < self.reviews < FEW_REVIEWS


def score(marks: Sequence[int | None]) -> tuple[int, int]:
    """Return points and the most there could be; criteria without a mark count for neither."""
    given = [mark for mark in marks if mark is not None]
    return sum(given), BEST_MARK * len(given)
