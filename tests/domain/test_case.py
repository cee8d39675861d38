"""What stands beside the ladder: events, promises, inbound calls, numbers, corrections, the end of the campaign."""

from dataclasses import replace

import pytest

from nps.domain.case import (
    CallRecord,
    CasePolicy,
    EventKind,
    PhoneState,
    QueueClass,
    State,
    Why,
    acts_of_manager,
    dead_phones,
    ended_by,
    fold,
)
from nps.domain.errors import CallError

from .build import NEW_PHONE, OPERATOR, SECOND_PHONE, at, calendar, call, event, policy, shown, verdict

THREE_MISSES = (
    call("no_answer", at(17, "10:30")),
    call("busy", at(17, "14:30")),
    call("no_answer", at(18, "10:30")),
)


def test_the_second_half_of_the_ladder_is_the_half_with_fewer_attempts_so_far():
    both_in_the_morning = (call("no_answer", at(17, "10:15")), call("no_answer", at(17, "11:20")))
    assert shown(verdict(*both_in_the_morning).due) == "18 14:00"


def test_after_thursday_the_next_day_is_tuesday():
    history = (call("no_answer", at(19, "10:15")), call("no_answer", at(19, "15:00")))
    assert shown(verdict(*history).due) == "24 10:00"


def test_a_promise_belongs_to_its_operator_and_is_kept_also_in_the_last_minutes_of_a_window():
    found = verdict(call("callback", at(17, "10:30"), callback_at=at(18, "11:57")))
    assert (shown(found.due), found.queue_class, found.owner_id) == ("18 11:57", QueueClass.CALLBACK, OPERATOR)


def test_a_promise_that_changed_windows_left_outside_moves_to_the_next_opening():
    found = verdict(call("callback", at(17, "10:30"), callback_at=at(18, "13:00")))
    assert (shown(found.due), found.why.code) == ("18 14:00", "callback")


def test_nobody_answering_a_promised_call_counts_as_one_of_the_three():
    promised = call("callback", at(17, "10:30"), callback_at=at(17, "15:00"))
    missed = call("no_answer", at(17, "15:01"))
    found = verdict(promised, missed)
    assert (found.misses, found.queue_class, shown(found.due)) == (1, QueueClass.REPEAT, "17 16:01")


def test_the_time_another_person_named_is_called_at():
    found = verdict(call("other_person", at(17, "10:30"), callback_at=at(17, "15:00")))
    assert (shown(found.due), found.queue_class, found.owner_id) == ("17 15:00", QueueClass.CALLBACK, OPERATOR)


def test_an_inbound_call_that_came_to_nothing_changes_nothing():
    before = verdict(call("no_answer", at(17, "10:30")))
    for result in ("no_answer", "voicemail", "hung_up", "technical", "dead_number", "other_person"):
        assert verdict(call("no_answer", at(17, "10:30")), call(result, at(17, "11:00"), inbound=True)) == before


def test_an_inbound_interview_makes_any_client_surveyed():
    inbound = call("surveyed", at(20, "12:30"), inbound=True)
    refused = (call("refused", at(17, "10:30")),)
    dead = (call("dead_number", at(17, "10:30")),)
    for history in (refused, dead, THREE_MISSES):
        assert verdict(*history, inbound).state is State.SURVEYED


def test_a_client_who_calls_in_may_ask_for_another_time():
    found = verdict(
        call("no_answer", at(17, "10:30")),
        call("callback", at(17, "13:00"), callback_at=at(18, "16:00"), inbound=True),
    )
    assert (found.queue_class, shown(found.due)) == (QueueClass.CALLBACK, "18 16:00")


def test_a_new_number_reopens_an_inactive_client_with_a_fresh_ladder():
    dead = (call("no_answer", at(17, "10:30")), call("dead_number", at(17, "14:30")))
    added = event("number_added", at(17, "16:00"), phone_id=NEW_PHONE)
    phones = [PhoneState(1, live=False), PhoneState(NEW_PHONE)]

    found = fold((*dead, added), phones, policy(), at(3, "09:00"))

    assert (found.state, found.queue_class, found.phone_id) == (State.WAITING, QueueClass.AT_ONCE, NEW_PHONE)
    assert (found.misses, shown(found.due)) == (0, "17 16:00")


def test_a_number_given_in_a_call_is_dialled_next():
    given = event("number_added", at(17, "10:29:50"), phone_id=SECOND_PHONE)
    found = verdict(given, call("new_contact", at(17, "10:30")), phones=2)
    assert (found.phone_id, found.queue_class) == (SECOND_PHONE, QueueClass.AT_ONCE)


def test_a_new_number_does_not_break_a_promise():
    promised = call("callback", at(17, "10:30"), callback_at=at(18, "15:00"))
    found = verdict(promised, event("number_added", at(17, "12:00"), phone_id=SECOND_PHONE), phones=2)
    assert (found.queue_class, shown(found.due), found.phone_id) == (QueueClass.CALLBACK, "18 15:00", SECOND_PHONE)


