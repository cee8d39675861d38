"""One client with everything that happened to him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import CaseEvent, Interview, InterviewReason, Respondent, User
from nps.queries.campaigns import campaign_row
from nps.queries.clients.calls import CallLine, calls_of
from nps.queries.clients.listing import ClientLine, line_of, with_places
from nps.queries.numbers import listed, number_shown, numbers_of


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """A number of a client, in the order in which they are tried. `is_next`: the next call goes there.

    `is_stopped`: on the customer's stop list.
    """

    id: int
    e164: str
    extension: str
    is_live: bool
    is_next: bool
    is_stopped: bool
    is_guessed: bool
    source: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """What happened to the case outside a call."""

    kind: str
    at: datetime
    by: str
    reason: str
    #: Number of the customer's letter that a withdrawal stands on.
    letter: str


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire; `replaced_at` is set for one that a correction took out of the form."""

    rating: int
    reasons: tuple[str, ...]
    words: str
    comment: str
    cut_off: bool
    completed_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another contact of the same organisation."""

    id: int
    contact: str
    state: str


@dataclass(frozen=True, slots=True)
class ClientCard:
    """One client, whole."""

    line: ClientLine
    email: str
    greeting_name: str
    note: str
    loaded_at: datetime
    is_dialled: bool
    phones: tuple[PhoneRow, ...]
    calls: tuple[CallLine, ...]
    events: tuple[EventLine, ...]
    forms: tuple[Form, ...]
    siblings: tuple[Sibling, ...]
    erased_at: datetime | None

    @property
    def open_call(self) -> CallLine | None:
        """The call that waits for its result."""
        return next((call for call in self.calls if call.is_open), None)


def is_of(session: Session, campaign_id: int, respondent_id: int) -> bool:
    """Whether the client is of the campaign."""
    mine = Respondent.id == respondent_id, Respondent.campaign_id == campaign_id
    return session.scalar(select(Respondent.id).where(*mine)) is not None


def card(session: Session, campaign_id: int, respondent_id: int) -> ClientCard | None:
    """A client of a campaign with everything known of him; None when he is not of this campaign."""
    found = session.execute(
        with_places().where(Respondent.id == respondent_id, Respondent.campaign_id == campaign_id)
    ).one_or_none()
    if found is None:
        return None
    client: Respondent = found[0]
    numbers = numbers_of(session, respondent_id)
    stop = listed(session, campaign_row(session, campaign_id).customer_id, [respondent_id]).numbers
    return ClientCard(
        line=line_of(found, number_shown(numbers)),
        email=client.email,
        greeting_name=client.greeting_name,
        note=client.note,
        loaded_at=client.loaded_at,
        is_dialled=client.held_by is not None and client.held_until is None,
        phones=tuple(
            PhoneRow(
                id=row.id,
                e164=row.e164,
                extension=row.extension,
                is_live=row.state == "live",
                is_next=row.is_next,
                is_stopped=row.e164 in stop,
                is_guessed=row.guessed,
                source=row.source,
            )
            for row in numbers
        ),
        calls=calls_of(session, respondent_id),
        events=_events(session, respondent_id),
        forms=_forms(session, respondent_id),
        siblings=_siblings(session, client),
        erased_at=client.erased_at,
    )


def _events(session: Session, respondent_id: int) -> tuple[EventLine, ...]:
    rows = session.execute(
        select(CaseEvent, User.full_name)
        .outerjoin(User, User.id == CaseEvent.by)
        .where(CaseEvent.respondent_id == respondent_id)
        .order_by(CaseEvent.at.desc(), CaseEvent.id.desc())
    )
    return tuple(
        EventLine(row.kind, row.at, name or "", row.reason, row.detail.get("letter", "")) for row, name in rows
    )


def _forms(session: Session, respondent_id: int) -> tuple[Form, ...]:
    rows = session.scalars(
        select(Interview).where(Interview.respondent_id == respondent_id).order_by(Interview.id.desc())
    ).all()
    reasons: dict[int, list[str]] = {}
    for interview_id, label in session.execute(
        select(InterviewReason.interview_id, InterviewReason.label)
        .where(InterviewReason.interview_id.in_([row.id for row in rows]))
        .order_by(InterviewReason.position)
    ):
        reasons.setdefault(interview_id, []).append(label)
    return tuple(
        Form(
            rating=row.rating,
            reasons=tuple(reasons.get(row.id, ())),
            words=row.words,
            comment=row.comment,
            cut_off=row.cut_off,
            completed_at=row.completed_at,
            replaced_at=row.replaced_at,
        )
        for row in rows
    )


def _siblings(session: Session, client: Respondent) -> tuple[Sibling, ...]:
    if client.inn is None:
        return ()
    rows = session.execute(
        select(Respondent.id, Respondent.contact, Respondent.state)
        .where(Respondent.campaign_id == client.campaign_id, Respondent.inn == client.inn, Respondent.id != client.id)
        .order_by(Respondent.id)
    )
    return tuple(Sibling(row.id, row.contact, row.state) for row in rows)
