"""Changes of a draft: each takes a script and gives the changed one (R18)."""

from collections.abc import Collection
from dataclasses import replace

from nps.domain.errors import DomainError, StaleError
from nps.domain.script import Answer, Branch, Complaint, Objection, Prompt, Question, Script, Step, StepKind

_GONE = "Этого шага в черновике уже нет: его удалили. Выберите другой."


def with_step(script: Script, step: Step) -> Script:
    """The script with this step in the place of the one of the same id. Raises StaleError when there is none."""
    if all(other.id != step.id for other in script.steps):
        raise StaleError("no_step", _GONE)
    return replace(script, steps=tuple(step if other.id == step.id else other for other in script.steps))


def added_id(script: Script, prefix: str = "step") -> str:
    """The id that a step added now gets."""
    return free_id({step.id for step in script.steps}, prefix)


def with_new_step(script: Script, kind: StepKind, title: str, line: str) -> Script:
    """The script with an empty step at its end; nothing leads to it yet."""
    branches = (Branch(1, 8, ""), Branch(9, 10, "")) if kind is StepKind.RATING else ()
    step = Step(added_id(script), kind, title, line, branches=branches)
    return replace(script, steps=(*script.steps, step))


def without_step(script: Script, step_id: str) -> Script:
    """The script without a step; what led to it leads nowhere now, which the checks will name."""
    if all(step.id != step_id for step in script.steps):
        raise StaleError("no_step", _GONE)
    if step_id == script.start:
        raise DomainError("start", "С этого шага начинается разговор. Сначала назначьте первым другой шаг.")
    return replace(script, steps=tuple(_unlinked(step, step_id) for step in script.steps if step.id != step_id))


def with_start(script: Script, step_id: str) -> Script:
    if all(step.id != step_id for step in script.steps):
        raise StaleError("no_step", _GONE)
    return replace(script, start=step_id)


def with_questions(script: Script, questions: tuple[Question, ...]) -> Script:
    return replace(script, questions=questions)


def with_complaint(script: Script, complaint: Complaint) -> Script:
    return replace(script, complaint=complaint)


def with_answer(script: Script, step_id: str, label: str) -> Script:
    """The script with one more answer of a choice, which leads nowhere yet. Raises StaleError for another kind."""
    step = _step(script, step_id, StepKind.CHOICE)
    answer = Answer(free_id({answer.id for answer in step.answers}, "a"), label, label.casefold()[:40], "")
    return with_step(script, replace(step, answers=(*step.answers, answer)))


def with_prompt(script: Script, step_id: str, label: str) -> Script:
    """The script with one more prompt, before the last one («другое»). Raises StaleError for another kind."""
    step = _step(script, step_id, StepKind.REASONS)
    prompt = Prompt(free_id({prompt.id for prompt in step.prompts}, "p"), label)
    return with_step(script, replace(step, prompts=(*step.prompts[:-1], prompt, *step.prompts[-1:])))


def with_objection(script: Script, complaint: str) -> Script:
    """The script with one more objection, whose reply is still to be written."""
    known = script.complaint.objections
    objection = Objection(free_id({part.id for part in known}, "o"), complaint, "")
    return replace(script, complaint=replace(script.complaint, objections=(*known, objection)))


def with_question(script: Script, ask: str) -> Script:
    """The script with one more question outside the survey, whose reply is still to be written."""
    question = Question(free_id({part.id for part in script.questions}, "q"), ask, "")
    return replace(script, questions=(*script.questions, question))


def free_id(taken: Collection[str], prefix: str) -> str:
    """The first of prefix1, prefix2 … that is not taken."""
    return next(name for n in range(1, len(taken) + 2) if (name := f"{prefix}{n}") not in taken)


def _step(script: Script, step_id: str, kind: StepKind) -> Step:
    found = next((step for step in script.steps if step.id == step_id and step.kind is kind), None)
    if found is None:
        raise StaleError("no_step", _GONE)
    return found


def _unlinked(step: Step, gone: str) -> Step:
    return replace(
        step,
        next="" if step.next == gone else step.next,
        answers=tuple(replace(answer, next="") if answer.next == gone else answer for answer in step.answers),
        branches=tuple(replace(branch, next="") if branch.next == gone else branch for branch in step.branches),
    )
