"""The whole desk as its templates read it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from nps.domain.desk import PAUSE_REASONS
from nps.models import CallAttempt, Respondent
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.panels import Panel
from nps.queries.desk.seat import Seat
from nps.queries.desk.standing import Beside
from nps.queries.desk.views import (
    BudgetView,
    CallView,
    Card,
    DoneView,
    IdleView,
    Number,
    OperatorView,
    OutcomeView,
    PauseView,
    PracticeView,
    StepView,
    TrailItem,
    UnfinishedView,
)


@dataclass(frozen=True, slots=True)
class DeskView:
    """The desk in one state; what is empty does not belong to it, or to the part of the page that was asked for.

    state: no_shift | idle | ready | ringing | talk | ended | unfinished | done | paused | budget_used |
    campaign_paused | campaign_closed. stopped_text: since when the campaign is one of the last two. last_text: the call
    whose result can still be corrected.
    """

    seat: Seat
    state: str
    operator: OperatorView
    beside: Beside = field(default_factory=Beside)
    #: To begin a shift in, and titles of those that want an admission this operator has not got (R9).
    campaigns: Sequence[CampaignRow] = ()
    only_closed: bool = False
    unadmitted: Sequence[str] = ()
    client: Respondent | None = None
    number: Number | None = None
    card: Card | None = None
    call: CallView | None = None
    #: The call that what is written down beside the result belongs to.
    noted: CallAttempt | None = None
    trail: Sequence[TrailItem] = ()
    step: StepView | None = None
    outcomes: Sequence[OutcomeView] = ()
    done: DoneView | None = None
    #: The last result is being corrected: the results are on offer again.
    correcting: bool = False
    unfinished: UnfinishedView | None = None
    idle: IdleView | None = None
    panel: Panel | None = None
    stopped_text: str = ""
    last_text: str = ""
    pause: PauseView | None = None
    budget: BudgetView | None = None
    #: An exchange is set and does not answer: what that means for this operator.
    exchange_note: str = ""
    practice: PracticeView | None = None

    @property
    def campaign(self) -> CampaignRow | None:
        return self.seat.campaign

    @property
    def now_ms(self) -> int:
        return int(self.seat.now.timestamp() * 1000)

    @property
    def pause_reasons(self) -> Mapping[str, str]:
        return PAUSE_REASONS

    @property
    def attempt_id(self) -> UUID | None:
        """The call that results, panels and notes are about."""
        return self.call.id if self.call else self.done.attempt_id if self.done else None

    @property
    def mark(self) -> str:
        """A short text that changes when anything does that the poll brings while the state stays."""
        polled = (self.operator, self.beside.promises, self.beside.reminders, self.idle)
        return hashlib.sha256(repr(polled).encode()).hexdigest()[:16]

    @property
    def shown_as(self) -> str:
        """What the poll compares: the state, and whether an empty desk has somebody to call by now."""
        if self.call is not None and (self.call.line_text or self.call.by_exchange):
            who = f"exchange_{self.call.phase}" if self.call.by_exchange else "self"
            return f"{self.state}_{who}_{self.call.suggested}"
        return "idle_due" if self.idle is not None and self.idle.signal else self.state
