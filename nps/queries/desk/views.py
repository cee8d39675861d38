"""What the desk shows, as values: the templates read these and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OperatorView:
    spoken_name: str
    full_name: str
    gender: str
    clock_text: str
    surveyed_today: int = 0
    refused_today: int = 0
    talk_today_text: str = ""
    mean_talk_text: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    when: str
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class SiblingLine:
    contact: str
    state_text: str


@dataclass(frozen=True, slots=True)
class PhoneLine:
    text: str
    live: bool
    current: bool
    #: The next call goes there.
    next: bool
    words: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question the client asked, and what became of it: the operator tells him (R15)."""

    when: str
    text: str
    state: str
    answer: str
    to_say: str


@dataclass(frozen=True, slots=True)
class Number:
    """The number of the call. `link` stands from the dial until the line is down: for the operator's own click (R8).

    `by_hand`: the extension, when the link cannot carry it. `words`: what the base says beside it.
    """

    id: int
    text: str
    link: str | None = None
    by_hand: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What the card says of the client beside his own row."""

    branch: str
    region: str
    local_time: str
    window_text: str
    window_left_text: str
    window_kind: str
    attempt_no: int
    attempts_max: int
    why_text: str
    history: Sequence[HistoryLine]
    siblings: Sequence[SiblingLine]
    phones: Sequence[PhoneLine]
    notes: Sequence[str]
    #: What came of his questions, the newest first.
    questions: Sequence[QuestionLine]


@dataclass(frozen=True, slots=True)
class PracticeView:
    """An invented client (R9): the scenario he behaves by, and what is on the line now, '' when nothing is."""

    scenario: str
    says: str


@dataclass(frozen=True, slots=True)
class CallView:
    """The call on the desk. `*_ms` are milliseconds since 1970 by the server's clock.

    stands_s: the survey's clock stands at so many seconds, in a break or at the farewell; None while it runs (R14).
    """

    id: UUID
    state: str
    since_ms: int
    answered_ms: int
    ring_wait_ms: int
    limit_s: int
    may_no_answer: bool
    may_mark_ringing: bool
    consented: bool
    asks_end: bool
    ended_ms: int
    ended_text: str
    inbound: bool
    stands_s: int | None
    in_break: bool
    #: The exchange makes this call; the operator does not dial.
    by_exchange: bool = False
    #: `phone`, `client`, `rings` or `sounds`: what the exchange is at before the answer; '' when it tells nothing.
    phase: str = ""
    #: What the exchange says about the line's end, or why it did not call.
    line_text: str = ""
    #: The result the line speaks for, a code; never recorded by itself.
    suggested: str = ""


@dataclass(frozen=True, slots=True)
class TrailItem:
    title: str
    value: str
    current: bool
    done: bool


@dataclass(frozen=True, slots=True)
class PieceView:
    """A piece of what is said; `mark` and `instead` as in `nps.domain.script.gender`."""

    text: str
    placeholder: bool
    mark: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class AnswerView:
    id: str
    label: str
    key_label: str
    code: str
    pressed: bool


@dataclass(frozen=True, slots=True)
class PromptView:
    id: str
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class SlotView:
    at_iso: str
    client: str
    own: str
    taken: bool
    chosen: bool
    promised: int


@dataclass(frozen=True, slots=True)
class DayView:
    date: str
    label: str
    sub: str
    chosen: bool
    slots: Sequence[SlotView]


@dataclass(frozen=True, slots=True)
class StepView:
    id: str
    kind: str
    heading: str
    say: Sequence[PieceView]
    say_short: bool
    instruction: str = ""
    answers: Sequence[AnswerView] = ()
    prompts: Sequence[PromptView] = ()
    words: str = ""
    comment: str = ""
    low_label: str = ""
    high_label: str = ""
    days: Sequence[DayView] = ()
    break_text: str = ""
    submit_text: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeView:
    code: str
    label: str
    hint: str
    key_label: str
    key_code: str
    enabled: bool
    panel: str
    group: str


@dataclass(frozen=True, slots=True)
class EndView:
    """When the line went down: `clock` is offered; a talk may be told in minutes as well."""

    clock: str
    answered: bool


@dataclass(frozen=True, slots=True)
class UnfinishedView:
    """A call without a result that its operator comes back to. `said`: the saved answers; `step`: where it stopped."""

    began: str
    last: str
    said: Sequence[str]
    step: str
    end: EndView
    on_line: bool
    note: str


@dataclass(frozen=True, slots=True)
class FactsView:
    """How long the call took: talk or ringing in words, the survey in seconds, and when the line went down."""

    length_text: str
    text: str
    survey_s: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class DoneView:
    """The call that is over; `why_not` says why its result can't be corrected any more, '' while it can."""

    attempt_id: UUID
    text: str
    detail: str
    why_not: str
    answered: bool
    facts: FactsView


@dataclass(frozen=True, slots=True)
class PauseView:
    """`since_ms` as in CallView, `since_text` by the clock of the office."""

    reason: str
    label: str
    since_ms: int
    since_text: str


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A call this operator has promised for today: `here` by the clock of the office, `there` by the client's."""

    here: str
    there: str
    organisation: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class BudgetView:
    """The contract's minutes from 80 % on (R6); `code` is that of `nps.domain.budget.Decision`. Whole minutes."""

    code: str
    used_min: int
    left_min: int
    limit_min: int


@dataclass(frozen=True, slots=True)
class IdleRow:
    region: str
    local_time: str
    reason: str
    next_there: str
    next_here: str
    left: int
    is_soonest: bool


@dataclass(frozen=True, slots=True)
class IdleView:
    """advice: what to do when waiting does not help. signal: an id of the hour when somebody is there to be called."""

    title: str
    headline: str
    rows: Sequence[IdleRow]
    advice: str = ""
    signal: str = ""
