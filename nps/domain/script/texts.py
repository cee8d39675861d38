"""Repairs of words: labels, placeholders, the lines that break in. Each gives its label and the mended script (R18)."""

from collections.abc import Iterator
from dataclasses import replace

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.script import Problem, Prompt, Script, editing
from nps.domain.script.placeholders import PLACEHOLDERS, dead_placeholders

Found = Iterator[tuple[str, Script]]

_FURTHER = "другое"


def without_empty_labels(script: Script, problem: Problem) -> Found:
    step = script.step(problem.step_id)
    yield (
        "Убрать пустое",
        editing.with_step(
            script,
            replace(
                step,
                answers=tuple(answer for answer in step.answers if answer.label.strip()),
                prompts=tuple(prompt for prompt in step.prompts if prompt.label.strip()),
            ),
        ),
    )


def without_same_labels(script: Script, problem: Problem) -> Found:
    """Of answers that read the same the first one stays."""
    step = script.step(problem.step_id)
    answers = {answer.label.strip().casefold(): answer for answer in reversed(step.answers)}
    prompts = {prompt.label.strip().casefold(): prompt for prompt in reversed(step.prompts)}
    once = replace(
        step,
        answers=tuple(answer for answer in step.answers if answer in answers.values()),
        prompts=tuple(prompt for prompt in step.prompts if prompt in prompts.values()),
    )
    yield "Оставить первый", editing.with_step(script, once)


def further_prompt(script: Script, problem: Problem) -> Found:
    step = script.step(problem.step_id)
    prompt = Prompt(editing.free_id((), "p"), _FURTHER)
    yield f"Добавить вариант «{_FURTHER}»", editing.with_step(script, replace(step, prompts=(prompt,)))


def known_placeholders(script: Script, problem: Problem) -> Found:
    """What stands for a name becomes the placeholder it resembles: the operator's, else the client's."""
    step = script.step(problem.step_id)
    dead = [text for said in (step.say, step.say_no_name) for text in dead_placeholders(said, PLACEHOLDERS)]
    if not dead or any(text[-1] not in ")]}>" for text in dead):
        return

    def known(said: str) -> str:
        for text in dead:
            said = said.replace(text, "(имя оператора)" if "оператор" in text.casefold() else "(Имя клиента)")
        return said

    mended = editing.with_step(script, replace(step, say=known(step.say), say_no_name=known(step.say_no_name)))
    yield f"«{dead[0]}» → «{known(dead[0])}»", mended


def without_bare_questions(script: Script, _: Problem) -> Found:
    whole = tuple(part for part in script.questions if part.ask.strip() and part.reply.strip())
    yield "Убрать вопросы без ответа", replace(script, questions=whole)


def without_bare_objections(script: Script, _: Problem) -> Found:
    whole = tuple(part for part in script.complaint.objections if part.complaint.strip() and part.reply.strip())
    yield "Убрать возражения без ответа", replace(script, complaint=replace(script.complaint, objections=whole))


def approved_questions(script: Script, _: Problem) -> Found:
    yield "Вернуть утверждённые вопросы", replace(script, questions=Script.from_dict(DEFAULT_SCRIPT).questions)


def approved_complaint(script: Script, _: Problem) -> Found:
    steps = Script.from_dict(DEFAULT_SCRIPT).complaint.steps
    yield "Вернуть утверждённые шаги", replace(script, complaint=replace(script.complaint, steps=steps))
