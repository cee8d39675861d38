"""A problem of a script is mended by presses alone, and no press is offered that would make it worse (R18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from nps.domain.errors import StaleError
from nps.domain.script import (
    Branch,
    Script,
)
from nps.domain.script.limits import check_limits
from nps.domain.script.repairs import repaired, repairs
from tests.domain.scripts import FAULTS, FOR_THE_AUTHOR, PLAIN, changed, whole_scripts


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


def test_a_key_that_was_never_offered_changes_nothing() -> None:
    for key in ("", "leads_nowhere-before0-0-0", "unreachable-rating-0-0"):
        with pytest.raises(StaleError):
            repaired(PLAIN, key)