def test_a_new_number_does_not_reopen_a_refusal_or_an_unsuccessful_client():
    added = event("number_added", at(19, "12:00"), phone_id=SECOND_PHONE)
    assert verdict(call("refused", at(17, "10:30")), added, phones=2).state is State.REFUSED
    unsuccessful = verdict(*THREE_MISSES, added, phones=2)
    assert (unsuccessful.state, unsuccessful.misses) == (State.UNSUCCESSFUL, 3)


def test_all_numbers_dead_makes_the_client_inactive_and_the_history_says_which():
    history = (call("dead_number", at(17, "10:30")), call("wrong_number", at(17, "10:32"), phone_id=SECOND_PHONE))
    assert verdict(*history, phones=2).state is State.INACTIVE
    assert dead_phones(history) == {1, SECOND_PHONE}
    assert dead_phones((*history, event("number_added", at(17, "12:00"), phone_id=1))) == {SECOND_PHONE}


def test_a_reopened_result_begins_a_fresh_ladder():
    found = verdict(*THREE_MISSES, event("reopened", at(18, "12:30")))
    assert (found.state, found.misses, shown(found.due)) == (State.WAITING, 0, "18 14:00")


def test_the_manager_returns_a_client_to_work_with_his_misses():
    troubled = (call("no_answer", at(17, "10:30")), *(call("technical", at(17, f"11:3{n}")) for n in range(3)))
    found = verdict(*troubled, event("returned", at(17, "15:00")))
    assert verdict(*troubled).state is State.MANAGER
    assert (found.state, found.misses, shown(found.due)) == (State.WAITING, 1, "17 15:00")


def test_a_sibling_of_a_refusing_organisation_waits_for_the_manager_and_keeps_his_plan():
    promised = call("callback", at(17, "10:30"), callback_at=at(18, "15:00"))
    refusal = event("organisation_refused", at(17, "11:00"))

    assert verdict(promised, refusal).state is State.MANAGER
    assert verdict(promised, refusal, event("returned", at(17, "12:00"))) == verdict(promised)
    assert verdict(promised, refusal, event("refused", at(17, "12:00"))).state is State.REFUSED


def test_a_final_client_is_not_touched_by_the_refusal_of_a_sibling():
    assert verdict(call("surveyed", at(17, "10:30")), event("organisation_refused", at(17, "11:00"))).state is (
        State.SURVEYED
    )


def test_the_stop_list_counts_as_refused_until_it_is_lifted():
    surveyed = call("surveyed", at(17, "09:30"))
    number = [PhoneState(1), PhoneState(SECOND_PHONE, stopped_at=at(17, "10:00"))]
    for phones, rules in ((number, policy()), ([PhoneState(1)], policy(organisation_stopped_at=at(17, "10:00")))):
        assert fold((), phones, rules, at(3, "09:00")).state is State.REFUSED
        assert fold((surveyed,), phones, rules, at(3, "09:00")).state is State.SURVEYED


def test_a_dead_number_on_the_stop_list_refuses_nobody_until_it_comes_to_life():
    phones = [PhoneState(1), PhoneState(SECOND_PHONE, stopped_at=at(17, "12:00"))]
    dead = call("dead_number", at(17, "10:30"), phone_id=SECOND_PHONE)
    assert fold((dead,), phones, policy(), at(3, "09:00")).state is State.WAITING
    added = event("number_added", at(17, "13:00"), phone_id=SECOND_PHONE)
    assert fold((dead, added), phones, policy(), at(3, "09:00")).state is State.REFUSED


def test_a_withdrawn_client_leaves_the_base_whatever_he_was():
    assert verdict(event("withdrawn", at(17, "10:00"))).state is State.WITHDRAWN


def test_closing_the_campaign_makes_only_open_clients_unreached():
    closed = event("unreached", at(27, "10:00"))
    assert verdict(call("no_answer", at(26, "17:30")), closed).state is State.UNREACHED
    assert verdict(call("not_client", at(26, "17:30")), closed).state is State.UNREACHED
    assert verdict(*THREE_MISSES, closed).state is State.UNSUCCESSFUL
    assert verdict(call("dead_number", at(17, "10:30")), closed).state is State.INACTIVE


def test_a_client_without_a_window_left_is_waiting_without_a_time():
    found = verdict(call("no_answer", at(26, "17:30")))
    assert (found.state, found.queue_class, found.due) == (State.WAITING, QueueClass.REPEAT, None)
    assert (found.why.code, found.why.params["before"]) == ("no_window", "hour_later")


