"""One client with everything that happened to him."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from nps.models import CaseEvent, Interview, InterviewReason, Respondent, RespondentPhone, User
from nps.queries.campaigns import campaign_row
from nps.queries.clients.calls import CallLine, calls_of
from nps.queries.clients.listing import ClientLine, with_places
from nps.queries.numbers import listed, numbers_of


@dataclass(frozen=True, slots=True)
class ClientCard:
    """One client, whole: his numbers in the order they are tried and those of them on the customer's stop list.

    `events`: what happened outside calls, with the name of who did it. `forms`: questionnaires with their reasons; one
    that a correction took out of the form is replaced. `siblings`: other contacts of the same organisation.
    """

    place: ClientLine
    phones: Sequence[RespondentPhone]
    stopped: Collection[str]
    calls: Sequence[CallLine]
    events: Sequence[Row[CaseEvent, str]]
    forms: Sequence[tuple[Interview, Sequence[str]]]
    siblings: Sequence[Row[int, str, str]]

    @property
    def client(self) -> Respondent:
        return self.place.Respondent  # type: ignore[no-any-return]

    @property
    def is_dialled(self) -> bool:
        """Whether he is called now: held without a lease."""
        return self.client.held_by is not None and self.client.held_until is None

    @property
    def open_call(self) -> CallLine | None:
        """The call that waits for its result."""
        return next((line for line in self.calls if line.is_open), None)


def is_of(session: Session, campaign_id: int, respondent_id: int) -> bool:
    """Whether the client is of the campaign."""
    mine = Respondent.id == respondent_id, Respondent.campaign_id == campaign_id
    return session.scalar(select(Respondent.id).where(*mine)) is not None


def card(session: Session, campaign_id: int, respondent_id: int) -> ClientCard | None:
    """A client of a campaign with everything known of him; None when he is not of this campaign."""
    mine = Respondent.id == respondent_id, Respondent.campaign_id == campaign_id
    place = session.execute(with_places().where(*mine)).one_or_none()
    if place is None:
        return None
    return ClientCard(
        place,
        phones=numbers_of(session, respondent_id),
        stopped=listed(session, campaign_row(session, campaign_id).customer_id, [respondent_id]).numbers,
        calls=calls_of(session, respondent_id),
        events=_events(session, respondent_id),
        forms=_forms(session, respondent_id),
        siblings=_siblings(session, place.Respondent),
    )


def _events(session: Session, respondent_id: int) -> Sequence[Row[CaseEvent, str]]:
    return session.execute(
        select(CaseEvent, User.full_name)
        .outerjoin(User, User.id == CaseEvent.by)
        .where(CaseEvent.respondent_id == respondent_id)
        .order_by(CaseEvent.at.desc(), CaseEvent.id.desc())
    ).all()


def _forms(session: Session, respondent_id: int) -> list[tuple[Interview, Sequence[str]]]:
    rows = session.scalars(
        select(Interview).where(Interview.respondent_id == respondent_id).order_by(Interview.id.desc())
    ).all()
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    for interview_id, label in session.execute(
        select(InterviewReason.interview_id, InterviewReason.label)
        .where(InterviewReason.interview_id.in_([row.id for row in rows]))
        .order_by(InterviewReason.position)
    ):
        reasons[interview_id].append(label)
    return [(row, reasons[row.id]) for row in rows]


def _siblings(session: Session, client: Respondent) -> Sequence[Row[int, str, str]]:
    if client.inn is None:
        return ()
    return session.execute(
        select(Respondent.id, Respondent.contact, Respondent.state)
        .where(Respondent.campaign_id == client.campaign_id, Respondent.inn == client.inn, Respondent.id != client.id)
        .order_by(Respondent.id)
    ).all()
