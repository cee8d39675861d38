"""Every row of the results table of requirements §4: what the client becomes, in which class, when he is due."""

from dataclasses import dataclass

import pytest

from nps.domain.case import QueueClass, State
from nps.domain.disposition import TABLE, Kind, Next

from .build import at, call, shown, verdict

MISSES = ("no_answer", "busy", "rejected", "switched_off", "voicemail", "robot")
REFUSALS = ("refused", "refused_org", "do_not_call")
DEAD = ("dead_number", "wrong_number")
INTERVIEWS = ("surveyed", "partial")

WAIT = (State.WAITING, QueueClass.REPEAT)


@dataclass(frozen=True)
class Row:
    """Results of calls on Tuesday 17 November from 10:30 on, an hour and a half apart, and what they come to."""

    results: tuple[str, ...]
    state: State
    queue_class: QueueClass | None = None
    due: str | None = None
    why: str = ""


CLOCKS = ("10:30", "14:30", "15:30", "16:30")

ROWS = (
    Row((), State.WAITING, QueueClass.NEW, "03 10:00", "new"),
    *(Row((miss,), *WAIT, "17 11:30", "hour_later") for miss in MISSES),
    *(Row((miss, miss), *WAIT, "18 10:00", "next_day") for miss in MISSES),
    *(Row((miss, miss, miss), State.UNSUCCESSFUL, why="ladder") for miss in MISSES),
    Row(("no_answer", "busy", "voicemail"), State.UNSUCCESSFUL, why="ladder"),
    Row(("voicemail", "robot", "no_answer"), State.UNSUCCESSFUL, why="ladder"),
    Row(("other_person",), *WAIT, "18 14:00", "other_person"),
    Row(("other_person",) * 3, *WAIT, "18 10:00", "other_person"),
    Row(("other_person",) * 4, State.MANAGER, why="manager"),
    Row(("no_answer", "no_answer", "other_person"), *WAIT, "18 10:00", "other_person"),
    Row(("no_answer", "no_answer", "other_person", "no_answer"), State.UNSUCCESSFUL, why="ladder"),
    Row(("new_contact",), State.WAITING, QueueClass.AT_ONCE, "17 10:30", "new_contact"),
    Row(("no_answer", "no_answer", "new_contact", "no_answer"), *WAIT, "17 17:30", "hour_later"),
    Row(("hung_up",), *WAIT, "18 14:00", "hung_up"),
    Row(("hung_up", "no_answer"), *WAIT, "17 15:30", "hour_later"),
    Row(("hung_up", "hung_up"), State.REFUSED, why="result"),
    Row(("hung_up", "no_answer", "hung_up"), State.REFUSED, why="result"),
    Row(("soft_refusal",), State.REFUSED, why="result"),
    *(Row((refusal,), State.REFUSED, why="result") for refusal in REFUSALS),
    *(Row((dead,), State.INACTIVE, why="no_number") for dead in DEAD),
    Row(("technical",), State.WAITING, QueueClass.AT_ONCE, "17 10:30", "technical"),
    Row(("technical", "technical"), State.WAITING, QueueClass.AT_ONCE, "17 14:30", "technical"),
    Row(("technical", "technical", "technical"), State.MANAGER, why="manager"),
    Row(("technical", "technical", "busy", "technical"), State.WAITING, QueueClass.AT_ONCE, "17 16:30", "technical"),
    Row(("no_answer", "technical", "no_answer"), *WAIT, "18 10:00", "next_day"),
    Row(("not_client",), State.MANAGER, why="manager"),
    *(Row((done,), State.SURVEYED, why="result") for done in INTERVIEWS),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row.results) or "new")
def test_the_results_of_the_calls_decide_state_class_and_due_time(row):
    history = [call(result, at(17, clock)) for result, clock in zip(row.results, CLOCKS, strict=False)]

    found = verdict(*history)

    assert (found.state, found.queue_class, shown(found.due), found.why.code) == (
        row.state, row.queue_class, row.due, row.why,
    )  # fmt: skip


def test_the_table_of_this_test_names_every_result():
    tried = {result for row in ROWS for result in row.results}
    assert tried | {"callback"} == set(TABLE)


def test_callbacks_are_promised_three_times_and_the_fourth_wish_goes_to_the_manager():
    promise = at(18, "15:00")
    history = [call("callback", at(17, clock), callback_at=promise) for clock in CLOCKS]

    found = [verdict(*history[:n]) for n in (1, 3, 4)]

    assert [(one.state, one.queue_class, shown(one.due)) for one in found] == [
        (State.WAITING, QueueClass.CALLBACK, "18 15:00"),
        (State.WAITING, QueueClass.CALLBACK, "18 15:00"),
        (State.MANAGER, None, None),
    ]


def test_a_soft_refusal_is_called_once_more_where_the_campaign_wants_it_and_the_second_is_final():
    first, second = call("soft_refusal", at(17, "10:30")), call("soft_refusal", at(18, "14:30"))

    once = verdict(first, soft_refusal_final=False)
    twice = verdict(first, second, soft_refusal_final=False)

    assert (once.state, once.queue_class, shown(once.due)) == (*WAIT, "18 14:00")
    assert twice.state is State.REFUSED


def test_a_dead_number_gives_way_to_the_next_one_with_a_fresh_ladder():
    history = [call("no_answer", at(17, "10:30")), call("dead_number", at(17, "14:30"))]

    found = verdict(*history, phones=2)

    assert (found.state, found.queue_class, shown(found.due)) == (State.WAITING, QueueClass.AT_ONCE, "17 14:30")
    assert (found.phone_id, found.misses) == (2, 0)


def test_exactly_the_six_unanswered_results_are_among_the_three():
    assert {code for code, row in TABLE.items() if row.misses} == set(MISSES)
    assert all(row.kind is Kind.MISS and row.next is Next.LADDER for row in TABLE.values() if row.misses)


def test_only_no_answer_needs_twenty_seconds_of_ringing():
    assert {code: row.min_ring_s for code, row in TABLE.items() if row.min_ring_s} == {"no_answer": 20}


def test_only_machines_and_a_stranger_answer_without_a_press_of_answered():
    assert {code for code, row in TABLE.items() if row.is_answer} == {"voicemail", "robot", "wrong_number"}
    assert TABLE["robot"].aapor == TABLE["voicemail"].aapor == "2.22"


def test_only_a_technical_failure_does_not_reach_the_network():
    assert [code for code, row in TABLE.items() if not row.reaches_network] == ["technical"]


def test_a_refusal_is_never_one_of_the_final_results_by_accident():
    finals = {code: row.final_state for code, row in TABLE.items() if row.final_state}
    assert finals == {
        **dict.fromkeys(REFUSALS, State.REFUSED),
        **dict.fromkeys(INTERVIEWS, State.SURVEYED),
    }


def test_every_row_has_its_words_its_standard_code_and_a_place_of_its_own():
    assert all(row.label and row.hint and row.aapor for row in TABLE.values())
    assert len({row.label for row in TABLE.values()}) == len(TABLE)
    assert [row.order for row in TABLE.values()] == list(range(len(TABLE)))


def test_no_two_results_share_a_hot_key():
    keys = [row.key for row in TABLE.values() if row.key]
    assert len(keys) == len(set(keys))
