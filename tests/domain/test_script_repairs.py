"""A problem of a script is mended by presses alone, and no press is offered that would make it worse (R18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from nps.domain.errors import StaleError
from nps.domain.script import (
    Answer,
    Branch,
    Script,
    Step,
    StepKind,
    editing,
)
from nps.domain.script.limits import check_limits
from nps.domain.script.repairs import repaired, repairs
from tests.domain.scripts import BREAK_INS, FAULTS, FOR_THE_AUTHOR, PLAIN, also, callback, changed, whole_scripts


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
@given(script=whole_scripts())
@settings(max_examples=15, deadline=None)
def test_a_fault_that_has_an_obvious_way_out_is_mended_by_presses_alone(
    plant: Callable[[Script], tuple[Script, str]], script: Script
) -> None:
    broken, step_id = plant(script)
    while problems := broken.problems():
        offered = [repair for row in repairs(broken, problems) for repair in row]
        if not offered:
            break
        best = min(offered, key=lambda repair: len(repair.script.problems()))
        broken = repaired(broken, best.key)
        check_limits(broken)
    assert {problem.fault for problem in problems} <= FOR_THE_AUTHOR


def offered(script: Script) -> list[str]:
    return [repair.label for row in repairs(script, script.problems()) for repair in row]


def test_the_only_question_of_the_reasons_is_not_offered_for_removal() -> None:
    skipped = changed(PLAIN, "rating", branches=(Branch(1, 10, "bye"),))
    assert offered(skipped) == ["1–8 → «Причины», 9–10 → «Прощание»"]


def test_an_end_gets_the_result_that_its_way_allows() -> None:
    assert offered(changed(PLAIN, "bye", disposition="")) == ["Итог «Опрошен»"]
    assert offered(changed(PLAIN, "refusal0", disposition="")) == ["Итог «Не сейчас»"]


def test_a_way_that_leads_nowhere_is_led_to_the_step_that_misses_it() -> None:
    answers = (replace(PLAIN.step("before0").answers[0], next=""), *PLAIN.step("before0").answers[1:])
    assert offered(changed(PLAIN, "before0", answers=answers))[0] == "«да» → «Оценка»"


def test_a_callback_that_is_declined_leads_to_a_refusal_rather_than_to_the_farewell() -> None:
    assert offered(also(PLAIN, callback("asked", ""))) == ["«не хочет» → «Отказ»"]


def test_ratings_that_lead_nowhere_are_led_to_the_reasons_or_past_them() -> None:
    low, high = PLAIN.step("rating").branches
    assert offered(changed(PLAIN, "rating", branches=(replace(low, next=""), high)))[0] == "«1–8» → «Причины»"
    assert offered(changed(PLAIN, "rating", branches=(low, replace(high, next="")))) == ["«9–10» → «Прощание»"]
    one_way = changed(PLAIN, "rating", branches=(Branch(1, 10, ""),))
    assert offered(one_way)[0] == "«1–10» → «Причины»"


def test_a_repair_that_needs_a_step_which_is_not_there_is_not_offered() -> None:
    alone = Step("before0", StepKind.CHOICE, "До", say="слова", answers=(Answer("y", "да", "", ""),))
    circle = replace(alone, answers=(Answer("y", "да", "", "before0"),))
    survey = replace(alone, kind=StepKind.END, answers=(), disposition="surveyed")
    later = replace(survey, disposition="callback")
    for step in (alone, circle, survey, later):
        assert offered(Script("before0", (step,), **BREAK_INS)) == []
    assert offered(Script("gone", (), **BREAK_INS)) == []

    no_reasons = replace(PLAIN, steps=tuple(step for step in PLAIN.steps if step.id != "reasons"))
    assert not [label for label in offered(no_reasons) if label.startswith("1–8")]


def test_no_repair_makes_a_script_larger_than_it_may_be() -> None:
    spare = tuple(replace(PLAIN.step("refusal0"), id=f"refusal{n}") for n in range(1, 57))
    answers = tuple(Answer(f"a{n}", f"ответ {n}", "", target) for n, target in enumerate(("", "reasons", "refusal0")))
    steps = (
        replace(PLAIN.step("before0"), answers=answers),
        *(PLAIN.step(one) for one in ("reasons", "bye", "refusal0")),
    )
    whole = Script("before0", (*steps, *spare[:-1]), **BREAK_INS)
    full = replace(whole, steps=(*steps, *spare))
    back = "Вернуть утверждённый: «До», «ответ 0» → «Оценка»"
    assert (len(whole.steps), back in offered(whole)) == (59, True)
    assert (len(full.steps), back in offered(full)) == (60, False)


def test_a_key_that_was_never_offered_changes_nothing() -> None:
    for key in ("", "leads_nowhere-before0-0-0", "unreachable-rating-0-0"):
        with pytest.raises(StaleError):
            repaired(PLAIN, key)


def test_a_survey_without_its_end_gets_the_approved_one_back() -> None:
    broken = editing.without_step(PLAIN, "bye")
    assert "Вернуть утверждённый шаг «Прощание»" in offered(broken)
    key = next(
        way.key for row in repairs(broken, broken.problems()) for way in row if way.label.startswith("Вернуть утв")
    )
    mended = repaired(broken, key)
    assert mended.problems() == []
    assert mended.result({"before0": "y", "rating": 10}) == "surveyed"

    # What leads nowhere before the rating is none of its business; without a rating there is no survey to end.
    also_before = editing.without_step(editing.without_step(PLAIN, "bye"), "refusal0")
    (label,) = {one for one in offered(also_before) if one.startswith("Вернуть утв")}
    assert label == "Вернуть утверждённый шаг «Прощание»"
    assert not [one for one in offered(editing.without_step(broken, "rating")) if "Прощание" in one]


@pytest.mark.parametrize("say", ["До свидания, (имя клиента", "До свидания, [имя"])
def test_a_bracket_that_is_not_closed_is_for_the_author(say: str) -> None:
    assert offered(changed(PLAIN, "bye", say=say)) == []
