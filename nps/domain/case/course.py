"""The running state of a fold: one method a result of a call (`Next`), one an event of the case."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nps.domain.calling_window import CallingCalendar
from nps.domain.case.records import CallRecord, CaseEvent, CasePolicy, EventKind, PhoneState, Verdict
from nps.domain.disposition import Next
from nps.domain.ladder import Half, half_of, hour_later, next_day
from nps.domain.state import QueueClass, State
from nps.domain.why import Why, iso

# A region that is not known has no windows at all (R7).
_NEVER = CallingCalendar("UTC", (), frozenset(), date.max, date.min)

# What an inbound call does not say about reaching the client: he called us, whatever became of the line.
_NOTHING_INBOUND = frozenset({Next.LADDER, Next.NEXT_DAY_ONCE, Next.NEXT_NUMBER, Next.TECHNICAL})
_ONCE_MORE = 1


@dataclass(frozen=True, slots=True)
class _Plan:
    """The next call while the client waits; `due` is None when no window is left for it."""

    queue_class: QueueClass
    due: datetime | None
    why: Why
    owner_id: int | None = None


class Course:
    """Takes what happened in order of time, then gives the verdict."""

    def __init__(self, policy: CasePolicy, loaded_at: datetime) -> None:
        self._policy = policy
        self._calendar = policy.calendar or _NEVER
        self._state = State.WAITING
        self._why = Why("new")
        self._plan = self._now(QueueClass.NEW, loaded_at, Why("new"))
        self._misses = 0
        self._counts: Counter[Next] = Counter()
        self._halves: Counter[Half] = Counter()
        self._dead: set[int] = set()
        self._phone_id: int | None = None
        self._number_added_at: datetime | None = None
        # Acts that hold whatever the calls say, with the reason they give.
        self._overrides: dict[State, Why] = {}
        self._by_next: dict[Next, Callable[[CallRecord], None]] = {
            Next.LADDER: self._miss,
            Next.NAMED_OR_NEXT_DAY: self._other_person,
            Next.AT_ONCE: self._new_contact,
            Next.NEXT_DAY_ONCE: self._hung_up,
            Next.APPOINTMENT: self._callback,
            Next.SOFT: self._soft_refusal,
            Next.FINAL: self._final,
            Next.NEXT_NUMBER: self._dead_number,
            Next.TECHNICAL: self._technical,
            Next.MANAGER: self._not_client,
        }
        self._by_kind: dict[EventKind, Callable[[CaseEvent], None]] = {
            EventKind.REOPENED: self._reopened,
            EventKind.RETURNED: self._returned,
            EventKind.NUMBER_ADDED: self._number_added,
            EventKind.ORGANISATION_REFUSED: self._organisation_refused,
            EventKind.REFUSED: self._refused_by_manager,
            EventKind.STOP_LISTED: lambda e: None,
            EventKind.STOP_LIFTED: lambda e: None,
            EventKind.WITHDRAWN: lambda e: self._override(State.WITHDRAWN, "withdrawn", e),
            EventKind.UNREACHED: lambda e: self._override(State.UNREACHED, "unreached", e),
        }

    # -- what happened

    def call(self, record: CallRecord) -> None:
        row = record.result
        if not record.inbound:
            self._note_dial(record)
        if row.final_state is State.SURVEYED or (self._state is State.MANAGER and row.final_state):
            self._final(record)
        elif self._state is State.WAITING and not (record.inbound and self._says_nothing(record)):
            self._by_next[row.next](record)

    def event(self, event: CaseEvent) -> None:
        self._by_kind[EventKind(event.kind)](event)

    def _note_dial(self, record: CallRecord) -> None:
        row = record.result
        if row.reaches_network:
            self._halves[half_of(record.dialled_at, self._calendar.zone)] += 1
            self._counts[Next.TECHNICAL] = 0
        if row.next is Next.NEXT_NUMBER and record.phone_id is not None:
            self._dead.add(record.phone_id)
        # A number given during this call is tried next, not the one it was given on.
        if self._number_added_at is None or self._number_added_at < record.dialled_at:
            self._phone_id = record.phone_id

    @staticmethod
    def _says_nothing(record: CallRecord) -> bool:
        named = record.result.next is Next.NAMED_OR_NEXT_DAY
        return record.result.next in _NOTHING_INBOUND or (named and record.callback_at is None)

    # -- results of calls

    def _final(self, record: CallRecord) -> None:
        self._end(record.result.final_state or State.REFUSED, record)

    def _miss(self, record: CallRecord) -> None:
        self._misses += 1
        if self._misses >= self._policy.max_misses:
            self._state, self._why = State.UNSUCCESSFUL, Why("ladder", _last(record))
        elif self._misses == 1:
            step = hour_later(record.ended_at, self._calendar)
            params = {**_last(record), "plus_hour": iso(step.plus_hour), "moved": step.moved}
            self._wait(QueueClass.REPEAT, step.due, "hour_later", params)
        else:
            self._next_day("next_day", record)

    def _other_person(self, record: CallRecord) -> None:
        if self._exceeds(record, self._policy.max_other_person):
            self._to_manager("other_person")
        elif record.callback_at is not None:
            self._promise("other_person", record, record.callback_at)
        else:
            self._next_day("other_person", record, avoid=half_of(record.dialled_at, self._calendar.zone))

    def _callback(self, record: CallRecord) -> None:
        if self._exceeds(record, self._policy.max_callbacks) or record.callback_at is None:
            self._to_manager("callbacks")
        else:
            self._promise("callback", record, record.callback_at)

    def _new_contact(self, record: CallRecord) -> None:
        self._fresh_ladder()
        self._counts.clear()
        self._plan = self._now(QueueClass.AT_ONCE, record.ended_at, Why("new_contact", _last(record)))

    def _hung_up(self, record: CallRecord) -> None:
        if self._exceeds(record, _ONCE_MORE):
            self._end(State.REFUSED, record)
        else:
            self._next_day("hung_up", record)

    def _soft_refusal(self, record: CallRecord) -> None:
        if self._exceeds(record, _ONCE_MORE) or self._policy.soft_refusal_final:
            self._end(State.REFUSED, record)
        else:
            self._next_day("soft_refusal", record)

    def _dead_number(self, record: CallRecord) -> None:
        self._fresh_ladder()
        self._plan = self._now(QueueClass.AT_ONCE, record.ended_at, Why("next_number", _last(record)))

    def _technical(self, record: CallRecord) -> None:
        if self._exceeds(record, self._policy.max_technical - 1):
            self._to_manager("technical")
        else:
            self._plan = self._now(QueueClass.AT_ONCE, record.ended_at, Why("technical", _last(record)))

    def _not_client(self, record: CallRecord) -> None:
        self._to_manager("not_client")

    # -- events

    def _reopened(self, event: CaseEvent) -> None:
        self._lift(State.WITHDRAWN)
        self._lift(State.UNREACHED)
        if self._state is State.SURVEYED:
            # An earlier call was corrected to a survey since: its questionnaire is in the form.
            return
        self._fresh_ladder()
        self._counts.clear()
        self._state = State.WAITING
        self._plan = self._now(QueueClass.REPEAT, event.at, Why("reopened", {"at": iso(event.at)}))

    def _returned(self, event: CaseEvent) -> None:
        if self._state is not State.MANAGER:
            return
        self._state = State.WAITING
        # The refusal of a sibling says nothing about this client's own next call: it stays as it was planned.
        if self._why.params.get("reason") != "organisation":
            self._clear_patience()
            self._plan = self._now(QueueClass.REPEAT, event.at, Why("returned", {"at": iso(event.at)}))

    def _number_added(self, event: CaseEvent) -> None:
        phone_id = int(event.detail["phone_id"])
        self._dead.discard(phone_id)
        self._phone_id, self._number_added_at = phone_id, event.at
        if self._state.is_final:
            return
        self._fresh_ladder()
        # A promise to the client is kept, and a client never called stays new; only a repeat begins anew.
        if self._plan.queue_class not in (QueueClass.CALLBACK, QueueClass.NEW):
            self._plan = self._now(QueueClass.AT_ONCE, event.at, Why("number_added", {"at": iso(event.at)}))

    def _organisation_refused(self, event: CaseEvent) -> None:
        if self._state is State.WAITING:
            self._to_manager("organisation")

    def _refused_by_manager(self, event: CaseEvent) -> None:
        if not self._state.is_final:
            self._state, self._why = State.REFUSED, Why("decided", {"at": iso(event.at)})

    def _override(self, state: State, code: str, event: CaseEvent) -> None:
        self._overrides[state] = Why(code, {"at": iso(event.at)})

    def _lift(self, state: State) -> None:
        self._overrides.pop(state, None)

    # -- steps

    def _fresh_ladder(self) -> None:
        self._misses = 0
        self._clear_patience()

    def _clear_patience(self) -> None:
        for counted in (Next.NAMED_OR_NEXT_DAY, Next.APPOINTMENT, Next.TECHNICAL):
            self._counts[counted] = 0

    def _exceeds(self, record: CallRecord, limit: int) -> bool:
        """Count this result and say whether there were more of its kind than the limit."""
        self._counts[record.result.next] += 1
        return self._counts[record.result.next] > limit

    def _end(self, state: State, record: CallRecord) -> None:
        self._state, self._why = state, Why("result", _last(record))

    def _to_manager(self, reason: str) -> None:
        self._state, self._why = State.MANAGER, Why("manager", {"reason": reason})

    def _now(self, queue_class: QueueClass, at: datetime, why: Why) -> _Plan:
        return _Plan(queue_class, self._calendar.next_opening(at), why)

    def _next_day(self, code: str, record: CallRecord, avoid: Half | None = None) -> None:
        step = next_day(record.ended_at, self._calendar, self._halves, self._policy.spread, avoid)
        self._wait(QueueClass.REPEAT, step.due, code, {**_last(record), "half": str(step.half)})

    def _promise(self, code: str, record: CallRecord, at: datetime) -> None:
        """Plan a promised time. It is kept to the minute while a window holds it, also in the window's last minutes."""
        params = {**_last(record), "asked_at": iso(record.ended_at), "at": iso(at)}
        self._wait(QueueClass.CALLBACK, self._calendar.next_opening(at), code, params, record.operator_id)

    def _wait(
        self,
        queue_class: QueueClass,
        due: datetime | None,
        code: str,
        params: dict[str, Any],
        owner_id: int | None = None,
    ) -> None:
        if due is not None:
            params["due"] = iso(due)
        self._plan = _Plan(queue_class, due, Why(code, params), owner_id)

    # -- what follows from all of it

    def verdict(self, phones: Sequence[PhoneState]) -> Verdict:
        counted = [phone for phone in phones if phone.live and phone.id not in self._dead]
        live = [phone.id for phone in counted]
        # A final client has a next number too: he may call, and the manager may reopen him.
        phone_id = self._phone_id if self._phone_id in live else next(iter(live), None)
        state, why = self._outcome(counted)
        if state is not State.WAITING:
            return Verdict(state, None, None, None, phone_id, why, self._misses)
        plan = self._plan
        if self._policy.calendar is None:
            why = Why("no_region")
        elif plan.due is None:
            why = Why("no_window", {"before": plan.why.code, **plan.why.params})
        else:
            why = plan.why
        return Verdict(state, plan.queue_class, plan.due, plan.owner_id, phone_id, why, self._misses)

    def _outcome(self, live: Sequence[PhoneState]) -> tuple[State, Why]:
        """Return the state with what holds whatever the calls say: withdrawn before all, the others where open."""
        if State.WITHDRAWN in self._overrides:
            return State.WITHDRAWN, self._overrides[State.WITHDRAWN]
        if self._state.is_final:
            return self._state, self._why
        stop = self._stop(live)
        if stop is not None:
            return State.REFUSED, stop
        if self._state is State.WAITING and not live:
            return State.INACTIVE, Why("no_number")
        if State.UNREACHED in self._overrides:
            return State.UNREACHED, self._overrides[State.UNREACHED]
        return self._state, self._why

    def _stop(self, live: Sequence[PhoneState]) -> Why | None:
        """What on the stop list refuses the client: any live number of his, or his organisation (R21)."""
        for phone in live:
            if phone.stopped_at is not None:
                return Why("stop_list", {"at": iso(phone.stopped_at), "phone_id": phone.id})
        since = self._policy.organisation_stopped_at
        return Why("stop_list", {"at": iso(since), "by": "inn"}) if since is not None else None


def _last(record: CallRecord) -> dict[str, Any]:
    return {"last": iso(record.ended_at), "result": record.disposition}
