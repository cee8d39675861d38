"""Random scripts that can be published, and every fault that the checks know, planted in them (R18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.script import (
    Answer,
    Branch,
    Complaint,
    ComplaintStep,
    Fault,
    Objection,
    Prompt,
    Question,
    Script,
    Step,
    StepKind,
    editing,
)

DEFAULT = Script.from_dict(DEFAULT_SCRIPT)
WORDS = st.text("абвгдежз ", min_size=1, max_size=20).filter(str.strip)
BREAK_INS = {
    "questions": (Question("q1", "Есть кабель?", "Передам менеджеру."),),
    "complaint": Complaint((ComplaintStep("Выслушать"),), (Objection("o1", "Дорого", "Понимаю."),)),
}


def callback(step_id: str, following: str, **fields: str) -> Step:
    values = {"say": "Когда перезвонить?", "next": following, "disposition": "callback"} | fields
    return Step(step_id, StepKind.CALLBACK, "Перезвон", **values)


@st.composite
def whole_scripts(draw_: st.DrawFn) -> Script:
    """Scripts that can be published: any number of choices before the rating and after it, any refusals."""
    before = draw_(st.integers(1, 5))
    after = draw_(st.integers(0, 3))
    ends = draw_(st.integers(1, 3))
    steps: list[Step] = []
    for n in range(before):
        onward = f"before{n + 1}" if n + 1 < before else "rating"
        # A way out, a way on, and sometimes a way back: a loop with an exit is no fault.
        targets = [onward, f"refusal{draw_(st.integers(0, ends - 1))}"]
        if n and draw_(st.booleans()):
            targets.append(f"before{draw_(st.integers(0, n - 1))}")
        answers = tuple(Answer(f"a{k}", f"ответ {k}", "", target) for k, target in enumerate(targets))
        steps.append(Step(f"before{n}", StepKind.CHOICE, f"До {n}", say=draw_(WORDS), answers=answers))
    cuts = sorted(draw_(st.sets(st.integers(1, 7), max_size=3)))
    spans = zip([1, *(cut + 1 for cut in cuts)], [*cuts, 8], strict=True)
    branches = (*(Branch(low, high, "reasons") for low, high in spans), Branch(9, 10, "after0" if after else "bye"))
    steps.append(Step("rating", StepKind.RATING, "Оценка", say=draw_(WORDS), branches=branches))
    prompts = (Prompt("p1", "цена"), Prompt("p2", "срок"))
    onward = "after0" if after else "bye"
    steps.append(Step("reasons", StepKind.REASONS, "Причины", say=draw_(WORDS), prompts=prompts, next=onward))
    for n in range(after):
        answers = (Answer("y", "да", "", f"after{n + 1}" if n + 1 < after else "bye"), Answer("n", "нет", "", "bye"))
        steps.append(Step(f"after{n}", StepKind.CHOICE, f"После {n}", say=draw_(WORDS), answers=answers))
    steps.append(Step("bye", StepKind.END, "Прощание", say=draw_(WORDS), disposition="surveyed"))
    if draw_(st.booleans()):
        steps.append(callback("later", f"refusal{draw_(st.integers(0, ends - 1))}"))
        first = next(step for step in steps if step.id == "before0")
        steps[steps.index(first)] = replace(first, answers=(*first.answers, Answer("t", "позже", "", "later")))
    used = {target for step in steps for target in step.targets()}
    steps += [
        Step(f"refusal{n}", StepKind.END, f"Отказ {n}", say=draw_(WORDS), disposition="refused")
        for n in range(ends)
        if f"refusal{n}" in used
    ]
    return Script("before0", tuple(draw_(st.permutations(steps))), **BREAK_INS)


#: A small script that can be published, with the names that `whole_scripts` gives its steps.
PLAIN = Script(
    "before0",
    (
        Step(
            "before0",
            StepKind.CHOICE,
            "До",
            say="слова",
            answers=(Answer("y", "да", "", "rating"), Answer("n", "нет", "", "refusal0")),
        ),
        Step(
            "rating",
            StepKind.RATING,
            "Оценка",
            say="слова",
            branches=(Branch(1, 8, "reasons"), Branch(9, 10, "bye")),
        ),
        Step("reasons", StepKind.REASONS, "Причины", say="слова", prompts=(Prompt("p1", "цена"),), next="bye"),
        Step("bye", StepKind.END, "Прощание", say="слова", disposition="surveyed"),
        Step("refusal0", StepKind.END, "Отказ", say="слова", disposition="refused"),
    ),
    **BREAK_INS,
)


def named(script: Script) -> set[str]:
    return {problem.step_id for problem in script.problems()}


def changed(script: Script, step_id: str, **fields: object) -> Script:
    return editing.with_step(script, replace(script.step(step_id), **fields))


def also(script: Script, step: Step) -> Script:
    """The script with one more step, to which one more answer of the first step leads."""
    first = script.step("before0")
    answers = (*first.answers, Answer("z", "ещё", "", step.id))
    return changed(replace(script, steps=(*script.steps, step)), "before0", answers=answers)


def a_refusal(script: Script) -> str:
    return next(step.id for step in script.steps if step.disposition == "refused")


def dead_end(script: Script) -> tuple[Script, str]:
    return changed(script, "reasons", next=""), "reasons"


def answer_to_nowhere(script: Script) -> tuple[Script, str]:
    first = script.step("before0")
    answers = (replace(first.answers[0], next="gone"), *first.answers[1:])
    return changed(script, "before0", answers=answers), "before0"


def unreachable(script: Script) -> tuple[Script, str]:
    lonely = Step("lonely", StepKind.END, "Один", say="слова", disposition="refused")
    return replace(script, steps=(*script.steps, lonely)), "lonely"


def end_without_a_result(script: Script) -> tuple[Script, str]:
    return changed(script, "bye", disposition=""), "bye"


def loop_without_an_exit(script: Script) -> tuple[Script, str]:
    circle = Step("circle", StepKind.CHOICE, "Круг", say="слова", answers=(Answer("a", "ещё", "", "circle"),))
    first = script.step("before0")
    answers = (*first.answers, Answer("z", "по кругу", "", "circle"))
    return changed(replace(script, steps=(*script.steps, circle)), "before0", answers=answers), "circle"


def two_ratings(script: Script) -> tuple[Script, str]:
    kept = tuple(step for step in script.steps if step.id != "rating")
    first = replace(script, steps=(script.step("rating"), *kept))
    return also(first, replace(script.step("rating"), id="second", title="Вторая")), "second"


def start_that_is_gone(script: Script) -> tuple[Script, str]:
    return replace(script, start="gone"), "gone"


def two_steps_of_one_name(script: Script) -> tuple[Script, str]:
    return replace(script, steps=(*script.steps, script.step("bye"))), "bye"


def choice_without_answers(script: Script) -> tuple[Script, str]:
    return also(script, Step("mute", StepKind.CHOICE, "Немой", say="слова")), "mute"


def answer_without_words(script: Script) -> tuple[Script, str]:
    first = script.step("before0")
    empty = Answer("z", " ", "", first.answers[0].next)
    return changed(script, "before0", answers=(*first.answers, empty)), "before0"


def prompt_without_words(script: Script) -> tuple[Script, str]:
    return changed(script, "reasons", prompts=(*script.step("reasons").prompts, Prompt("p3", ""))), "reasons"


def the_same_prompt_twice(script: Script) -> tuple[Script, str]:
    return changed(script, "reasons", prompts=(*script.step("reasons").prompts, Prompt("p3", "Цена "))), "reasons"


def callback_with_another_result(script: Script) -> tuple[Script, str]:
    return also(script, callback("asked", a_refusal(script), disposition="surveyed")), "asked"


def end_with_a_result_that_needs_a_time(script: Script) -> tuple[Script, str]:
    return also(script, Step("later_end", StepKind.END, "Потом", say="слова", disposition="callback")), "later_end"


def no_questions(script: Script) -> tuple[Script, str]:
    return replace(script, questions=()), "question"


def complaint_without_steps(script: Script) -> tuple[Script, str]:
    return replace(script, complaint=replace(script.complaint, steps=())), "complaint"


def no_rating(script: Script) -> tuple[Script, str]:
    return editing.without_step(script, "rating"), "before0"


def low_rating_without_reasons(script: Script) -> tuple[Script, str]:
    branches = script.step("rating").branches
    return changed(script, "rating", branches=(replace(branches[0], next="bye"), *branches[1:])), "rating"


def high_rating_with_reasons(script: Script) -> tuple[Script, str]:
    branches = script.step("rating").branches
    return changed(script, "rating", branches=(*branches[:-1], replace(branches[-1], next="reasons"))), "rating"


def rating_that_leads_nowhere(script: Script) -> tuple[Script, str]:
    return changed(script, "rating", branches=script.step("rating").branches[1:]), "rating"


def rating_that_leads_two_ways(script: Script) -> tuple[Script, str]:
    return changed(script, "rating", branches=(*script.step("rating").branches, Branch(8, 9, "bye"))), "rating"


def survey_without_a_rating(script: Script) -> tuple[Script, str]:
    first = script.step("before0")
    return changed(script, "before0", answers=(*first.answers, Answer("z", "сразу", "", "bye"))), "bye"


def silent_step(script: Script) -> tuple[Script, str]:
    return changed(script, "reasons", say=" "), "reasons"


def reasons_without_prompts(script: Script) -> tuple[Script, str]:
    return changed(script, "reasons", prompts=()), "reasons"


def the_same_answer_twice(script: Script) -> tuple[Script, str]:
    first = script.step("before0").answers
    doubled = replace(first[0], id="z", label=f" {first[0].label.upper()} ")
    return changed(script, "before0", answers=(*first, doubled)), "before0"


def slip_in_a_placeholder(script: Script) -> tuple[Script, str]:
    return changed(script, "bye", say="(Имя килента), до свидания!"), "bye"


def question_without_a_reply(script: Script) -> tuple[Script, str]:
    return editing.with_question(script, "Есть ли скидки?"), "question"


def objection_without_a_reply(script: Script) -> tuple[Script, str]:
    return editing.with_objection(script, "Долго везёте"), "complaint"


def reasons_that_can_be_passed_by(script: Script) -> tuple[Script, str]:
    answers = (Answer("y", "да", "", "reasons"), Answer("n", "нет", "", "bye"))
    ask = Step("may_i", StepKind.CHOICE, "Можно спросить?", say="слова", answers=answers)
    branches = tuple(
        replace(one, next="may_i") if one.next == "reasons" else one for one in script.step("rating").branches
    )
    return changed(replace(script, steps=(*script.steps, ask)), "rating", branches=branches), "bye"


def rating_that_ends_as_a_refusal(script: Script) -> tuple[Script, str]:
    return changed(script, "bye", disposition="soft_refusal"), "bye"


def rating_that_is_put_off(script: Script) -> tuple[Script, str]:
    later = callback("afterwards", "bye")
    branches = script.step("rating").branches
    led = (*branches[:-1], replace(branches[-1], next="afterwards"))
    return changed(replace(script, steps=(*script.steps, later)), "rating", branches=led), "afterwards"


def end_with_a_result_of_no_talk(script: Script) -> tuple[Script, str]:
    return also(script, Step("mute_end", StepKind.END, "Тихо", say="слова", disposition="no_answer")), "mute_end"


def line_without_words_for_the_nameless(script: Script) -> tuple[Script, str]:
    return changed(script, "bye", say="Могу я услышать (Имя клиента)?"), "bye"


def brackets_of_another_kind(script: Script) -> tuple[Script, str]:
    return changed(
        script, "bye", say="[Имя клиента], до свидания!", say_no_name="До свидания от <имя оператора>!"
    ), "bye"


FAULTS: list[Callable[[Script], tuple[Script, str]]] = [
    dead_end, answer_to_nowhere, unreachable, end_without_a_result, loop_without_an_exit, two_ratings, no_rating,
    low_rating_without_reasons, high_rating_with_reasons, rating_that_leads_nowhere, rating_that_leads_two_ways,
    survey_without_a_rating, silent_step, reasons_without_prompts, the_same_answer_twice, slip_in_a_placeholder,
    question_without_a_reply, objection_without_a_reply, start_that_is_gone, two_steps_of_one_name,
    choice_without_answers, answer_without_words, prompt_without_words, the_same_prompt_twice,
    callback_with_another_result, end_with_a_result_that_needs_a_time, no_questions, complaint_without_steps,
    reasons_that_can_be_passed_by, rating_that_ends_as_a_refusal, rating_that_is_put_off, end_with_a_result_of_no_talk,
    line_without_words_for_the_nameless, brackets_of_another_kind,
]  # fmt: skip
#: What only the author can mend: his words are missing.
FOR_THE_AUTHOR = {Fault.NO_ANSWERS, Fault.SILENT, Fault.NAMELESS, Fault.REASONS_PASSED_BY, Fault.RATING_LOST}
