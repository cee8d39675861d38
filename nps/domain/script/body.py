"""The stored body of a script: JSON values to parts and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from nps.domain.errors import ScriptError
from nps.domain.script.parts import Complaint, ComplaintStep, Objection, Question
from nps.domain.script.steps import Answer, Branch, Prompt, Step, StepKind

_STEP_TEXTS = ("line", "say", "say_no_name", "instruction", "low_label", "high_label", "next", "disposition")


_P = TypeVar("_P", Answer, Question, ComplaintStep, Objection)


def read_steps(body: Mapping[str, Any]) -> tuple[Step, ...]:
    """Read the steps; raises ScriptError."""
    return tuple(_step(raw) for raw in _objects(body, "steps"))


def read_questions(body: Mapping[str, Any]) -> tuple[Question, ...]:
    """Read the questions that break in; raises ScriptError."""
    return tuple(_texts(Question, raw, "id", "ask", "reply") for raw in _objects(body, "questions"))


def read_complaint(body: Mapping[str, Any]) -> Complaint:
    """Read the complaint line; raises ScriptError."""
    raw = body.get("complaint") or {}
    if not isinstance(raw, Mapping):
        raise _shape("complaint")
    return Complaint(
        tuple(_texts(ComplaintStep, step, "text", "words", "action") for step in _objects(raw, "steps")),
        tuple(_texts(Objection, item, "id", "complaint", "reply") for item in _objects(raw, "objections")),
    )


def text(raw: Mapping[str, Any], name: str) -> str:
    """Return a text of an object, '' when it is absent; raises ScriptError for anything but a text."""
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise _shape(name)
    return value


def as_plain(parts: Sequence[Step | Question | ComplaintStep | Objection]) -> list[dict[str, Any]]:
    """Return the parts as JSON objects without their empty fields."""
    return [_plain(asdict(part)) for part in parts]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item not in ("", ())}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StepKind) else value


def _step(raw: Mapping[str, Any]) -> Step:
    try:
        kind = StepKind(text(raw, "kind"))
    except ValueError:
        raise _shape("kind") from None
    return Step(
        id=text(raw, "id"),
        kind=kind,
        title=text(raw, "title") or text(raw, "id"),
        answers=tuple(_texts(Answer, item, "id", "label", "trail", "next") for item in _objects(raw, "answers")),
        branches=tuple(_branch(item) for item in _objects(raw, "branches")),
        prompts=tuple(_prompt(item) for item in _objects(raw, "prompts")),
        **{name: text(raw, name) for name in _STEP_TEXTS},
    )


def _prompt(raw: Mapping[str, Any]) -> Prompt:
    was = raw.get("was") or []
    if not isinstance(was, list | tuple) or not all(isinstance(words, str) for words in was):
        raise _shape("was")
    return Prompt(text(raw, "id"), text(raw, "label"), tuple(was))


def _branch(raw: Mapping[str, Any]) -> Branch:
    low, high = raw.get("low"), raw.get("high")
    if not isinstance(low, int) or not isinstance(high, int):
        raise _shape("branches")
    return Branch(low, high, text(raw, "next"))


def _texts(part: type[_P], raw: Mapping[str, Any], *names: str) -> _P:
    return part(**{name: text(raw, name) for name in names})


def _objects(raw: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = raw.get(name) or []
    if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
        raise _shape(name)
    return list(value)


def _shape(name: str) -> ScriptError:
    return ScriptError("shape", f"Скрипт повреждён: поле «{name}» прочитать нельзя. Откройте прошлую версию скрипта.")
