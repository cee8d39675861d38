"""What goes into the fold of a case and what comes out of it: plain values, no rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from nps.domain.calling_window import CallingCalendar
from nps.domain.disposition import MOST_MISSES, TABLE, Disposition
from nps.domain.errors import CallError
from nps.domain.state import QueueClass, State
from nps.domain.why import Why


class EventKind(StrEnum):
    """What happens to a case outside a call."""

    REOPENED = "reopened"
    RETURNED = "returned"
    NUMBER_ADDED = "number_added"
    ORGANISATION_REFUSED = "organisation_refused"
    REFUSED = "refused"
    STOP_LISTED = "stop_listed"
    STOP_LIFTED = "stop_lifted"
    WITHDRAWN = "withdrawn"
    UNREACHED = "unreached"
    #: Another event was the effect of a call's result, and that result was taken back.
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call with its last word. Instants are aware; `callback_at` is the time promised to the client, if any."""

    disposition: str
    ended_at: datetime
    dialled_at: datetime
    phone_id: int | None
    operator_id: int | None
    callback_at: datetime | None = None
    inbound: bool = False

    def __post_init__(self) -> None:
        if self.disposition not in TABLE:
            raise CallError("unknown_result", f"Итога «{self.disposition}» нет в списке. Выберите итог из списка.")
        if self.disposition == "callback" and self.callback_at is None:
            raise CallError("callback_without_time", "Выберите день и время перезвона.")

    @property
    def result(self) -> Disposition:
        return TABLE[self.disposition]


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """An event of the case; `number_added` has the phone's id in `detail["phone_id"]`.

    `stop_listed` and `stop_lifted` are notes for people: what refuses a client is the list as it stands.
    `taken_back` names in `detail["event_id"]` the event (its `id`) that holds no longer.
    """

    kind: EventKind | str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class PhoneState:
    """A number of the client; the sequence given to `fold` is in the order in which numbers are tried.

    `stopped_at`: since when it is on the customer's stop list (R21), None when it is not.
    """

    id: int
    live: bool = True
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """What the campaign decides about its cases.

    calendar: of the client's region, None when the region is unknown. spread: where in a half of a day this client's
    turn is, in [0, 1), so that not all are due at its opening. organisation_stopped_at: since when his organisation is
    on the stop list (R21). Limits say how many such results are borne;
    the third miss and the third technical failure in a row, but only the fourth of the others, end it.
    """

    calendar: CallingCalendar | None
    soft_refusal_final: bool = True
    spread: float = 0.0
    organisation_stopped_at: datetime | None = None
    max_misses: int = MOST_MISSES
    max_other_person: int = 3
    max_callbacks: int = 3
    max_technical: int = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the history makes of a client. A final state and `manager` have neither class nor due time.

    `waiting` without a due time: no window is left («не успеваем») or the region is unknown, `why` says which.
    owner_id: whose promise the callback is. phone_id: the number to dial next, in any state; None when no number is
    live. misses: of the three, in this ladder.
    """

    state: State
    queue_class: QueueClass | None
    due: datetime | None
    owner_id: int | None
    phone_id: int | None
    why: Why
    misses: int
