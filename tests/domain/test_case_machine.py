"""A small base lives through random waves; whatever happens, the rules of requirements §4 hold."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nps.domain.appointment import is_allowed, slots
from nps.domain.budget import Budget, billed
from nps.domain.case import (
    CallRecord,
    CaseEvent,
    CasePolicy,
    EventKind,
    PhoneState,
    QueueClass,
    State,
    Verdict,
    Why,
    ended_by,
    fold,
)
from nps.domain.disposition import TABLE
from nps.domain.ladder import LAST_MINUTES
from nps.domain.local_time import to_local
from nps.domain.wording import why_text

from .build import at, calendar

ZONES = ("Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg")
CLIENTS = 3
CALENDARS = [calendar(ZONES[n % len(ZONES)], last=11) for n in range(CLIENTS)]
# Talks here last up to a minute, what R6 reserves at least: then the limit can never be passed.
LIMIT_S, LONGEST_TALK_S = 240, 60
COMPUTED = {"hour_later", "next_day", "hung_up", "soft_refusal", "other_person"}

clients = st.integers(0, CLIENTS - 1)
results = st.sampled_from(sorted(TABLE))
MISSES = sorted(code for code, row in TABLE.items() if row.misses)
TALKS = ("callback", "hung_up", "other_person", "soft_refusal", "technical")
# Often so that an hour later falls into the last minutes of the morning window.
LATE_MINUTES = st.one_of(st.integers(0, 240), st.integers(55, 59))


class Wave(RuleBasedStateMachine):
    """The clients' histories, a clock that only goes on, and the minutes."""

    @initialize(soft_final=st.booleans(), spread=st.floats(0, 1, exclude_max=True))
    def load(self, soft_final: bool, spread: float) -> None:
        self.loaded_at = self.now = at(3, "08:00")
        self.histories: list[list[CallRecord | CaseEvent]] = [[] for _ in range(CLIENTS)]
        self.phones = [[PhoneState(1), PhoneState(2)][: 1 + n % 2] for n in range(CLIENTS)]
        self.policies = [CasePolicy(one, soft_refusal_final=soft_final, spread=spread) for one in CALENDARS]
        self.used_s = 0

    def verdict(self, client: int) -> Verdict:
        return fold(self.histories[client], self.phones[client], self.policies[client], self.loaded_at)

    def budget(self) -> Budget:
        return Budget(LIMIT_S, self.used_s)

    def tick(self, **step: int) -> None:
        self.now += timedelta(**step)

    def note(self, client: int, kind: str, **detail: object) -> None:
        self.tick(seconds=1)
        self.histories[client].append(CaseEvent(kind, self.now, detail))

    # -- what may happen

    @rule(minutes=st.integers(1, 300))
    def time_passes(self, minutes: int) -> None:
        self.tick(minutes=minutes)

    @rule(client=clients, result=st.sampled_from(MISSES), late_min=LATE_MINUTES)
    def client_does_not_answer(self, client: int, result: str, late_min: int) -> None:
        self.call_when_due(client, result, 5, late_min=late_min)

    @rule(client=clients, result=st.sampled_from(TALKS), slot=st.integers(0, 20))
    def client_is_reached_without_a_result(self, client: int, result: str, slot: int) -> None:
        self.call_when_due(client, result, 25, slot)

    @rule(client=clients, result=results, talk_s=st.integers(1, LONGEST_TALK_S), slot=st.integers(0, 20))
    def call_ends_somehow(self, client: int, result: str, talk_s: int, slot: int) -> None:
        self.call_when_due(client, result, talk_s, slot)

    def call_when_due(self, client: int, result: str, talk_s: int, slot: int = 0, late_min: int = 0) -> None:
        """Wait until the client is due, and longer, to an open window; dial and record, if the budget allows it."""
        found = self.verdict(client)
        turn = max(found.due or self.now, self.now) + timedelta(minutes=late_min)
        opening = CALENDARS[client].next_opening(turn) if found.due else None
        decision = self.budget().decide()
        allowed = decision.may_start_new if found.queue_class is QueueClass.NEW else decision.may_dial
        if not opening or not allowed:
            return
        dialled_at = opening
        self.now = opening + timedelta(seconds=talk_s)
        promised = self.promise(client, slot) if result in ("callback", "other_person") else None
        if result == "callback" and promised is None:
            result = "soft_refusal"
        self.histories[client].append(CallRecord(result, self.now, dialled_at, found.phone_id, 7, promised))
        self.used_s += billed(talk_s, "second") if TABLE[result].conversation else 0

    def promise(self, client: int, slot: int) -> datetime | None:
        free = [moment for day in slots(self.now, CALENDARS[client]) for moment in day.slots]
        if slot >= len(free):
            return None
        assert is_allowed(free[slot], self.now, CALENDARS[client])
        return free[slot]

    @rule(client=clients, result=results.filter(lambda code: code != "callback"))
    def client_calls_in(self, client: int, result: str) -> None:
        before = self.verdict(client)
        self.tick(seconds=30)
        started = self.now - timedelta(seconds=29)
        self.histories[client].append(CallRecord(result, self.now, started, None, 7, inbound=True))
        after = self.verdict(client)
        assert after.misses <= before.misses
        if TABLE[result].misses:
            assert after == before

    @rule(client=clients)
    def number_is_added(self, client: int) -> None:
        phone = PhoneState(len(self.phones[client]) + 1)
        self.phones[client].append(phone)
        self.note(client, "number_added", phone_id=phone.id)
        assert self.verdict(client).state is not State.INACTIVE

    @rule(client=clients, kind=st.sampled_from(["stop_listed", "stop_lifted", "organisation_refused"]))
    def something_is_decided(self, client: int, kind: str) -> None:
        self.note(client, kind)

    @rule(client=clients)
    def manager_takes_a_client_up_again(self, client: int) -> None:
        state = self.verdict(client).state
        if state is not State.WAITING:
            self.note(client, "reopened" if state.is_final else "returned")

    @precondition(lambda self: self.now > at(10, "10:00"))
    @rule(client=clients)
    def campaign_is_closed_for_a_client(self, client: int) -> None:
        self.note(client, "unreached")
        assert self.verdict(client).state.is_final

    # -- what always holds

    @invariant()
    def every_client_has_exactly_one_state(self) -> None:
        states = Counter(self.verdict(client).state for client in range(CLIENTS))
        assert sum(states[state] for state in State) == CLIENTS

    @invariant()
    def what_ends_a_case_ends_it_whatever_came_before(self) -> None:
        for client in range(CLIENTS):
            found = self.verdict(client)
            for kind in (EventKind.WITHDRAWN, EventKind.UNREACHED):
                end = CaseEvent(kind, self.now + timedelta(seconds=1))
                ended = fold([*self.histories[client], end], self.phones[client], self.policies[client], self.loaded_at)
                state, why = ended_by(kind, end.at)
                if not found.state.is_final:
                    assert ended == Verdict(state, None, None, None, found.phone_id, why, found.misses)

    @invariant()
    def only_a_waiting_client_has_a_next_call(self) -> None:
        for client in range(CLIENTS):
            found = self.verdict(client)
            if found.state is State.WAITING:
                assert found.queue_class is not None
                assert found.phone_id in {phone.id for phone in self.phones[client]}
            else:
                assert (found.queue_class, found.due, found.owner_id) == (None, None, None)

    @invariant()
    def a_due_time_lies_in_a_window_and_a_computed_one_not_in_its_last_minutes(self) -> None:
        for client, region in enumerate(CALENDARS):
            found = self.verdict(client)
            if found.due is None:
                continue
            window = region.interval_at(found.due)
            assert window is not None
            if found.why.code in COMPUTED and found.queue_class is QueueClass.REPEAT:
                assert found.due < window.closes - LAST_MINUTES

    @invariant()
    def the_ladder_keeps_its_distances(self) -> None:
        for client, region in enumerate(CALENDARS):
            found = self.verdict(client)
            last = found.why.instant("last")
            if found.due is None or last is None:
                continue
            if found.why.code == "hour_later":
                assert found.due - last >= timedelta(hours=1)
            elif found.why.code == "next_day":
                assert to_local(found.due, region.zone).date() > to_local(last, region.zone).date()
            else:
                assert found.due >= last

    @invariant()
    def nobody_is_unsuccessful_before_three_misses(self) -> None:
        for client in range(CLIENTS):
            found = self.verdict(client)
            dials = [one for one in self.histories[client] if isinstance(one, CallRecord) and not one.inbound]
            missed = sum(one.result.misses for one in dials)
            assert found.misses <= min(3, missed)
            if found.state is State.UNSUCCESSFUL:
                assert found.misses == 3
            elif found.state is State.WAITING:
                assert found.misses < 3

    @invariant()
    def the_class_says_what_the_call_is(self) -> None:
        for client in range(CLIENTS):
            found = self.verdict(client)
            dials = [one for one in self.histories[client] if isinstance(one, CallRecord) and not one.inbound]
            if found.queue_class is QueueClass.NEW:
                assert not dials and found.why.code in ("new", "no_window")
            if found.owner_id is not None:
                assert found.queue_class is QueueClass.CALLBACK

    @invariant()
    def the_verdict_depends_on_the_history_alone(self) -> None:
        for client in range(CLIENTS):
            backwards = fold(self.histories[client][::-1], self.phones[client], self.policies[client], self.loaded_at)
            assert backwards == self.verdict(client)

    @invariant()
    def the_reason_can_be_stored_and_said(self) -> None:
        for client, region in enumerate(CALENDARS):
            why = self.verdict(client).why
            assert Why.from_json(why.as_json()) == why
            assert why_text(why, region.zone, self.now)

    @invariant()
    def the_limit_of_minutes_is_never_passed(self) -> None:
        assert self.used_s <= LIMIT_S
        decision = self.budget().decide()
        assert decision.may_dial or not decision.may_start_new
        assert not decision.may_start_new or 100 * self.used_s < 95 * LIMIT_S


TestWave = Wave.TestCase
TestWave.settings = settings(max_examples=60, stateful_step_count=30, derandomize=True, deadline=None, database=None)
