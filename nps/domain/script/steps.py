"""The parts of a script and what an answer to each kind of step may be (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nps.domain.errors import AnswerError
from nps.domain.nps_score import RATINGS
from nps.domain.typed_time import instant_of

DECLINED = "declined"


class StepKind(StrEnum):
    """How a step is answered; `end` is not answered, it carries the call's result."""

    CHOICE = "choice"
    RATING = "rating"
    REASONS = "reasons"
    CALLBACK = "callback"
    END = "end"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a choice; `trail` is the short word for it in the line of given answers."""

    id: str
    label: str
    trail: str
    next: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Where the ratings from `low` to `high`, both included, lead."""

    low: int
    high: int
    next: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A reason the operator offers when the client is at a loss; `was`: earlier words for the same reason."""

    id: str
    label: str
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the script. Which fields are used depends on the kind.

    say: read aloud as it stands; say_no_name: the same for a client without a name. instruction: not read aloud.
    choice: answers. rating: branches, low_label, high_label. reasons: prompts, next. callback: next leads on when the
    client declines, a time ends the call with `disposition`. end: disposition.
    """

    id: str
    kind: StepKind
    title: str
    line: str = ""
    say: str = ""
    say_no_name: str = ""
    instruction: str = ""
    answers: tuple[Answer, ...] = ()
    branches: tuple[Branch, ...] = ()
    low_label: str = ""
    high_label: str = ""
    prompts: tuple[Prompt, ...] = ()
    next: str = ""
    disposition: str = ""

    def check(self, value: Any) -> Any:
        """Return the answer in the form in which it is stored; raises AnswerError with a sentence for the operator."""
        match self.kind:
            case StepKind.CHOICE:
                return self._check_choice(value)
            case StepKind.RATING:
                return _check_rating(value)
            case StepKind.REASONS:
                return self._check_reasons(value)
            case StepKind.CALLBACK:
                return _check_callback(value)
        raise AnswerError("end", "Это последний шаг скрипта, ответа он не ждёт. Запишите итог звонка.")

    def next_id(self, value: Any) -> str:
        """Return the id of the step a checked answer leads to, '' when the call ends here."""
        if self.kind is StepKind.CHOICE:
            return next(answer.next for answer in self.answers if answer.id == value)
        if self.kind is StepKind.RATING:
            return next((branch.next for branch in self.branches if branch.low <= value <= branch.high), "")
        if self.kind is StepKind.CALLBACK and value != DECLINED:
            return ""
        return self.next

    def targets(self) -> tuple[str, ...]:
        """Return the ids of all steps that can follow this one."""
        if self.kind is StepKind.CHOICE:
            return tuple(answer.next for answer in self.answers)
        if self.kind is StepKind.RATING:
            return tuple(branch.next for branch in self.branches)
        return () if self.kind is StepKind.END else (self.next,)

    def trail_word(self, value: Any) -> str:
        """Return the short word for a choice in the line of given answers; the number of a rating; '' for others."""
        if self.kind is StepKind.CHOICE:
            return next((answer.trail for answer in self.answers if answer.id == value), "")
        return str(value) if self.kind is StepKind.RATING else ""

    def _check_choice(self, value: Any) -> str:
        if value not in {answer.id for answer in self.answers}:
            raise AnswerError("choice", "Такого ответа на этом шаге нет. Выберите один из показанных.")
        return str(value)

    def _check_reasons(self, value: Any) -> dict[str, Any]:
        given = value if isinstance(value, Mapping) else {}
        chosen = given.get("prompts") or []
        known = [prompt.id for prompt in self.prompts]
        if isinstance(chosen, str) or any(prompt not in known for prompt in chosen):
            raise AnswerError("prompts", "Такой причины в скрипте нет. Выберите из показанных.")
        reasons = {
            "prompts": [prompt for prompt in known if prompt in chosen],
            "words": str(given.get("words") or "").strip(),
            "comment": str(given.get("comment") or "").strip(),
        }
        if not any(reasons.values()):
            raise AnswerError(
                "no_reason",
                "Укажите причину: выберите подсказку, запишите слова клиента или комментарий «затрудняется ответить».",
            )
        return reasons


def _check_rating(value: Any) -> int:
    text = str(value).strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= 2
    if isinstance(value, bool) or not is_number or int(text) not in RATINGS:
        raise AnswerError("rating", "Оценка — целое число от 1 до 10. Выберите её на шкале.")
    return int(text)


def _check_callback(value: Any) -> str:
    if value == DECLINED:
        return DECLINED
    at = instant_of(str(value))
    if at is None:
        raise AnswerError("callback", "Выберите день и время перезвона или отметьте, что клиент отказался.")
    return at.isoformat()
