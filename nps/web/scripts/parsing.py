"""Parts of a script as the studio's forms send them: rows without words are left out, new rows get a name."""

from __future__ import annotations

from dataclasses import replace

from flask import request

from nps.domain.script import Answer, Branch, Complaint, ComplaintStep, Objection, Prompt, Question, Step, StepKind
from nps.domain.script.editing import free_id
from nps.web import forms

#: Far over the limits of a script: those are told by the rules, with the place.
_LIMIT = 20_000
_RATING = range(1, 11)


def read_step(step: Step) -> Step:
    """The step as the form says; its kind and id stay."""
    changed = replace(
        step,
        title=forms.text("title", _LIMIT) or step.title,
        line=forms.text("line", _LIMIT),
        say=forms.text("say", _LIMIT),
        say_no_name=forms.text("say_no_name", _LIMIT),
        instruction=forms.text("instruction", _LIMIT),
        low_label=forms.text("low_label", _LIMIT),
        high_label=forms.text("high_label", _LIMIT),
        next=forms.text("next", _LIMIT),
        disposition="callback" if step.kind is StepKind.CALLBACK else forms.text("disposition", _LIMIT),
    )
    if step.kind is StepKind.CHOICE:
        return replace(changed, answers=_answers())
    if step.kind is StepKind.RATING:
        return replace(changed, branches=_branches())
    return replace(changed, prompts=_prompts(step)) if step.kind is StepKind.REASONS else changed


def read_questions() -> tuple[Question, ...]:
    """The questions outside the survey."""
    rows = _rows("id", "ask", "reply")
    return tuple(Question(row_id, ask, reply) for row_id, (_, ask, reply) in zip(_ids(rows, "q"), rows, strict=True))


def read_complaint() -> Complaint:
    """The line for complaints: its steps, and the objections with their replies."""
    steps = tuple(
        ComplaintStep(text, words, action if action in ("contacts", "escalation") else "")
        for text, words, action in _rows("step_text", "step_words", "step_action", needed=2)
    )
    rows = _rows("id", "complaint", "reply")
    objections = zip(_ids(rows, "o"), rows, strict=True)
    return Complaint(steps, tuple(Objection(row_id, said, reply) for row_id, (_, said, reply) in objections))


def _answers() -> tuple[Answer, ...]:
    rows = _rows("answer_id", "answer_label", "answer_trail", "answer_next", needed=3)
    return tuple(
        Answer(row_id, label, trail or label.casefold()[:40], following)
        for row_id, (_, label, trail, following) in zip(_ids(rows, "a"), rows, strict=True)
    )


def _branches() -> tuple[Branch, ...]:
    rows = _rows("branch_low", "branch_high", "branch_next", needed=2)
    return tuple(Branch(_rating(low or high), _rating(high or low), following) for low, high, following in rows)


def _rating(text: str) -> int:
    """The number as typed, 0 for what is none: the checks name every rating that leads nowhere."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) in _RATING else 0


def _prompts(step: Step) -> tuple[Prompt, ...]:
    """The reasons; one that is called otherwise and ticked is the same one, else its words are forgotten with it."""
    rows, same = _rows("prompt_id", "prompt_label"), set(forms.texts("prompt_same"))
    before = {prompt.id: prompt for prompt in step.prompts}
    found = []
    for row_id, (_, label) in zip(_ids(rows, "p"), rows, strict=True):
        old = before.get(row_id, Prompt(row_id, label))
        was = old.was if label == old.label else (*old.was, old.label) if row_id in same else ()
        found.append(Prompt(row_id, label, was))
    return tuple(found)


def _rows(*names: str, needed: int = 0) -> list[tuple[str, ...]]:
    """The rows of a table of fields; one without words (in the first `needed` fields, the id apart) is none."""
    columns = [forms.texts(name, _LIMIT) for name in names]
    length = max(map(len, columns), default=0)
    rows = [tuple(column[n] if n < len(column) else "" for column in columns) for n in range(min(length, 200))]
    first = 1 if names[0].endswith("id") else 0
    return [row for row in rows if any(row[first : needed or None])]


def _ids(rows: list[tuple[str, ...]], prefix: str) -> list[str]:
    taken = {row[0] for row in rows if row[0]}
    found = []
    for row in rows:
        row_id = row[0] or free_id(taken, prefix)
        taken.add(row_id)
        found.append(row_id)
    return found


def campaigns() -> set[int]:
    """The campaigns that are ticked."""
    return set(forms.numbers("campaign"))


def revision() -> int:
    """The revision of the draft that the form was made from."""
    return forms.id_or_none(request.form.get("revision", "")) or 0
