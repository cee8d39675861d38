"""What the contract asks to be proved: recordings (R12) and escalations (R15)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from nps.models import Escalation, Recording
from nps.queries.recordings import MATCHED
from nps.queries.reports.calls import CONVERSATIONS, IS_CALL
from nps.queries.reports.slices import EVERYTHING, Slice
from nps.queries.reports.views import attempts, respondents

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class RecordingCounts:
    """Calls and how many of them have their recording: of conversations, and of all dials of column 1 (R12)."""

    conversations: int
    conversations_recorded: int
    dials: int
    dials_recorded: int


@dataclass(frozen=True, slots=True)
class EscalationCounts:
    """Escalations of a campaign by how far the specialist is."""

    open: int
    taken: int
    answered: int

    @property
    def total(self) -> int:
        return self.open + self.taken + self.answered


#: The six columns of R15, in their order.
EscalationRow = Row[str, str, str, str, str, str]


def recording_counts(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> RecordingCounts:
    """Count calls with a matched recording."""
    talked, kept = attempts.c.disposition.in_(CONVERSATIONS), Recording.id.is_not(None)
    row = session.execute(
        select(
            func.count().filter(talked).label("conversations"),
            func.count().filter(and_(talked, kept)).label("conversations_recorded"),
            func.count().filter(IS_CALL).label("dials"),
            func.count().filter(and_(IS_CALL, kept)).label("dials_recorded"),
        )
        .select_from(attempts)
        .outerjoin(Recording, and_(Recording.attempt_id == attempts.c.id, MATCHED))
        .where(attempts.c.campaign_id == campaign_id, *where.of_calls())
    ).one()
    return RecordingCounts(**row._mapping)


def escalation_counts(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> EscalationCounts:
    """Count the escalations of a campaign, or of a slice's clients; those of training are none of the customer's."""
    found = session.execute(
        select(Escalation.state, func.count())
        .join(respondents, respondents.c.id == Escalation.respondent_id)
        .where(Escalation.campaign_id == campaign_id, Escalation.purpose != "training", *where.of_clients())
        .group_by(Escalation.state)
    )
    by_state = {state: number for state, number in found}
    return EscalationCounts(
        open=by_state.get("open", 0),
        taken=by_state.get("taken", 0),
        answered=by_state.get("answered", 0) + by_state.get("closed", 0),
    )


def last_escalations(
    session: Session, campaign_id: int, number: int, where: Slice = EVERYTHING
) -> Sequence[Escalation]:
    """The newest escalations of a campaign, or of a slice's clients."""
    return session.scalars(
        select(Escalation)
        .join(respondents, respondents.c.id == Escalation.respondent_id)
        .where(Escalation.campaign_id == campaign_id, Escalation.purpose != "training", *where.of_clients())
        .order_by(Escalation.id.desc())
        .limit(number)
    ).all()


def all_escalations(session: Session, campaign_id: int) -> Iterator[EscalationRow]:
    """Every escalation of a campaign in the order they came, as it was when it was saved."""
    asked = Escalation
    yield from session.execute(
        select(asked.organisation, asked.inn, asked.contact, asked.phone, asked.email, asked.text)
        .where(Escalation.campaign_id == campaign_id, Escalation.purpose != "training")
        .order_by(Escalation.created_at, Escalation.id)
        .execution_options(yield_per=_CHUNK)
    )
