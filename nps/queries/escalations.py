"""Escalations as the specialist's list and case show them, with the fate of their letters (R15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.domain.escalation import LETTER_WORDS, State
from nps.models import Branch, Campaign, Contract, Escalation, EscalationNote, MailServer, Outbox, Region, User
from nps.models import Respondent as Client
from nps.queries import campaigns

#: So many failed tries in a row, and the mail server is taken for down.
SERVER_DOWN_AFTER = 2
#: Roles that work with escalations; an operator has no list of them.
READERS = ("specialist", "manager", "customer", "admin")


@dataclass(frozen=True, slots=True)
class LetterFate:
    """What became of a letter. `for_a_person`: nothing will happen to it by itself any more."""

    row: Outbox

    @property
    def words(self) -> str:
        """The state as people call it."""
        return "отправлено не всем" if self.partly else LETTER_WORDS[self.row.state]

    @property
    def partly(self) -> bool:
        """Whether the server took it for some recipients only."""
        return self.row.state == "sent" and bool(self.row.refused)

    @property
    def for_a_person(self) -> bool:
        """Whether somebody has to look after it."""
        doubtful = self.row.state == "unknown" and self.row.next_try_at is None
        return self.row.state == "failed" or doubtful or self.partly

    @property
    def may_send_again(self) -> bool:
        """Whether «Отправить ещё раз» has a meaning."""
        return self.row.outside and (self.row.state in ("waiting", "caught", "unknown", "failed") or self.partly)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list. `call_open`: the specialist asks to call the client, nobody has spoken with him since."""

    row: Escalation
    branch: str | None
    taker: str | None
    letter: LetterFate | None
    call_open: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One escalation with its course; `notes` are words of the specialist: when, whose, of which kind, the text."""

    row: Escalation
    branch: str | None
    region: Region | None
    raiser: User
    taker: str | None
    notes: Sequence[Row[datetime, str, str, str]]
    letter: LetterFate | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a campaign's escalations go ('' is the default address), and whether a test letter has been seen there."""

    email: str
    confirmed_at: datetime | None
    outside: bool
    test: LetterFate | None

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


def for_a_person() -> ColumnElement[bool]:
    """Letters to which nothing happens by itself any more, although somebody has not got them."""
    doubtful = (Outbox.state == "unknown") & Outbox.next_try_at.is_(None)
    return (Outbox.state == "failed") | doubtful | ((Outbox.state == "sent") & (Outbox.refused != ""))


def case(session: Session, actor: Actor, escalation_id: int) -> Case | None:
    """One escalation, or None when it does not exist or is not this person's to see: both answer 404 (R10)."""
    raiser, taker = aliased(User), aliased(User)
    statement = (
        select(Escalation, Branch.name, Region, raiser, taker.full_name)
        .join(Campaign, Campaign.id == Escalation.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .join(Client, Client.id == Escalation.respondent_id)
        .join(raiser, raiser.id == Escalation.raised_by)
        .outerjoin(Branch, Branch.id == Client.branch_id)
        .outerjoin(Region, Region.code == Client.region_code)
        .outerjoin(taker, taker.id == Escalation.taken_by)
        .where(Escalation.id == escalation_id)
    )
    if actor.role not in campaigns.SEE_ALL:
        statement = statement.where(Contract.customer_id == actor.customer_id)
    found = session.execute(statement).one_or_none()
    if found is None or actor.role not in READERS:
        return None
    letter = session.scalar(select(Outbox).where(Outbox.kind == "escalation", Outbox.subject_id == escalation_id))
    notes = (
        select(EscalationNote.at, User.full_name.label("by"), EscalationNote.kind, EscalationNote.text)
        .join(User, User.id == EscalationNote.by)
        .where(EscalationNote.escalation_id == escalation_id)
        .order_by(EscalationNote.id)
    )
    return Case(*found, session.execute(notes).all(), LetterFate(letter) if letter else None)


def of_respondent(session: Session, respondent_id: int) -> Sequence[Escalation]:
    """A client's escalations, the newest first."""
    theirs = select(Escalation).where(Escalation.respondent_id == respondent_id)
    return session.scalars(theirs.order_by(Escalation.id.desc())).all()


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
    return Address(email, confirmed_at, purpose == "survey", LetterFate(test) if test else None)


def branch_addresses(session: Session, customer_id: int) -> Sequence[Branch]:
    """A customer's branches, those with an address of their own first."""
    theirs = select(Branch).where(Branch.customer_id == customer_id)
    return session.scalars(theirs.order_by(Branch.escalation_email == "", Branch.name)).all()


def server_trouble(session: Session) -> MailServer | None:
    """The mail server that keeps letters waiting: it has failed again and again; None while it answers."""
    down = MailServer.failures >= SERVER_DOWN_AFTER, MailServer.failing_since.is_not(None)
    return session.scalar(select(MailServer).where(*down))
