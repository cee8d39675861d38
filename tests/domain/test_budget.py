"""R6, with the contract's 1260 minutes."""

import pytest

from nps.domain.budget import Budget, billed

LIMIT = 1260 * 60


@pytest.mark.parametrize(
    ("used", "open_calls", "median", "may_dial"),
    [
        (LIMIT - 60, 0, 0, True),
        (LIMIT - 59, 0, 0, False),
        (LIMIT - 120, 1, 0, True),
        (LIMIT - 119, 1, 0, False),
        (LIMIT - 90, 0, 90, True),
        (LIMIT - 89, 0, 90, False),
        (LIMIT - 60, 0, 40, True),
        (LIMIT, 0, 0, False),
    ],
)
def test_a_dial_is_allowed_while_used_and_reserved_and_this_call_fit_the_limit(used, open_calls, median, may_dial):
    assert Budget(LIMIT, used, open_calls, median_talk_s=median).decide().may_dial is may_dial


@pytest.mark.parametrize(
    ("used", "level", "may_start_new", "code"),
    [
        (0, 0, True, "ok"),
        (LIMIT * 80 // 100 - 1, 0, True, "ok"),
        (LIMIT * 80 // 100, 80, True, "warning"),
        (LIMIT * 95 // 100 - 1, 80, True, "warning"),
        (LIMIT * 95 // 100, 95, False, "callbacks_only"),
        (LIMIT, 100, False, "used_up"),
    ],
)
def test_warnings_come_at_80_and_95_percent_and_from_95_no_new_clients_are_started(used, level, may_start_new, code):
    decision = Budget(LIMIT, used).decide()
    assert (decision.level, decision.may_start_new, decision.code) == (level, may_start_new, code)


def test_a_call_without_a_result_reserves_at_most_three_minutes():
    long_talks = Budget(LIMIT, 0, open_calls=1, unsettled_calls=2, median_talk_s=400)
    assert long_talks.reserved_s == 400 + 2 * 180
    assert Budget(LIMIT, 0, unsettled_calls=1, median_talk_s=90).reserved_s == 90


def test_what_open_calls_reserve_is_told_apart_from_used_up():
    assert Budget(LIMIT, LIMIT - 100, open_calls=1).decide().code == "open_calls"
    assert Budget(LIMIT, LIMIT - 60, open_calls=1).decide().code == "open_calls"
    assert Budget(LIMIT, LIMIT - 60).decide().may_dial
    assert Budget(LIMIT, LIMIT - 30, open_calls=1).decide().code == "used_up"


def test_what_is_left_is_never_negative():
    assert Budget(LIMIT, LIMIT + 90).decide().left_s == 0


@pytest.mark.parametrize(
    ("seconds", "rule", "paid"),
    [(0, "minute", 0), (1, "minute", 60), (60, "minute", 60), (61, "minute", 120), (61, "second", 61)],
)
def test_a_started_minute_counts_whole_where_the_contract_says_so(seconds, rule, paid):
    assert billed(seconds, rule) == paid


def test_an_unknown_billing_rule_is_refused():
    with pytest.raises(ValueError, match="billing rule"):
        billed(10, "hour")
