from dataclasses import replace

import pytest

from nps.domain.disposition import TABLE
from nps.domain.nps_score import RATINGS
from nps.domain.script import StepKind
from nps.domain.script.reading import seconds_to_read, words_in
from nps.domain.training import REQUIRED, SCENARIOS, CallFacts, StepFact, client_says, feedback

GREETING = StepFact(StepKind.CHOICE, "Приветствие", "yes", 9, 9)
RATING = StepFact(StepKind.RATING, "Оценка", 10, 19, 19)
GOOD = CallFacts(1, "surveyed", answered=True, ring_s=8, survey_s=25, steps=(GREETING, RATING))


def advice(code, facts):
    return [finding.text for finding in feedback(SCENARIOS[code], facts).findings if not finding.is_good]


def rated(rating, **fields):
    return replace(GOOD, steps=(GREETING, replace(RATING, value=rating)), **fields)


# -- the scenarios


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_a_scenario_can_be_passed_and_speaks_where_it_is_answered(scenario):
    assert all(set(dial.expects) <= set(TABLE) for dial in scenario.dials)
    assert not any(dial.answers for dial in scenario.dials[:-1])
    assert bool(scenario.says) == scenario.dials[-1].answers
    assert scenario.rating is None or scenario.rating in RATINGS
    assert (StepKind.REASONS in scenario.says) == (scenario.rating is not None and scenario.rating <= 8)
    if scenario.interruption is not None:
        assert all(word in scenario.interruption.says.casefold() for word in scenario.interruption.mentions)


def test_the_way_to_admission_is_six_scenarios():
    assert len(REQUIRED) == 6


def test_the_client_is_heard_before_and_after_his_interruption():
    cable = SCENARIOS["cable"]

    def says(kind, **how):
        return client_says(cable, 1, kind, **({"answered": True, "ended": False, "interrupted": False} | how))

    assert "взял трубку" in says(None, answered=False)
    assert "кабель" in says(StepKind.RATING)
    assert "восемь" in says(StepKind.RATING, interrupted=True)
    assert says(StepKind.RATING, ended=True) == says(None) == ""


def test_the_third_call_is_answered():
    heard = [
        client_says(SCENARIOS["third_call"], n, None, answered=False, ended=False, interrupted=False) for n in (1, 2, 3)
    ]
    assert ["никто не берёт" in line for line in heard] == [True, True, False]


# -- feedback


def test_a_call_that_went_well_is_passed():
    found = feedback(SCENARIOS["ready"], GOOD)
    assert found.is_passed
    assert found.advice == ""


def test_a_wrong_result_is_named_with_the_right_one():
    found = feedback(SCENARIOS["ready"], replace(GOOD, disposition="refused"))
    assert not found.is_good
    assert "«Опрошен»" in found.advice


def test_a_step_answered_before_it_could_be_read_was_skipped():
    facts = replace(GOOD, steps=(GREETING, replace(RATING, took_s=2)))
    assert advice("ready", facts) == ["Шаг «Оценка» пропущен"]


def test_a_rating_nobody_asked_for_and_one_that_was_misheard():
    assert "Оценку не спросили" in advice("ready", replace(GOOD, steps=(GREETING,)))
    assert "Оценка записана неверно" in advice("ready", rated(9))


def test_a_client_who_gives_no_rating_is_not_asked_why_there_is_none():
    scenario = next(one for one in SCENARIOS.values() if one.dials[-1].answers and one.rating is None)
    result = scenario.dials[-1].expects[0]
    facts = CallFacts(len(scenario.dials), result, answered=True, ring_s=8, survey_s=0, steps=(GREETING,))
    assert not any("Оценк" in finding.text for finding in feedback(scenario, facts).findings)


def test_a_ring_under_twenty_seconds():
    facts = CallFacts(1, "no_answer", answered=False, ring_s=12, survey_s=0)
    assert advice("third_call", facts) == ["Гудки шли 12 с"]
    assert advice("third_call", replace(facts, ring_s=20)) == []


def test_a_survey_over_sixty_seconds():
    assert advice("ready", replace(GOOD, survey_s=61)) == ["Опрос дольше 60 секунд"]
    assert advice("ready", replace(GOOD, survey_s=60)) == []


def test_an_escalation_is_missing_or_says_too_little():
    assert advice("cable", rated(8)) == ["Обращение не передано"]
    assert advice("cable", rated(8, escalations=("кабель",))) == ["Обращение записано без слов клиента"]
    assert advice("cable", rated(8, escalations=("Кабель ВВГнг 3х2,5, 200 метров, Березники",))) == []


def test_a_complaint_has_to_be_led_through_its_steps():
    assert advice("angry", rated(5)) == ["Жалобу пропустили"]
    assert advice("angry", rated(5, broke_in=True)) == []


def test_prompts_are_offered_to_a_client_at_a_loss():
    reasons = StepFact(StepKind.REASONS, "Причина оценки", {"prompts": [], "comment": "не знает"}, 9, 4)
    facts = rated(6)
    facts = replace(facts, steps=(*facts.steps, reasons))
    assert advice("at_a_loss", facts) == ["Варианты причин не предложили"]
    reasons = replace(reasons, value={"prompts": ["delivery"]})
    assert advice("at_a_loss", replace(facts, steps=(*facts.steps[:2], reasons))) == []


def test_only_the_last_dial_passes_a_scenario_of_three():
    facts = CallFacts(1, "no_answer", answered=False, ring_s=25, survey_s=0)
    assert feedback(SCENARIOS["third_call"], facts).is_good
    assert not feedback(SCENARIOS["third_call"], facts).is_passed
    assert feedback(SCENARIOS["third_call"], replace(rated(9), number=3)).is_passed


# -- reading aloud


def test_words_are_counted_as_they_are_spoken():
    assert words_in("Мы проводим опрос, время не более 2-х минут.") == 8
    assert words_in("«…» — !") == 0
    assert seconds_to_read("слово " * 21) == 10