def test_a_longer_campaign_gives_such_a_client_a_time_again():
    longer = policy(calendar=calendar(last=30))
    history = (call("no_answer", at(19, "17:30")),)
    short = policy(calendar=calendar(last=19))
    assert fold(history, [PhoneState(1)], short, at(3, "09:00")).due is None
    assert shown(fold(history, [PhoneState(1)], longer, at(3, "09:00")).due) == "24 10:00"


def test_a_client_of_an_unknown_region_is_not_callable():
    found = verdict(calendar=None)
    assert (found.state, found.due, found.why.code) == (State.WAITING, None, "no_region")
    assert verdict(*THREE_MISSES, calendar=None).state is State.UNSUCCESSFUL


def test_a_correction_is_a_new_fold():
    wrong, right = call("refused", at(17, "10:30")), call("no_answer", at(17, "10:30"))
    assert verdict(wrong).state is State.REFUSED
    assert shown(verdict(right).due) == "17 11:30"


def test_the_order_in_which_the_history_is_given_does_not_matter():
    assert verdict(*reversed(THREE_MISSES)) == verdict(*THREE_MISSES)


def test_a_fresh_client_of_a_wave_that_runs_is_due_since_he_was_loaded():
    found = fold((), [PhoneState(1)], policy(), at(17, "11:00"))
    assert (found.queue_class, shown(found.due)) == (QueueClass.NEW, "17 11:00")


def test_the_reason_survives_storing():
    why = verdict(call("no_answer", at(17, "11:40"))).why
    assert Why.from_json(why.as_json()) == why
    assert shown(why.instant("plus_hour")) == "17 12:40"


def test_a_callback_without_a_time_and_an_unknown_result_are_refused():
    for result, code in (("callback", "callback_without_time"), ("nonsense", "unknown_result")):
        with pytest.raises(CallError) as refused:
            CallRecord(result, at(17, "10:31"), at(17, "10:30"), 1, OPERATOR)
        assert refused.value.code == code


def test_limits_are_the_campaigns():
    history = (call("no_answer", at(17, "10:30")), call("no_answer", at(17, "14:30")))
    two = CasePolicy(calendar(), max_misses=2)
    assert fold(history, [PhoneState(1)], two, at(3, "09:00")).state is State.UNSUCCESSFUL


def test_an_event_taken_back_leaves_no_trace():
    missed = call("no_answer", at(17, "10:30"))
    asked = replace(event("organisation_refused", at(17, "10:40")), id=7)
    assert verdict(missed, asked).state == State.MANAGER
    assert verdict(missed, asked, event("taken_back", at(17, "10:50"), event_id=7)) == verdict(missed)


def test_a_number_taken_back_is_first_no_more_and_begins_no_ladder():
    dead = call("dead_number", at(17, "10:30"))
    added = replace(event("number_added", at(17, "10:40"), phone_id=dead.phone_id), id=8)
    assert dead_phones([dead, added]) == frozenset()
    assert dead_phones([dead, added, event("taken_back", at(17, "10:50"), event_id=8)]) == {dead.phone_id}


def test_a_call_corrected_to_a_survey_stays_one_though_the_client_was_reopened_since():
    found = verdict(call("surveyed", at(17, "10:30")), event("reopened", at(17, "11:00")))
    assert found.state == State.SURVEYED


@pytest.mark.parametrize("state", State)
def test_what_a_manager_may_decide_depends_on_the_state_alone(state: State) -> None:
    offered = {
        State.WAITING: ("refused", "withdrawn"),
        State.MANAGER: ("returned", "refused", "withdrawn"),
        State.SURVEYED: (),
    }
    assert acts_of_manager(state) == offered.get(state, ("reopened",))


def test_only_a_client_who_waits_for_the_manager_is_returned_by_him():
    returned = event("returned", at(17, "12:00"))
    for history in ((call("no_answer", at(17, "10:30")),), (call("refused", at(17, "10:30")),)):
        assert verdict(*history, returned) == verdict(*history)


def test_the_manager_refuses_nobody_whose_case_has_ended():
    found = verdict(*THREE_MISSES, event("refused", at(18, "12:00")))
    assert (found.state, found.why.code) == (State.UNSUCCESSFUL, "ladder")


def test_what_ends_every_case_is_told_without_its_history_and_nothing_else_is():
    for kind, state in ((EventKind.WITHDRAWN, State.WITHDRAWN), (EventKind.UNREACHED, State.UNREACHED)):
        assert ended_by(kind, at(17, "12:00")) == (state, verdict(event(kind, at(17, "12:00"))).why)
    with pytest.raises(ValueError, match="refused"):
        ended_by(EventKind.REFUSED, at(17, "12:00"))


def test_neither_another_result_nor_a_call_to_us_says_that_a_number_is_dead():
    inbound = call("dead_number", at(17, "10:30"), inbound=True)
    assert dead_phones((inbound, call("busy", at(17, "10:40")), event("reopened", at(17, "11:00")))) == frozenset()
