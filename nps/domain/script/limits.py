"""How large a script and its parts may be; what is over cannot even be kept as a draft (R18)."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nps.domain.errors import ScriptError
from nps.domain.script.steps import DECLINED, Step

if TYPE_CHECKING:
    from nps.domain.script import Script

MOST_STEPS, MOST_BRANCHES, MOST_OBJECTIONS, MOST_COMPLAINT_STEPS = 60, 10, 30, 12
#: An answer, a prompt and a question each have a digit on the desk.
MOST_ANSWERS = MOST_PROMPTS = MOST_QUESTIONS = 9
LONGEST_TITLE, LONGEST_LABEL, LONGEST_TEXT = 80, 200, 2000
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Words that the desk's own forms use for an answer.
RESERVED_IDS = frozenset({"end", DECLINED, "question", "complaint"})


def check_limits(script: "Script") -> None:
    """Raise ScriptError, with a sentence that names the place, for the first thing that is too large or ill named."""
    for message in _faults(script):
        raise ScriptError("limit", message)


def _faults(script: "Script") -> Iterator[str]:
    yield from _many("шагов", script.steps, MOST_STEPS, "Скрипт")
    yield from _many("вопросов", script.questions, MOST_QUESTIONS, "Вопрос не по опросу")
    yield from _many("возражений", script.complaint.objections, MOST_OBJECTIONS, "Жалоба")
    yield from _many("шагов", script.complaint.steps, MOST_COMPLAINT_STEPS, "Жалоба")
    for step in script.steps:
        yield from _step_faults(step)
    for question in script.questions:
        yield from _long("Вопрос не по опросу", (question.ask, LONGEST_LABEL), (question.reply, LONGEST_TEXT))
    for part in script.complaint.steps:
        yield from _long("Жалоба", (part.text, LONGEST_TEXT), (part.words, LONGEST_TEXT))
    for objection in script.complaint.objections:
        yield from _long("Жалоба", (objection.complaint, LONGEST_LABEL), (objection.reply, LONGEST_TEXT))
    ids = [question.id for question in script.questions]
    ids += [objection.id for objection in script.complaint.objections]
    yield from (_bad_id("Вопрос или возражение", part) for part in ids if not _is_id(part))


def _step_faults(step: Step) -> Iterator[str]:
    where = f"Шаг «{step.title[:LONGEST_TITLE]}»"
    yield from _many("ответов", step.answers, MOST_ANSWERS, where)
    yield from _many("подсказок", step.prompts, MOST_PROMPTS, where)
    yield from _many("переходов", step.branches, MOST_BRANCHES, where)
    yield from _long(where, (step.title, LONGEST_TITLE), (step.line, LONGEST_TITLE), (step.low_label, LONGEST_LABEL))
    yield from _long(where, (step.high_label, LONGEST_LABEL), (step.instruction, LONGEST_TEXT))
    yield from _long(where, (step.say, LONGEST_TEXT), (step.say_no_name, LONGEST_TEXT))
    for answer in step.answers:
        yield from _long(where, (answer.label, LONGEST_LABEL), (answer.trail, LONGEST_TITLE))
    yield from (fault for prompt in step.prompts for fault in _long(where, (prompt.label, LONGEST_LABEL)))
    ids = [step.id, *(answer.id for answer in step.answers), *(prompt.id for prompt in step.prompts)]
    yield from (_bad_id(where, part) for part in ids if not _is_id(part))


def _many(what: str, parts: Sequence[object], most: int, where: str) -> Iterator[str]:
    if len(parts) > most:
        yield f"{where}: {what} не больше {most}, сейчас {len(parts)}. Уберите лишние."


def _long(where: str, *texts: tuple[str, int]) -> Iterator[str]:
    for text, most in texts:
        if len(text) > most:
            yield f"{where}: текст «{text[:30]}…» длиннее {most} знаков. Сократите его."


def _is_id(part: str) -> bool:
    return _ID.fullmatch(part) is not None and part not in RESERVED_IDS


def _bad_id(where: str, part: str) -> str:
    return f"{where}: имя «{part[:40]}» не подходит. Нужны латинские буквы, цифры и «_», первая — буква."
