"""Escalations as the specialist's list and case show them, with the fate of their letters (R15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.domain.escalation import LETTER_WORDS, STATE_WORDS, State
from nps.models import Branch, Campaign, Contract, Escalation, EscalationNote, MailServer, Outbox, Region, User
from nps.models import Respondent as Client
from nps.queries import campaigns

#: So many failed tries in a row, and the mail server is taken for down.
SERVER_DOWN_AFTER = 2
#: Roles that work with escalations; an operator has no list of them.
READERS = ("specialist", "manager", "customer", "admin")


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter's fate. `for_a_person`: nothing will happen to it by itself any more. Instants are aware UTC."""

    id: int
    state: str
    recipient: str
    tries: int
    doubts: int
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None
    sent_at: datetime | None
    server_said: str
    outside: bool
    refused: str

    @property
    def words(self) -> str:
        """The state as people call it."""
        return "отправлено не всем" if self.partly else LETTER_WORDS[self.state]

    @property
    def partly(self) -> bool:
        """Whether the server took it for some recipients only."""
        return self.state == "sent" and bool(self.refused)

    @property
    def for_a_person(self) -> bool:
        """Whether somebody has to look after it."""
        doubtful = self.state == "unknown" and self.next_try_at is None
        return self.state == "failed" or doubtful or self.partly

    @property
    def may_send_again(self) -> bool:
        """Whether «Отправить ещё раз» has a meaning."""
        return self.outside and (self.state in ("waiting", "caught", "unknown", "failed") or self.partly)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    id: int
    created_at: datetime
    organisation: str
    contact: str
    phone: str
    branch: str
    text: str
    state: str
    taken_by: str
    #: The deadline of one that is not answered yet.
    due_at: datetime | None
    answered_at: datetime | None
    resolution: str
    #: The specialist asks to call the client and nobody has spoken with him since.
    call_open: bool
    letter: LetterRow | None

    @property
    def words(self) -> str:
        """The state as people call it."""
        return STATE_WORDS[State(self.state)]


@dataclass(frozen=True, slots=True)
class Note:
    """A word of the specialist: a note, an answer or a closing word."""

    at: datetime
    by: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One escalation with its course. `zone` is the client's, '' when his region is unknown."""

    id: int
    campaign_id: int
    campaign_title: str
    respondent_id: int
    state: str
    created_at: datetime
    raised_by: str
    raised_by_gender: str
    organisation: str
    inn: str
    contact: str
    phone: str
    email: str
    text: str
    wished_time: str
    branch: str
    region: str
    zone: str
    taken_by_id: int | None
    taken_by: str
    taken_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    closed_by: str
    closed_at: datetime | None
    resolution: str
    notes: tuple[Note, ...]
    letter: LetterRow | None

    @property
    def words(self) -> str:
        """The state as people call it."""
        return STATE_WORDS[State(self.state)]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a campaign's escalations go ('' is the default address), and whether a test letter has been seen there."""

    campaign_id: int
    email: str
    confirmed_at: datetime | None
    outside: bool
    test: LetterRow | None

    @property
    def needs_confirmation(self) -> bool:
        """Whether the manager is to be warned: letters go to an address nobody has seen one arrive at."""
        return self.outside and self.confirmed_at is None


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """Escalations of a campaign by state; every state is a key."""
    found = session.execute(
        select(Escalation.state, func.count()).where(Escalation.campaign_id == campaign_id).group_by(Escalation.state)
    )
    return {state.value: 0 for state in State} | {state: number for state, number in found}


def troubled(session: Session, campaign_id: int) -> int:
    """Letters of a campaign's escalations that wait for a person: failed, in doubt, or not taken for all."""
    of_campaign = select(func.count()).where(Outbox.campaign_id == campaign_id, Outbox.kind == "escalation")
    return session.scalar(of_campaign.where(for_a_person())) or 0


def for_a_person() -> ColumnElement[bool]:
    """Letters to which nothing happens by itself any more, although somebody has not got them."""
    doubtful = (Outbox.state == "unknown") & Outbox.next_try_at.is_(None)
    return (Outbox.state == "failed") | doubtful | ((Outbox.state == "sent") & (Outbox.refused != ""))


def line(row: Escalation, branch: str, taker: str, letter: Outbox | None, *, call_open: bool = False) -> Line:
    """A line of a list."""
    return Line(
        id=row.id,
        created_at=row.created_at,
        organisation=row.organisation,
        contact=row.contact,
        phone=row.phone,
        branch=branch,
        text=row.text,
        state=row.state,
        taken_by=taker,
        due_at=row.due_at if row.answered_at is None else None,
        answered_at=row.answered_at,
        resolution=row.resolution,
        call_open=call_open,
        letter=_letter(letter),
    )


