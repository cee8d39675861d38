from copy import deepcopy
from dataclasses import fields

import pytest

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.disposition import TABLE
from nps.domain.errors import AnswerError, ScriptError
from nps.domain.script import Script, Step, StepKind
from nps.domain.script.gender import forms

SCRIPT = Script.from_dict(DEFAULT_SCRIPT)
REASON = {"prompts": ["stock"], "words": "", "comment": ""}


def changed(**steps):
    """The default script with changes to the named steps; None removes the step."""
    body = deepcopy(DEFAULT_SCRIPT)
    body["steps"] = [
        {**step, **(steps.get(step["id"]) or {})}
        for step in body["steps"]
        if step["id"] not in steps or steps[step["id"]] is not None
    ]
    return Script.from_dict(body)


def line(step_id, client="Тимур Ильич", operator="Мария"):
    return "".join(piece.text for piece in SCRIPT.say(SCRIPT.step(step_id), client, operator))


# -- the default script


def test_the_default_script_can_be_published():
    assert SCRIPT.problems() == []


def test_the_default_script_survives_storing():
    assert SCRIPT.to_dict() == DEFAULT_SCRIPT
    assert Script.from_dict(SCRIPT.to_dict()) == SCRIPT


def test_the_greeting_names_client_and_operator_and_marks_them():
    assert line("greeting").startswith("Тимур Ильич, добрый день! Вас приветствует компания Уралэнерго")
    pieces = SCRIPT.say(SCRIPT.step("greeting"), "Тимур Ильич", "Мария")
    assert [piece.text for piece in pieces if piece.is_placeholder] == ["Тимур Ильич", "Мария"]


def test_without_a_name_the_greeting_starts_with_good_day():
    assert line("greeting", client="").startswith("Добрый день! Вас приветствует")


def test_an_address_in_a_line_without_a_wording_for_no_name_is_left_out():
    script = changed(farewell={"say": "(Имя клиента), всего доброго!"})
    assert [piece.text for piece in script.say(script.step("farewell"), "", "Мария")] == ["Всего доброго!"]


@pytest.mark.parametrize("rating", range(1, 9))
def test_the_reason_is_asked_at_one_to_eight(rating):
    answers = {"greeting": "yes", "rating": rating}
    assert SCRIPT.current(answers).id == "reasons"
    assert SCRIPT.result(answers) is None
    assert SCRIPT.result({**answers, "reasons": REASON}) == "surveyed"


@pytest.mark.parametrize("rating", [9, 10])
def test_the_reason_is_not_asked_at_nine_and_ten(rating):
    assert SCRIPT.current({"greeting": "yes", "rating": rating}).id == "farewell"


def test_a_time_ends_the_call_with_an_appointment_and_none_with_a_soft_refusal():
    later = {"greeting": "no", "callback": "2026-11-19T10:00:00+00:00"}
    assert (SCRIPT.current(later).id, SCRIPT.result(later)) == ("callback", "callback")
    declined = {"greeting": "no", "callback": "declined"}
    assert (SCRIPT.current(declined).id, SCRIPT.result(declined)) == ("refusal", "soft_refusal")


def test_answers_of_a_branch_that_was_left_are_out_of_the_path():
    answers = {"greeting": "yes", "rating": 9, "reasons": REASON, "callback": "declined"}
    assert [(step.id, value) for step, value in SCRIPT.path(answers)] == [("greeting", "yes"), ("rating", 9)]
    assert (SCRIPT.rating(answers), SCRIPT.reasons(answers)) == (9, None)


def test_rating_and_reasons_are_those_that_stand_on_the_path():
    assert (SCRIPT.rating({}), SCRIPT.reasons({})) == (None, None)
    answers = {"greeting": "yes", "rating": 6, "reasons": REASON}
    assert (SCRIPT.rating(answers), SCRIPT.reasons(answers)) == (6, REASON)
    assert SCRIPT.rating({"rating": 6}) is None, "nobody has agreed to be asked"


def test_an_answer_the_step_does_not_know_leaves_the_talk_at_the_step():
    assert SCRIPT.current({"greeting": "maybe"}).id == "greeting"


def test_every_result_of_the_default_script_is_in_the_table():
    assert {step.disposition for step in SCRIPT.steps if step.disposition} <= set(TABLE)


def test_the_choice_has_a_short_word_for_the_trail():
    assert SCRIPT.step("greeting").trail_word("yes") == "удобно"
    assert SCRIPT.step("rating").trail_word(6) == "6"


