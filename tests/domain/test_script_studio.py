"""Random scripts with planted faults: each fault is found, and the step is named (R18); drawing, difference, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps.domain.errors import DomainError, ScriptError, StaleError
from nps.domain.script import (
    Answer,
    Fault,
    Prompt,
    Question,
    Script,
    Step,
    StepKind,
    editing,
)
from nps.domain.script.difference import by_words, compare
from nps.domain.script.drawing import HEIGHT, WIDTH, draw, ways
from nps.domain.script.limits import check_limits
from nps.domain.script.reading import routes, seconds_to_read
from tests.domain.scripts import DEFAULT, FAULTS, PLAIN, WORDS, changed, named, whole_scripts


@given(whole_scripts())
@settings(max_examples=60, deadline=None)
def test_a_whole_script_has_no_problems_and_every_talk_comes_to_a_result(script: Script) -> None:
    assert script.problems() == []
    check_limits(script)
    assert Script.from_dict(script.to_dict()) == script
    ends = (StepKind.END, StepKind.CALLBACK)
    assert all(script.step(route.steps[-1]).kind in ends for route in routes(script))


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
@given(script=whole_scripts())
@settings(max_examples=15, deadline=None)
def test_every_planted_fault_is_found_at_its_step(
    plant: Callable[[Script], tuple[Script, str]], script: Script
) -> None:
    broken, step_id = plant(script)
    assert step_id in named(broken)
    # A broken script can still be looked at.
    assert len(draw(broken, named(broken)).boxes) == len({step.id for step in broken.steps})
    routes(broken)


def test_every_fault_that_the_checks_name_is_planted() -> None:
    planted = {problem.fault for plant in FAULTS for problem in plant(PLAIN)[0].problems()}
    assert planted == set(Fault)


@given(script=whole_scripts(), plants=st.sets(st.sampled_from(FAULTS[:1] + FAULTS[12:18]), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
def test_several_faults_are_found_together(script: Script, plants: set[Callable[[Script], tuple[Script, str]]]) -> None:
    steps = set()
    for plant in sorted(plants, key=lambda plant: plant.__name__):
        script, step_id = plant(script)
        steps.add(step_id)
    assert steps <= named(script)


# -- the drawing


@given(whole_scripts())
@settings(max_examples=40, deadline=None)
def test_boxes_never_overlap_and_every_way_has_its_arrow(script: Script) -> None:
    drawing = draw(script)
    places = [(box.x, box.y) for box in drawing.boxes]
    for n, (x, y) in enumerate(places):
        assert x + WIDTH <= drawing.width and y + HEIGHT <= drawing.height
        assert all(abs(x - a) >= WIDTH or abs(y - b) >= HEIGHT for a, b in places[:n])
    assert len(drawing.arrows) == sum(len(ways(step)) for step in script.steps)
    assert not any(arrow.missing for arrow in drawing.arrows)


def test_a_way_that_leads_nowhere_is_drawn_as_missing() -> None:
    drawing = draw(changed(DEFAULT, "reasons", next=""), {"reasons"})
    assert [arrow.missing for arrow in drawing.arrows].count(True) == 1
    assert [box.id for box in drawing.boxes if box.faulty] == ["reasons"]


def test_the_ways_of_the_approved_script_fit_into_the_minute() -> None:
    found = {route.name: route.seconds for route in routes(DEFAULT) if route.is_survey}
    assert set(found) == {"Оценка 1–8", "Оценка 9–10"}
    assert all(seconds <= 60 for seconds in found.values())
    assert found["Оценка 1–8"] - found["Оценка 9–10"] == seconds_to_read(DEFAULT.step("reasons").say)


# -- the difference


@given(WORDS, WORDS)
def test_a_difference_by_words_keeps_both_texts(old: str, new: str) -> None:
    left, right = by_words(old, new)
    assert ("".join(run.text for run in left), "".join(run.text for run in right)) == (old, new)
    same = ["".join(run.text for run in side if not run.changed) for side in (left, right)]
    assert same[0] == same[1]


def test_a_changed_word_a_new_prompt_and_a_new_way_are_named() -> None:
    new = changed(DEFAULT, "refusal", say="Я Вас понял, всего доброго! Будем рады дальнейшему сотрудничеству")
    new = editing.with_prompt(new, "reasons", "цена")
    new = changed(new, "callback", next="farewell")
    new = editing.with_objection(new, "Долго везёте")
    found = {change.place: change for change in compare(DEFAULT, new)}
    assert set(found) == {
        "Причина оценки: варианты", "Перезвон: ответы и переходы", "Отказ: что читает оператор", "Жалоба: возражение 5",
    }  # fmt: skip
    said = found["Отказ: что читает оператор"]
    assert said.is_spoken
    assert [run.text.strip() for run in said.old if run.changed] == ["понял (а),"]
    assert [run.text.strip(" ·") for run in found["Причина оценки: варианты"].new if run.changed] == ["цена"]


def test_nothing_differs_from_itself_and_a_removed_step_is_told() -> None:
    assert compare(DEFAULT, DEFAULT) == []
    places = [change.place for change in compare(DEFAULT, editing.without_step(DEFAULT, "callback"))]
    assert "Перезвон: шаг удалён" in places


# -- editing


def test_a_removed_step_leaves_no_way_to_itself() -> None:
    changed_ = editing.without_step(DEFAULT, "farewell")
    assert all("farewell" not in step.targets() for step in changed_.steps)
    assert named(changed_) >= {"rating", "reasons"}


def test_a_new_prompt_stands_before_the_last_one() -> None:
    labels = [prompt.label for prompt in editing.with_prompt(DEFAULT, "reasons", "цена").step("reasons").prompts]
    assert labels[-2:] == ["цена", "другое"]


def test_parts_are_added_with_ids_of_their_own_and_words_to_be_written() -> None:
    rating, choice = (editing.with_new_step(DEFAULT, kind, "Новый", "") for kind in (StepKind.RATING, StepKind.CHOICE))
    assert [(branch.low, branch.high, branch.next) for branch in rating.steps[-1].branches] == [(1, 8, ""), (9, 10, "")]
    assert (choice.steps[-1].id, choice.steps[-1].branches, choice.steps[:-1]) == ("step1", (), DEFAULT.steps)
    assert editing.with_new_step(choice, StepKind.END, "Ещё", "").steps[-1].id == "step2"

    label = f"Позвоните на {'очень ' * 10}позже"
    answer = editing.with_answer(DEFAULT, "greeting", label).step("greeting").answers[-1]
    assert (answer.id, answer.label, answer.trail, answer.next) == ("a1", label, label.casefold()[:40], "")

    assert editing.with_start(DEFAULT, "rating").start == "rating"
    assert editing.with_question(DEFAULT, "Есть ли скидки?").questions[-1] == Question("q1", "Есть ли скидки?", "")
    assert editing.with_questions(DEFAULT, ()).questions == ()
    complaint = replace(DEFAULT.complaint, steps=())
    assert editing.with_complaint(DEFAULT, complaint).complaint == complaint


def test_what_is_gone_is_not_edited() -> None:
    for edit in (
        lambda: editing.with_step(DEFAULT, Step("gone", StepKind.END, "Нет")),
        lambda: editing.without_step(DEFAULT, "gone"),
        lambda: editing.with_answer(DEFAULT, "rating", "не тот вид"),
        lambda: editing.with_start(DEFAULT, "gone"),
    ):
        with pytest.raises(StaleError):
            edit()


def test_the_first_step_is_not_removed() -> None:
    with pytest.raises(DomainError, match="начинается разговор"):
        editing.without_step(DEFAULT, "greeting")


# -- limits


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (changed(DEFAULT, "rating", say="а" * 2001), "Шаг «Оценка»: текст"),
        (changed(DEFAULT, "greeting", answers=(Answer("a", "да", "", ""),) * 10), "ответов не больше 9"),
        (changed(DEFAULT, "greeting", answers=(Answer("end", "да", "", ""),)), "имя «end» не подходит"),
        (changed(DEFAULT, "reasons", prompts=(Prompt("п", "цена"),)), "имя «п» не подходит"),
        (replace(DEFAULT, steps=DEFAULT.steps * 11), "шагов не больше 60"),
        (replace(DEFAULT, questions=(Question("q", "а" * 201, ""),)), "Вопрос не по опросу"),
    ],
)
def test_what_is_too_large_is_named_with_its_place(broken: Script, words: str) -> None:
    with pytest.raises(ScriptError, match=words):
        check_limits(broken)


def test_a_new_and_another_first_step_are_told_with_what_differs_in_them() -> None:
    added = editing.with_new_step(DEFAULT, StepKind.RATING, "Ещё оценка", "Линия 1")
    assert [change.place for change in compare(DEFAULT, added)] == [
        "Ещё оценка: новый шаг", "Ещё оценка: ответы и переходы",
    ]  # fmt: skip
    (moved,) = compare(DEFAULT, editing.with_start(DEFAULT, "rating"))
    assert (moved.place, [run.text for run in moved.new]) == ("Первый шаг", [DEFAULT.step("rating").title])
    gone = compare(replace(DEFAULT, start="nowhere"), DEFAULT)
    assert [run.text for run in gone[0].old] == ["nowhere"]
