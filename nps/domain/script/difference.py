"""What changed between two scripts, place by place and word by word (R18)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from nps.domain.disposition import TABLE
from nps.domain.script import Script, Step

#: A word with the space behind it: spaces of their own would match each other and cut a changed phrase to pieces.
_TOKENS = re.compile(r"\s+|\S+\s*")
#: Fields of a step as the author meets them, in the order of his form.
_FIELDS = (
    ("say", "что читает оператор"),
    ("say_no_name", "без имени клиента"),
    ("instruction", "подсказка оператору"),
    ("title", "название"),
    ("line", "линия"),
    ("low_label", "низ шкалы"),
    ("high_label", "верх шкалы"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words; `changed`: it stands in this text only."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs. `step_id` is '' for what belongs to no step; `is_spoken`: the client hears it."""

    step_id: str
    place: str
    old: tuple[Words, ...]
    new: tuple[Words, ...]
    is_spoken: bool = False


def by_words(old: str, new: str) -> tuple[tuple[Words, ...], tuple[Words, ...]]:
    """Return both texts with the words marked that only one of them has; together they are the texts again."""
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    left: list[Words] = []
    right: list[Words] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if b > a:
            left.append(Words("".join(before[a:b]), tag != "equal"))
        if d > c:
            right.append(Words("".join(after[c:d]), tag != "equal"))
    return tuple(left), tuple(right)


def compare(old: Script, new: Script) -> list[Change]:
    """Return every place that differs, steps in the order of the new script, then those that are gone."""
    return list(_changes(old, new))


def _changes(old: Script, new: Script) -> Iterator[Change]:
    known = {step.id: step for step in old.steps}
    titles = {step.id: step.title for step in (*old.steps, *new.steps)}
    for step in new.steps:
        before = known.pop(step.id, None)
        yield from _step_changes(before, step, titles)
    for step in known.values():
        yield _change(step.id, f"{step.title}: шаг удалён", step.say, "", True)
    if old.start != new.start:
        yield _change(new.start, "Первый шаг", titles.get(old.start, old.start), titles.get(new.start, new.start))
    yield from _break_ins(old, new)


def _step_changes(old: Step | None, new: Step, titles: dict[str, str]) -> Iterator[Change]:
    if old is None:
        yield _change(new.id, f"{new.title}: новый шаг", "", new.say, True)
        old = Step(new.id, new.kind, new.title, new.line, say=new.say)
    for name, words in _FIELDS:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _change(new.id, f"{new.title}: {words}", before, after, name in ("say", "say_no_name"))
    for place, before, after in (
        ("варианты", _prompts(old), _prompts(new)),
        ("ответы и переходы", _ways(old, titles), _ways(new, titles)),
        ("итог", _result(old), _result(new)),
    ):
        if before != after:
            yield _change(new.id, f"{new.title}: {place}", before, after, place == "варианты")


def _break_ins(old: Script, new: Script) -> Iterator[Change]:
    pairs = [
        ("question", "Вопрос не по опросу", _by_id(old.questions, "ask"), _by_id(new.questions, "ask")),
        (
            "complaint",
            "Жалоба: возражение",
            _by_id(old.complaint.objections, "complaint"),
            _by_id(new.complaint.objections, "complaint"),
        ),
        (
            "complaint",
            "Жалоба: шаг",
            {str(n): f"{step.text} {step.words}" for n, step in enumerate(old.complaint.steps, 1)},
            {str(n): f"{step.text} {step.words}" for n, step in enumerate(new.complaint.steps, 1)},
        ),
    ]
    for step_id, place, before, after in pairs:
        order = list(dict.fromkeys((*after, *before)))
        for n, key in enumerate(order, 1):
            if before.get(key, "") != after.get(key, ""):
                yield _change(step_id, f"{place} {n}", before.get(key, ""), after.get(key, ""), True)


def _by_id(parts: tuple[object, ...], name: str) -> dict[str, str]:
    return {str(getattr(part, "id")): f"{getattr(part, name)} {getattr(part, 'reply')}" for part in parts}  # noqa: B009


def _prompts(step: Step) -> str:
    return " · ".join(prompt.label for prompt in step.prompts)


def _ways(step: Step, titles: dict[str, str]) -> str:
    ways = [f"«{answer.label}» → {_to(answer.next, titles)}" for answer in step.answers]
    ways += [f"{branch.low}–{branch.high} → {_to(branch.next, titles)}" for branch in step.branches]
    return " · ".join([*ways, *([f"дальше → {_to(step.next, titles)}"] if step.next else [])])


def _to(step_id: str, titles: dict[str, str]) -> str:
    return titles.get(step_id, step_id) or "никуда"


def _result(step: Step) -> str:
    row = TABLE.get(step.disposition)
    return row.label if row is not None else ""


def _change(step_id: str, place: str, old: str, new: str, is_spoken: bool = False) -> Change:
    left, right = by_words(old.strip(), new.strip())
    return Change(step_id, place, left, right, is_spoken)