def test_questions_complaints_and_objections_are_all_there():
    assert [question.id for question in SCRIPT.questions] == ["other", "stock", "order"]
    assert [step.action for step in SCRIPT.complaint.steps] == ["", "", "", "contacts", "escalation", ""]
    assert len(SCRIPT.complaint.objections) == 4


# -- answers


@pytest.mark.parametrize(
    ("step_id", "given", "stored"),
    [
        ("greeting", "yes", "yes"),
        ("rating", "10", 10),
        ("rating", 1, 1),
        ("callback", "declined", "declined"),
        ("callback", "2026-11-19T14:00:00+04:00", "2026-11-19T10:00:00+00:00"),
        (
            "reasons",
            {"prompts": ["other", "stock"], "words": " дорого "},
            {"prompts": ["stock", "other"], "words": "дорого", "comment": ""},
        ),
        (
            "reasons",
            {"comment": "затрудняется ответить"},
            {"prompts": [], "words": "", "comment": "затрудняется ответить"},
        ),
    ],
)
def test_an_answer_is_stored_in_one_form(step_id, given, stored):
    assert SCRIPT.check_answer(SCRIPT.step(step_id), given) == stored


@pytest.mark.parametrize(
    ("step_id", "given"),
    [
        ("greeting", "maybe"),
        ("greeting", None),
        *(("rating", value) for value in (0, 11, "7.5", "", None, True, "²", -3)),
        ("reasons", {"prompts": [], "words": "  ", "comment": ""}),
        ("reasons", {"prompts": ["weather"]}),
        ("reasons", {"prompts": "stock"}),
        ("reasons", None),
        ("callback", "завтра"),
        ("callback", "2026-11-19T14:00:00"),
        ("farewell", "yes"),
    ],
)
def test_a_wrong_answer_is_refused_with_a_sentence(step_id, given):
    with pytest.raises(AnswerError) as refused:
        SCRIPT.check_answer(SCRIPT.step(step_id), given)
    assert refused.value.message.endswith(".")


# -- what keeps a script from being published

ENDLESS = {"kind": "choice", "answers": [{"id": "a", "label": "а", "trail": "а", "next": "reasons"}]}
ONLY_TO_NINE = [{"low": 1, "high": 8, "next": "reasons"}, {"low": 9, "high": 9, "next": "farewell"}]
ALL_TO_REASONS = [{"low": 1, "high": 10, "next": "reasons"}]
SEVEN_AND_EIGHT_WITHOUT = [{"low": 1, "high": 6, "next": "reasons"}, {"low": 7, "high": 10, "next": "farewell"}]
PAST_THE_RATING = [{"id": "yes", "label": "да", "trail": "да", "next": "farewell"}]


@pytest.mark.parametrize(
    ("steps", "step_id", "words"),
    [
        ({"reasons": {"next": ""}}, "reasons", "никуда не ведёт"),
        ({"reasons": {"next": "nowhere"}}, "reasons", "такого шага нет"),
        ({"greeting": {"answers": []}}, "greeting", "нет ответов"),
        ({"rating": {"branches": ALL_TO_REASONS}}, "rating", "при 9 и 10 не нужно"),
        ({"rating": {"branches": SEVEN_AND_EIGHT_WITHOUT}}, "rating", "оценке 7, 8 причину не спрашивают"),
        ({"rating": {"branches": ONLY_TO_NINE}}, "rating", "Оценка 10"),
        ({"farewell": {"disposition": ""}}, "farewell", "нет итога"),
        ({"farewell": {"disposition": "nonsense"}}, "farewell", "нет итога"),
        ({"refusal": {"disposition": "callback"}}, "refusal", "нужно время"),
        ({"callback": {"disposition": "surveyed"}}, "callback", "нет итога"),
        ({"callback": {"next": "farewell"}}, "refusal", "ничто не ведёт"),
        ({"callback": {"next": "farewell"}}, "farewell", "без оценки"),
        ({"greeting": {"answers": PAST_THE_RATING}}, "farewell", "без оценки"),
        ({"farewell": ENDLESS}, "farewell", "по кругу"),
        ({"rating": {"say": " "}}, "rating", "нет текста"),
        ({"reasons": {"prompts": []}}, "reasons", "нет подсказок"),
        ({"reasons": {"kind": "rating", "branches": ONLY_TO_NINE}}, "reasons", "лишний"),
        ({"rating": None}, "greeting", "нет вопроса с оценкой"),
        ({"greeting": None}, "greeting", "Нет первого шага"),
        ({"refusal": {"id": "callback"}}, "callback", "Два шага"),
    ],
    ids=str,
)
def test_a_script_with_a_mistake_cannot_be_published_and_the_error_names_the_step(steps, step_id, words):
    found = [problem.message for problem in changed(**steps).problems() if problem.step_id == step_id]
    assert any(words in message for message in found), found


