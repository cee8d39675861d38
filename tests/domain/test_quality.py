from dataclasses import replace

import pytest

from nps.domain.quality import DEFAULT_CRITERIA, REASONS, Heard, Plan, Rate, score, why

PLAN = Plan(newcomer_calls=20, share_percent=10)
#: A call of an experienced operator in which nothing stands out.
PLAIN = Heard("k", 500, "surveyed", answered=True, ring_s=8, survey_s=40, was_interrupted=False, fastest=0.9)


def chosen(**fields):
    return why(replace(PLAIN, **fields), replace(PLAN, share_percent=0))


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("speed", {"fastest": 0.39}),
        ("length", {"survey_s": 61}),
        ("ring", {"answered": False, "ring_s": 19, "disposition": "technical", "survey_s": 0, "fastest": None}),
        ("complaint", {"was_interrupted": True}),
        ("newcomer", {"number": 20}),
        (None, {}),
        (None, {"fastest": 0.4}),
        (None, {"survey_s": 60}),
        (None, {"number": 21}),
        (None, {"answered": False, "ring_s": 0, "disposition": "busy", "fastest": None}),
        (None, {"answered": False, "ring_s": 25, "disposition": "no_answer", "number": 1, "fastest": None}),
    ],
)
def test_why_a_call_is_listened_to(reason, fields):
    assert chosen(**fields) == reason
    assert reason is None or reason in REASONS


def test_a_rule_goes_before_experience_and_speed_before_all():
    assert chosen(number=1, survey_s=90) == "length"
    assert chosen(number=1, survey_s=90, fastest=0.1, was_interrupted=True) == "speed"


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_the_share_of_an_experienced_operator_is_about_what_was_asked_and_always_the_same(percent):
    plan = replace(PLAN, share_percent=percent)
    calls = [replace(PLAIN, key=f"call {n}") for n in range(2000)]
    first = [why(call, plan) for call in calls]
    assert first == [why(call, plan) for call in calls]
    assert abs(first.count("share") - 20 * percent) <= 100


def test_what_did_not_come_up_counts_for_nothing():
    assert score([2, 1, None, 0]) == (3, 6)
    assert score([None] * 5) == (0, 0)
    assert score([2] * len(DEFAULT_CRITERIA)) == (10, 10)


def test_reviews_add_up_and_fewer_than_five_say_little():
    four, one = Rate(4, 30, 40), Rate(1, 2, 10)
    assert four + one == Rate(5, 32, 50)
    assert [rate.is_few for rate in (Rate(), one, four, four + one)] == [False, True, True, False]
