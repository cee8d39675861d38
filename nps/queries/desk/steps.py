"""The step of the script as the desk shows it, and the trail above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from nps.domain.script import DECLINED, Script, Step, StepKind
from nps.domain.script.gender import forms
from nps.models import Answer
from nps.queries.desk.days import DayPicker
from nps.queries.desk.views import AnswerView, PieceView, PromptView, StepView, TrailItem
from nps.queries.interviews import in_force
from nps.queries.together import Found, Lists

#: A line shorter than this is set larger: it stands in a block of five lines.
_SHORT_LINE = 90


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the script's lines take from the two who talk: their names as said, the operator's grammatical gender."""

    client: str
    operator: str
    gender: str


def _say(script: Script, step: Step, spoken: Spoken) -> list[PieceView]:
    found: list[PieceView] = []
    for piece in script.say(step, spoken.client, spoken.operator):
        if piece.is_placeholder:
            found.append(PieceView(piece.text, placeholder=True))
        else:
            found += [PieceView(form.text, False, form.mark, form.instead) for form in forms(piece.text, spoken.gender)]
    return found


#: What was answered in a call, drafts and what is no longer in force too, for `Together`: bind `attempt`.
ANSWERS: Lists = {
    "answers": select(Answer.id, Answer.step, Answer.value, Answer.replaced_at).where(
        Answer.attempt_id == bindparam("attempt")
    ),
}


def answers_in(found: Found) -> dict[str, Any]:
    """The answers in force by step."""
    return in_force((row.step, row.value) for row in found["answers"] if row.replaced_at is None)


def marked_at(found: Found, step_id: str) -> Any:
    """What is marked at a step: the draft, else what was answered there before it was taken back; None for nothing."""
    marked = [(row.replaced_at is None, row.id, row.value) for row in found["answers"] if row.step == step_id]
    return max(marked, key=lambda row: row[:2])[2] if marked else None


def step_view(
    script: Script, step: Step, answers: Mapping[str, Any], marked: Any, spoken: Spoken, pick: DayPicker
) -> StepView:
    """The step with what is already marked on it."""
    say = _say(script, step, spoken)
    reasons = marked if isinstance(marked, dict) else {}
    is_callback = step.kind is StepKind.CALLBACK
    days = pick.days() if is_callback else []
    return StepView(
        id=step.id,
        kind=str(step.kind),
        heading=_heading(script, step, answers),
        say=say,
        say_short=sum(len(piece.text) for piece in say) < _SHORT_LINE,
        instruction=pick.hint() if is_callback else _instruction(step, answers, script),
        answers=_answers(step, marked),
        prompts=[
            PromptView(prompt.id, prompt.label, prompt.id in reasons.get("prompts", [])) for prompt in step.prompts
        ],
        words=str(reasons.get("words", "")),
        comment=str(reasons.get("comment", "")),
        low_label=step.low_label,
        high_label=step.high_label,
        days=days,
        break_text=pick.break_text() if is_callback else "",
        submit_text=_submit(step),
    )


def _heading(script: Script, step: Step, answers: Mapping[str, Any]) -> str:
    rating = script.rating(answers)
    return f"{step.title}, оценка {rating}" if rating is not None and step.kind is not StepKind.RATING else step.title


def _instruction(step: Step, answers: Mapping[str, Any], script: Script) -> str:
    asked = script.reasons(answers) is not None
    rating = script.rating(answers)
    if step.kind is StepKind.END and rating is not None and not asked:
        return f"Оценка {rating}: вопрос о причинах не задаём."
    return step.instruction


def _submit(step: Step) -> str:
    if step.kind is StepKind.END:
        return "Сохранить анкету" if step.disposition == "surveyed" else "Записать и завершить"
    return "Дальше"


def _answers(step: Step, marked: Any) -> list[AnswerView]:
    if step.kind is StepKind.RATING:
        return [AnswerView(str(n), str(n), str(n % 10), f"Digit{n % 10}", marked == n) for n in range(1, 11)]
    return [
        AnswerView(answer.id, answer.label, str(n), f"Digit{n}", marked == answer.id)
        for n, answer in enumerate(step.answers, 1)
    ]


def trail(script: Script, answers: Mapping[str, Any], current: Step | None) -> list[TrailItem]:
    """The steps passed with their answers, the present one, and those that lead on from it by the usual way."""
    passed = script.path(answers)
    items = [TrailItem(step.title, trail_value(step, value), current=False, done=True) for step, value in passed]
    step: Step | None = current
    by_id = {other.id: other for other in script.steps}
    seen = {done.id for done, _ in passed}
    while step is not None and step.id not in seen:
        items.append(TrailItem(step.title, "", current=current is not None and step.id == current.id, done=False))
        seen.add(step.id)
        targets = step.targets()
        step = by_id.get(targets[0]) if targets and step.kind is not StepKind.CALLBACK else None
    return items


def trail_value(step: Step, value: Any) -> str:
    """A given answer in a few words."""
    if step.kind is StepKind.REASONS and isinstance(value, dict):
        labels = {prompt.id: prompt.label for prompt in step.prompts}
        chosen = [labels[prompt] for prompt in value.get("prompts", []) if prompt in labels]
        if not chosen:
            return "словами"
        return chosen[0] if len(chosen) == 1 else f"{chosen[0]}, ещё {len(chosen) - 1}"
    if step.kind is StepKind.CALLBACK:
        return "не хочет" if value == DECLINED else ""
    return step.trail_word(value)