@pytest.mark.parametrize(
    "body",
    [
        {"start": 1},
        {"start": "a", "steps": "none"},
        {"start": "a", "steps": [{"id": "a", "kind": "dance"}]},
        {"start": "a", "steps": [{"id": "a", "kind": "rating", "branches": [{"low": "1", "high": 8}]}]},
        {"start": "a", "steps": [{"id": "a", "kind": "end", "say": 5}]},
        {"start": "a", "steps": [], "complaint": "x"},
    ],
)
def test_what_has_not_the_shape_of_a_script_is_refused(body):
    with pytest.raises(ScriptError):
        Script.from_dict(body)


def test_every_field_of_a_step_is_read_from_the_body():
    full = {
        "id": "a", "kind": "choice", "title": "t", "line": "l", "say": "s", "say_no_name": "n", "instruction": "i",
        "answers": [{"id": "1", "label": "l", "trail": "t", "next": "a"}],
        "branches": [{"low": 1, "high": 2, "next": "a"}], "low_label": "lo", "high_label": "hi",
        "prompts": [{"id": "p", "label": "l"}], "next": "a", "disposition": "surveyed",
    }  # fmt: skip
    assert {field.name for field in fields(Step)} == set(full)
    assert Script.from_dict({"start": "a", "steps": [full]}).to_dict()["steps"] == [full]


@pytest.mark.parametrize(
    ("line", "gender", "marked"),
    [
        ("Я Вас понял (а), всего доброго!", "male", [("понял", "read", ""), (" (а)", "skip", "")]),
        ("Я Вас понял (а), всего доброго!", "female", [("понял (а)", "read", "")]),
        ("Да, я с вами согласна, такая", "female", [("согласна", "read", "")]),
        ("Да, я с вами согласна, такая", "male", [("согласна", "skip", "согласен")]),
        ("«Согласен с Вами…»", "female", [("Согласен", "skip", "Согласна")]),
        ("Спасибо (за ответы)! Всего доброго!", "male", []),
    ],
)
def test_the_form_to_read_is_marked_and_the_line_stays_as_written(line, gender, marked):
    pieces = forms(line, gender)
    assert "".join(piece.text for piece in pieces) == line
    assert [(piece.text, piece.mark, piece.instead) for piece in pieces if piece.mark] == marked


def test_earlier_words_of_a_reason_are_texts() -> None:
    body = Script.from_dict(DEFAULT_SCRIPT).to_dict()
    why = next(step for step in body["steps"] if step["kind"] == "reasons")
    why["prompts"][0]["was"] = ["раньше"]
    assert Script.from_dict(body).step(why["id"]).prompts[0].was == ("раньше",)
    for wrong in ("раньше", [1]):
        why["prompts"][0]["was"] = wrong
        with pytest.raises(ScriptError):
            Script.from_dict(body)


def test_the_consent_is_the_last_answer_before_which_the_client_could_refuse() -> None:
    script = Script.from_dict(DEFAULT_SCRIPT)
    greeting = next(step for step in script.steps if step.kind is StepKind.CHOICE)
    yes = next(one for one in greeting.answers if script.step(one.next).kind is StepKind.RATING)
    later = next(one for one in greeting.answers if script.step(one.next).kind is StepKind.CALLBACK)
    assert script.has_consented({greeting.id: yes.id})
    assert not script.has_consented({greeting.id: later.id})
    assert not script.has_consented({})
    assert not script.has_consented({greeting.id: yes.id, yes.next: "10"})


def test_the_reasons_are_those_of_the_step_that_was_answered() -> None:
    script = Script.from_dict(DEFAULT_SCRIPT)
    why = next(step for step in script.steps if step.kind is StepKind.REASONS)
    answers = {"greeting": "yes", "rating": "5", why.id: {"prompts": [why.prompts[0].id]}}
    assert script.reasons_prompts(answers) == why.prompts
    assert script.reasons_prompts({"greeting": "yes"}) == ()
