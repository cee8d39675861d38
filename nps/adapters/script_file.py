"""Scripts as YAML files. A file from outside is hostile input: no tags, no aliases, few bytes, few nodes, little depth.

Every plain word is a text, whole numbers apart: in YAML 1.1 the id `no` would be the value false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import IO, Any

import yaml

from nps.domain.errors import DomainError, ScriptError
from nps.domain.script import (
    Answer,
    Branch,
    Complaint,
    ComplaintStep,
    Objection,
    Prompt,
    Question,
    Script,
    Step,
    StepKind,
)
from nps.domain.script.body import read_steps
from nps.domain.script.limits import check_limits

MOST_BYTES = 256 * 1024
#: The largest script that a draft may hold has 14,000.
_MOST_NODES, _DEEPEST = 20_000, 10
_FIELDS = frozenset({"start", "steps", "questions", "complaint"})
#: What a field of the wrong shape is meant to hold, where it can be said in a few words.
_MEANT = {
    "kind": f"Виды шага: {', '.join(StepKind)}",
    "branches": "У каждого перехода нужны low и high, числа от 1 до 10",
}


class ScriptFileError(DomainError):
    """The file is no script that can be taken; the sentence says why and where."""

    def __init__(self, message: str) -> None:
        super().__init__("file", message)


class _Loader(yaml.SafeLoader):
    """Plain values only, each counted while it is read."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.nodes = self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise ScriptFileError(f"{_line(event)}: ссылки YAML («*имя») не нужны. Впишите текст целиком.")
        self.nodes, self.depth = self.nodes + 1, self.depth + 1
        if self.nodes > _MOST_NODES or self.depth > _DEEPEST:
            raise ScriptFileError("Файл слишком сложен для скрипта. Сравните его с выгруженным отсюда.")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        double = next((name for n, name in enumerate(names) if name in names[:n]), None)
        if double is not None:
            raise ScriptFileError(f"{_line(node)}: поле «{str(double)[:40]}» стоит дважды. Оставьте одно.")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=True)
        return mapping


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[0-9]{1,4}\Z"), list("0123456789"))


def read(stream: IO[bytes]) -> Script:
    """Read a script from a YAML file. Raises ScriptFileError with a sentence that names the line where it can."""
    raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ScriptFileError(f"Файл больше {MOST_BYTES // 1024} КБ: это не скрипт. Выберите файл YAML со скриптом.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScriptFileError("Файл не в кодировке UTF-8. Сохраните его как UTF-8 и выберите снова.") from None
    body = _parse(text)
    if not isinstance(body, dict) or not body.get("steps"):
        raise ScriptFileError("В файле нет шагов скрипта (поле «steps»). Сравните его с выгруженным отсюда.")
    for place, part, known in _parts(body):
        unknown = next((str(name) for name in part if name not in known), None)
        if unknown is not None:
            fields_ = ", ".join(sorted(known))
            raise ScriptFileError(_sentence(f"{place}поле «{unknown[:40]}» скрипту неизвестно. Бывают: {fields_}."))
    try:
        script = Script.from_dict(body)
    except ScriptError as error:
        raise ScriptFileError(_shape(body, error)) from error
    try:
        check_limits(script)
    except ScriptError as error:
        raise ScriptFileError(error.message) from error
    return script


def _parts(body: dict[Any, Any]) -> Iterator[tuple[str, dict[Any, Any], frozenset[str]]]:
    """Each object of a file with where it stands and the fields it may have; what is no object is told by its shape."""
    yield "", body, _FIELDS
    for n, step in enumerate(_objects(body.get("steps")), 1):
        place = _step_place(n, step)
        yield place, step, _names(Step)
        yield from _nested(place, step, answers=Answer, branches=Branch, prompts=Prompt)
    yield from (
        (f"Вопрос {n}: ", found, _names(Question)) for n, found in enumerate(_objects(body.get("questions")), 1)
    )
    complaint = body.get("complaint")
    if isinstance(complaint, dict):
        yield "Жалоба: ", complaint, _names(Complaint)
        yield from _nested("Жалоба: ", complaint, steps=ComplaintStep, objections=Objection)


def _nested(
    place: str, owner: dict[Any, Any], **kinds: type[Any]
) -> Iterator[tuple[str, dict[Any, Any], frozenset[str]]]:
    for name, kind in kinds.items():
        yield from ((f"{place}{name}: ", found, _names(kind)) for found in _objects(owner.get(name)))


def _objects(value: Any) -> list[dict[Any, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _names(part: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(part))


def _step_place(n: int, step: dict[Any, Any]) -> str:
    title = step.get("title") or step.get("id")
    return f"Шаг {n}, «{title[:40]}»: " if isinstance(title, str) else f"Шаг {n}: "


def _shape(body: dict[Any, Any], error: ScriptError) -> str:
    """The sentence about a field of the wrong shape, with the step it stands in."""
    place = ""
    for n, step in enumerate(_objects(body.get("steps")), 1):
        try:
            read_steps({"steps": [step]})
        except ScriptError as found:
            place, error = _step_place(n, step), found
            break
    name = error.message.partition("«")[2].partition("»")[0]
    hint = _MEANT.get(name, "Если это текст, возьмите его в кавычки; иначе сравните с выгруженным отсюда")
    return _sentence(f"{place}поле «{name}» прочитать нельзя. {hint}.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def write(script: Script, title: str) -> bytes:
    """The script as a YAML file in UTF-8, texts as they are; `title` stands in its first line as a comment."""
    body = yaml.safe_dump(script.to_dict(), allow_unicode=True, sort_keys=False, width=110)
    return f"# {' '.join(title.split())}\n{body}".encode()


def _parse(text: str) -> Any:
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise ScriptFileError("Файл прочитать нельзя: в нём есть знаки, которых в YAML не бывает.") from error
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        where = f"Строка {error.problem_mark.line + 1}" if error.problem_mark else "Файл"
        raise ScriptFileError(f"{where}: это не YAML. Проверьте отступы и кавычки.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScriptFileError("Файл прочитать нельзя: это не YAML. Выберите файл, выгруженный отсюда.") from error
    finally:
        loader.dispose()


def _line(marked: Any) -> str:
    return f"Строка {marked.start_mark.line + 1}"