def case(session: Session, actor: Actor, escalation_id: int) -> Case | None:
    """One escalation, or None when it does not exist or is not this person's to see: both answer 404 (R10)."""
    found = session.execute(_case_rows(actor).where(Escalation.id == escalation_id)).one_or_none()
    if found is None or actor.role not in READERS:
        return None
    row, title, branch, region, raiser, taker, closer = found
    letter = session.scalar(select(Outbox).where(Outbox.kind == "escalation", Outbox.subject_id == row.id))
    return Case(
        id=row.id,
        campaign_id=row.campaign_id,
        campaign_title=title,
        respondent_id=row.respondent_id,
        state=row.state,
        created_at=row.created_at,
        raised_by=raiser.full_name,
        raised_by_gender=raiser.gender,
        organisation=row.organisation,
        inn=row.inn,
        contact=row.contact,
        phone=row.phone,
        email=row.email,
        text=row.text,
        wished_time=row.wished_time,
        branch=branch or "",
        region=region.name if region else "",
        zone=region.zone if region else "",
        taken_by_id=row.taken_by,
        taken_by=taker or "",
        taken_at=row.taken_at,
        due_at=row.due_at,
        answered_at=row.answered_at,
        closed_by=closer or "",
        closed_at=row.closed_at,
        resolution=row.resolution,
        notes=_notes(session, row.id),
        letter=_letter(letter),
    )


def _case_rows(actor: Actor) -> Select[Escalation, str, str, Region, User, str, str]:
    raiser, taker, closer = aliased(User), aliased(User), aliased(User)
    statement = (
        select(Escalation, Campaign.title, Branch.name, Region, raiser, taker.full_name, closer.full_name)
        .join(Campaign, Campaign.id == Escalation.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Client, Client.id == Escalation.respondent_id)
        .join(raiser, raiser.id == Escalation.raised_by)
        .outerjoin(Branch, Branch.id == Client.branch_id)
        .outerjoin(Region, Region.code == Client.region_code)
        .outerjoin(taker, taker.id == Escalation.taken_by)
        .outerjoin(closer, closer.id == Escalation.closed_by)
    )
    if actor.role not in campaigns.SEE_ALL:
        statement = statement.where(Contract.customer_id == actor.customer_id)
    return statement


def _notes(session: Session, escalation_id: int) -> tuple[Note, ...]:
    found = session.execute(
        select(EscalationNote.at, User.full_name, EscalationNote.kind, EscalationNote.text)
        .join(User, User.id == EscalationNote.by)
        .where(EscalationNote.escalation_id == escalation_id)
        .order_by(EscalationNote.id)
    )
    return tuple(Note(*row) for row in found)


def of_respondent(session: Session, respondent_id: int) -> list[Line]:
    """A client's escalations, the newest first: the operator's card shows what came of them."""
    taker = aliased(User)
    found = session.execute(
        select(Escalation, taker.full_name)
        .outerjoin(taker, taker.id == Escalation.taken_by)
        .where(Escalation.respondent_id == respondent_id)
        .order_by(Escalation.id.desc())
    )
    return [line(row, "", name or "", None) for row, name in found]


def address(session: Session, campaign_id: int) -> Address:
    """The address of a campaign's escalations with its latest test letter."""
    email, confirmed_at, purpose = session.execute(
        select(Campaign.escalation_email, Campaign.escalation_confirmed_at, Campaign.purpose).where(
            Campaign.id == campaign_id
        )
    ).one()
    test = session.scalar(
        select(Outbox)
        .where(Outbox.kind == "test", Outbox.subject_id == campaign_id)
        .order_by(Outbox.id.desc())
        .limit(1)
    )
    return Address(campaign_id, email, confirmed_at, purpose == "survey", _letter(test))


@dataclass(frozen=True, slots=True)
class BranchAddress:
    """A branch and where escalations of its clients go; '' for the campaign's address."""

    id: int
    name: str
    email: str


def branch_addresses(session: Session, customer_id: int) -> list[BranchAddress]:
    """A customer's branches, those with an address of their own first."""
    found = session.execute(
        select(Branch.id, Branch.name, Branch.escalation_email)
        .where(Branch.customer_id == customer_id)
        .order_by(Branch.escalation_email == "", Branch.name)
    )
    return [BranchAddress(*row) for row in found]


def _letter(row: Outbox | None) -> LetterRow | None:
    if row is None:
        return None
    return LetterRow(
        id=row.id,
        state=row.state,
        recipient=row.recipient,
        tries=row.tries,
        doubts=row.doubts,
        created_at=row.created_at,
        tried_at=row.tried_at,
        next_try_at=row.next_try_at,
        sent_at=row.sent_at,
        server_said=row.server_said,
        outside=row.outside,
        refused=row.refused,
    )


@dataclass(frozen=True, slots=True)
class ServerTrouble:
    """The mail server does not answer: since when, with which words, and when the next letter tries it."""

    since: datetime
    said: str
    probe_at: datetime | None


def server_trouble(session: Session) -> ServerTrouble | None:
    """What keeps letters waiting, or None while the mail server answers."""
    row = session.scalar(select(MailServer).where(MailServer.failures >= SERVER_DOWN_AFTER))
    if row is None or row.failing_since is None:
        return None
    return ServerTrouble(row.failing_since, row.said, row.probe_at)
