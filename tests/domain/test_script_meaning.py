"""A key keeps its meaning over the versions of a script."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nps.domain import default_script
from nps.domain.script import Answer, Prompt, Script, Step, StepKind
from nps.domain.script.editing import with_step
from nps.domain.script.meaning import keep_meaning, meanings, renamed, wordings

DEFAULT_SCRIPT = Script.from_dict(default_script.DEFAULT_SCRIPT)
WHY = next(step for step in DEFAULT_SCRIPT.steps if step.kind is StepKind.REASONS)


def asking(*prompts: Prompt) -> Script:
    return with_step(DEFAULT_SCRIPT, replace(WHY, prompts=prompts))


def keys(script: Script) -> list[str]:
    return [prompt.id for prompt in script.step(WHY.id).prompts]


SCOPE = Prompt("p1", "ассортимент"), Prompt("p2", "скидки")


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        (SCOPE, ["p1", "p2"]),
        ((Prompt("p1", "упаковка"), SCOPE[1]), ["p3", "p2"]),
        ((Prompt("p1", "выбор", ("ассортимент",)), SCOPE[1]), ["p1", "p2"]),
        ((Prompt("p1", "выбор", ("другое",)), SCOPE[1]), ["p3", "p2"]),
        ((Prompt("p1", "скидки"), Prompt("p2", "ассортимент")), ["p2", "p1"]),
        ((Prompt("p1", "скидки"), SCOPE[1]), ["p3", "p2"]),
        ((Prompt("p5", "новое"), Prompt("7", "ещё")), ["p5", "7"]),
        ((Prompt("p1", "а"), Prompt("p2", "б")), ["p3", "p4"]),
    ],
)
def test_other_words_get_another_key(prompts: tuple[Prompt, ...], expected: list[str]) -> None:
    assert keys(keep_meaning(asking(*prompts), meanings([asking(*SCOPE)]))) == expected


def test_a_key_of_any_version_is_not_given_again() -> None:
    known = meanings([asking(*SCOPE), asking(Prompt("p3", "доставка"))])
    assert keys(keep_meaning(asking(Prompt("p3", "упаковка"), SCOPE[0]), known)) == ["p4", "p1"]
    assert keys(keep_meaning(asking(Prompt("7", "а")), meanings([asking(Prompt("7", "б"))]))) == ["k1"]


def test_answers_keep_theirs_too_and_new_steps_are_left_alone() -> None:
    greeting = next(step for step in DEFAULT_SCRIPT.steps if step.kind is StepKind.CHOICE)
    first, *others = greeting.answers
    changed = with_step(
        DEFAULT_SCRIPT, replace(greeting, answers=(replace(first, label="Конечно, спрашивайте"), *others))
    )
    new = Step("step1", StepKind.CHOICE, "Возраст", answers=(Answer("a1", "до 30", "", ""),))
    changed = replace(changed, steps=(*changed.steps, new))
    kept = keep_meaning(changed, meanings([DEFAULT_SCRIPT]))
    assert kept.step(greeting.id).answers[0].id not in {answer.id for answer in greeting.answers}
    assert kept.step(greeting.id).answers[1:] == tuple(others)
    assert kept.step("step1") == new


def test_what_is_called_otherwise_is_told_and_counted_as_one() -> None:
    first = asking(Prompt("p1", "ассортимент"), SCOPE[1])
    second = asking(Prompt("p1", "выбор", ("ассортимент",)), SCOPE[1])
    third = asking(Prompt("p1", "большой выбор", ("ассортимент", "выбор")), Prompt("p3", "новое"))
    assert renamed(first, second) == [("ассортимент", "выбор")]
    assert renamed(first, first) == []
    assert wordings([third, second, first]) == {"ассортимент": "большой выбор", "выбор": "большой выбор"}
    # An older version said that the words are the same as others, which are called otherwise since.
    apart = asking(Prompt("p9", "громкий выбор", ("большой выбор",)))
    assert wordings([apart, third]) == {
        "большой выбор": "громкий выбор", "ассортимент": "громкий выбор", "выбор": "громкий выбор",
    }  # fmt: skip
    # And words that came back are themselves again.
    back = asking(Prompt("p1", "ассортимент", ("выбор", "ассортимент")))
    assert wordings([back]) == {"выбор": "ассортимент"}
