"""The case of a client: the only place that decides his state and his next call (requirements §4)."""

from collections.abc import Sequence
from datetime import datetime

from nps.domain.case.course import Course
from nps.domain.case.records import CallRecord, CaseEvent, CasePolicy, EventKind, PhoneState, Verdict
from nps.domain.disposition import Next
from nps.domain.state import QueueClass, State
from nps.domain.why import Why

__all__ = [
    "CallRecord", "CaseEvent", "CasePolicy", "EventKind", "PhoneState", "QueueClass", "State", "Verdict", "Why",
    "acts_of_manager", "dead_phones", "ended_by", "fold",
]  # fmt: skip


def fold(
    history: Sequence[CallRecord | CaseEvent],
    phones: Sequence[PhoneState],
    policy: CasePolicy,
    loaded_at: datetime,
) -> Verdict:
    """Decide a client's state and next call from everything that happened to him, in any order of the sequence.

    Pure: a corrected result, another calendar or another number is a new fold of the whole. `loaded_at` is when the
    client came into the base.
    """
    course = Course(policy, loaded_at)
    for item in _in_force(history):
        if isinstance(item, CallRecord):
            course.call(item)
        else:
            course.event(item)
    return course.verdict(phones)


def acts_of_manager(state: State) -> tuple[EventKind, ...]:
    """What a manager may decide about a client in this state, in the order in which it is offered (§3, §4)."""
    if not state.is_final:
        back = (EventKind.RETURNED,) if state is State.MANAGER else ()
        return *back, EventKind.REFUSED, EventKind.WITHDRAWN
    return () if state is State.SURVEYED else (EventKind.REOPENED,)


def ended_by(kind: EventKind, at: datetime) -> tuple[State, Why]:
    """Return what an event that ends a case makes of a client still to call, whatever has happened to him before.

    WITHDRAWN and UNREACHED are outweighed by a result alone (and the first by none), and who is still to call has no
    final one: so thousands need no fold of their own. Raises ValueError for an event that ends nothing.
    """
    verdict = fold([CaseEvent(kind, at)], [PhoneState(0)], CasePolicy(None), at)
    if kind not in (EventKind.WITHDRAWN, EventKind.UNREACHED):
        raise ValueError(kind)
    return verdict.state, verdict.why


def dead_phones(history: Sequence[CallRecord | CaseEvent]) -> frozenset[int]:
    """Return the ids of the numbers that this client's own calls found dead and that were not added again since."""
    dead: set[int] = set()
    for item in _in_force(history):
        if isinstance(item, CallRecord):
            if item.result.next is Next.NEXT_NUMBER and item.phone_id is not None and not item.inbound:
                dead.add(item.phone_id)
        elif item.kind == EventKind.NUMBER_ADDED:
            dead.discard(item.detail["phone_id"])
    return frozenset(dead)


def _in_force(history: Sequence[CallRecord | CaseEvent]) -> list[CallRecord | CaseEvent]:
    """The history in order of time, without events that were taken back with the result which made them."""
    events = [item for item in history if isinstance(item, CaseEvent)]
    gone = {item.detail["event_id"] for item in events if item.kind == EventKind.TAKEN_BACK}
    left = [item for item in history if isinstance(item, CallRecord) or not _is_gone(item, gone)]
    return sorted(left, key=_instant)


def _is_gone(event: CaseEvent, gone: set[int]) -> bool:
    return event.kind == EventKind.TAKEN_BACK or event.id in gone


def _instant(item: CallRecord | CaseEvent) -> datetime:
    return item.ended_at if isinstance(item, CallRecord) else item.at
