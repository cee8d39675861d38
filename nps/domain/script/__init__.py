"""The branching script an operator reads: where the talk is, where it goes, what is said (R17, R18)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from nps.domain.disposition import REFUSALS
from nps.domain.errors import AnswerError
from nps.domain.script.body import as_plain, read_complaint, read_questions, read_steps, text
from nps.domain.script.parts import Complaint, ComplaintStep, Objection, Question
from nps.domain.script.placeholders import PLACEHOLDERS, without_name
from nps.domain.script.problems import Fault, Problem, break_in_problems, find_problems
from nps.domain.script.steps import DECLINED, Answer, Branch, Prompt, Step, StepKind

__all__ = [
    "DECLINED", "Answer", "Branch", "Complaint", "ComplaintStep", "Fault", "Objection", "Piece", "Problem", "Prompt",
    "Question", "Script", "Step", "StepKind",
]  # fmt: skip

_FILLED = re.compile(f"({'|'.join(map(re.escape, PLACEHOLDERS))})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line; a placeholder's piece holds what it stands for and is tinted on the page."""

    text: str
    is_placeholder: bool


@dataclass(frozen=True, slots=True)
class Script:
    """A version of the script; `from_dict` reads the stored body, `to_dict` gives it back."""

    start: str
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]
    complaint: Complaint

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Read a stored body; raises ScriptError when it has not the shape of a script."""
        return cls(text(body, "start"), read_steps(body), read_questions(body), read_complaint(body))

    def to_dict(self) -> dict[str, Any]:
        """Return the body as JSON values; empty fields are left out."""
        return {
            "start": self.start,
            "steps": as_plain(self.steps),
            "questions": as_plain(self.questions),
            "complaint": {
                "steps": as_plain(self.complaint.steps),
                "objections": as_plain(self.complaint.objections),
            },
        }

    def step(self, step_id: str) -> Step:
        """Return a step; raises KeyError for an id the script does not have."""
        return {step.id: step for step in self.steps}[step_id]

    def path(self, answers: Mapping[str, Any]) -> list[tuple[Step, Any]]:
        """Return the answered steps in the order of the talk; answers of a branch that was left are not among them."""
        return self._walk(answers)[0]

    def current(self, answers: Mapping[str, Any]) -> Step:
        """Return the step the talk is at: the first without a valid answer, or the one that ends the call."""
        return self._walk(answers)[1]

    def result(self, answers: Mapping[str, Any]) -> str | None:
        """Return the code of the result the talk has come to, None while it goes on."""
        trail, step = self._walk(answers)
        is_over = step.kind is StepKind.END or bool(trail and trail[-1][0] is step)
        return step.disposition or None if is_over else None

    def rating(self, answers: Mapping[str, Any]) -> int | None:
        """Return the rating, 1 to 10; None when the client gave none."""
        rating: int | None = self._given(StepKind.RATING, answers)
        return rating

    def reasons(self, answers: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the reasons as they are stored (see `check_answer`); None when they were not asked for."""
        reasons: dict[str, Any] | None = self._given(StepKind.REASONS, answers)
        return reasons

    def has_consented(self, answers: Mapping[str, Any]) -> bool:
        """Whether the last answer leads on from a step at which the client could put the talk off, or refuse it.

        R14 counts from the last such answer before the rating, whatever questions stand between.
        """
        trail, here = self._walk(answers)
        leads_on = here.kind not in (StepKind.END, StepKind.CALLBACK)
        return bool(trail) and leads_on and trail[-1][0].kind is StepKind.CHOICE and self._may_end(trail[-1][0])

    def _may_end(self, step: Step) -> bool:
        ends = {one.id for one in self.steps if one.kind is StepKind.CALLBACK or one.disposition in REFUSALS}
        return not ends.isdisjoint(step.targets())

    def reasons_prompts(self, answers: Mapping[str, Any]) -> tuple[Prompt, ...]:
        """The prompts among which those reasons were chosen: two steps may have the same keys."""
        return next((step.prompts for step, _ in self.path(answers) if step.kind is StepKind.REASONS), ())

    def check_answer(self, step: Step, value: Any) -> Any:
        """Return the answer as it is stored; raises AnswerError.

        choice: the answer's id. rating: 1 to 10. reasons: {"prompts": [ids], "words": str, "comment": str}, not all
        empty. callback: "declined" or an ISO instant in UTC.
        """
        return step.check(value)

    def say(self, step: Step, client_name: str, operator_name: str) -> list[Piece]:
        """Return the step's line with its placeholders filled in.

        Without a client's name the step's own wording for that is read, else the address is left out.
        """
        line = step.say
        if not client_name:
            line = step.say_no_name or without_name(step.say)
        names = dict(zip(PLACEHOLDERS, (client_name, operator_name), strict=True))
        parts = [part for part in _FILLED.split(line) if part]
        pieces = [Piece(names.get(part.casefold(), part), part.casefold() in names) for part in parts]
        return [piece for piece in pieces if piece.text]

    def problems(self) -> list[Problem]:
        """Return what keeps the script from being published."""
        return [*find_problems(self.start, self.steps), *break_in_problems(self.questions, self.complaint)]

    def _given(self, kind: StepKind, answers: Mapping[str, Any]) -> Any:
        return next((value for step, value in self.path(answers) if step.kind is kind), None)

    def _walk(self, answers: Mapping[str, Any]) -> tuple[list[tuple[Step, Any]], Step]:
        by_id = {step.id: step for step in self.steps}
        trail: list[tuple[Step, Any]] = []
        step, seen = by_id[self.start], set[str]()
        while step.kind is not StepKind.END and step.id in answers and step.id not in seen:
            seen.add(step.id)
            try:
                value = step.check(answers[step.id])
            except AnswerError:
                break
            trail.append((step, value))
            following = by_id.get(step.next_id(value))
            if following is None:
                break
            step = following
        return trail, step
