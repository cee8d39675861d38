"""What an operator's press asks of the exchange, and what the process that holds the link says of itself.

A command is a row written with the press; the process takes it within a second. Its state is committed before it is
sent: a process killed in between never sends it, so that nobody is called twice; the operator then dials by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.phone_text import parse_phone
from nps.models import BranchContact, CallAttempt, ExchangeLink, LineCommand, User
from nps.queries.campaigns import campaign_row
from nps.queries.telephony import LINK, call_line, exchange, extension_of
from nps.services.acting import act
from nps.services.transaction import AnySession, write

#: An older wish to call is not carried out any more: its operator has dialled by hand meanwhile.
STALE = timedelta(seconds=15)
#: What may stand in the name of a channel without becoming something else in AMI or the dialplan.
EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,40}")
_LATE = "Станция не взяла вызов вовремя."


@dataclass(frozen=True, slots=True)
class Command:
    """One command with what the exchange needs to carry it out. `number` is E.164 or a number of the dialplan.

    `dtmf`: what it sends when the number has answered, the extension there. `extension`: the operator's telephone.
    """

    id: int
    kind: str
    attempt_id: UUID
    number: str
    dtmf: str
    extension: str


def ask_call(
    s: Session, actor: Actor, attempt_id: UUID, number: str, purpose: str, now: datetime, dtmf: str = ""
) -> bool:
    """Inside the dial's transaction: let the exchange call, if there is one. False: the operator dials by the link.

    `number` is E.164, `dtmf` its extension.

    Training and demonstration never reach it, by construction.
    """
    if purpose != "survey" or not exchange(s, now).is_alive or not extension_of(s, actor.id):
        return False
    s.execute(insert(LineCommand).values(attempt_id=attempt_id, kind="call", number=number, dtmf=dtmf, at=now))
    return True


def ask_hang_up(s: Session, attempt_id: UUID, now: datetime) -> None:
    """Inside the transaction of the press: end the line, when it is the exchange's."""
    found = call_line(s, attempt_id)
    if found is not None and found.line.ended_at is None and not found.problem:
        s.execute(insert(LineCommand).values(attempt_id=attempt_id, kind="hang_up", at=now))


def ask_transfer(session: AnySession, actor: Actor, attempt_id: UUID, contact_id: int, now: datetime) -> None:
    """Connect the client with a branch or department (R19).

    Raises StaleError, and DomainError when there is no talk or no exchange, or the contact has no number to dial.
    """
    with write(session) as s:
        attempt = s.get(CallAttempt, attempt_id, populate_existing=True)
        if attempt is None or attempt.operator_id != actor.id or attempt.closed_at is not None:
            raise StaleError("no_open_call", "У этого звонка уже есть итог. Показано то, что записано.")
        found = call_line(s, attempt_id)
        if found is None or not exchange(s, now).is_alive:
            raise DomainError("no_exchange", "Соединить может только станция: продиктуйте клиенту номер.")
        if found.line.answered_at is None or found.line.ended_at is not None:
            raise DomainError("no_talk", "Соединить можно во время разговора.")
        owner = campaign_row(s, attempt.campaign_id).customer_id
        contact = s.get(BranchContact, contact_id)
        if contact is None or contact.customer_id != owner:
            raise StaleError("no_contact", "Такого контакта больше нет.")
        number = parse_phone(contact.phone)
        command = {"kind": "transfer", "number": number.e164, "dtmf": number.extension, "at": now}
        s.execute(insert(LineCommand).values(attempt_id=attempt_id, **command))


def set_extension(session: AnySession, actor: Actor, user_id: int, extension: str, now: datetime) -> None:
    """Say which telephone of the exchange is the operator's; '' for none.

    Raises NotFoundError, and DomainError for what is no name of a telephone, or is somebody else's.
    """
    extension = extension.strip()
    if extension and not EXTENSION.fullmatch(extension):
        raise DomainError(
            "extension", "Телефон на станции — буквы, цифры, точка, дефис или подчёркивание, до 40 знаков."
        )
    with act(session, actor.id, now) as a:
        user = a.s.get(User, user_id, populate_existing=True, with_for_update={"key_share": True})
        if user is None:
            raise NotFoundError("Такого сотрудника нет.")
        theirs = a.s.scalar(select(User.full_name).where(User.extension == extension, User.id != user_id).limit(1))
        if extension and theirs is not None:
            raise DomainError("extension", f"Этот телефон уже у сотрудника {theirs}: у каждого оператора свой.")
        if user.extension != extension:
            user.extension = extension
            a.record("user_extension", "user", user_id, after={"extension": extension})


def take_commands(session: AnySession, now: datetime) -> list[Command]:
    """Commands to carry out now; each is given out once. Calls that nobody took in time have failed."""
    waiting = select(LineCommand.id).where(LineCommand.state == "waiting").limit(1)
    if session.scalar(waiting) is None:
        session.rollback()
        return []
    with write(session) as s:
        rows = s.execute(
            select(LineCommand, User.extension)
            .join(CallAttempt, CallAttempt.id == LineCommand.attempt_id)
            .join(User, User.id == CallAttempt.operator_id)
            .where(LineCommand.state == "waiting")
            .order_by(LineCommand.id)
            .with_for_update(of=LineCommand)
        ).all()
        taken = []
        for row, extension in rows:
            is_late = row.kind == "call" and now - row.at > STALE
            row.state, row.done_at = ("failed" if is_late else "sent"), now
            if is_late:
                row.problem = _LATE
            else:
                taken.append(Command(row.id, row.kind, row.attempt_id, row.number, row.dtmf, extension))
    return taken


def tell_failed(session: AnySession, command_id: int, problem: str) -> None:
    """The exchange did not carry it out: the operator reads `problem` and goes on by hand."""
    with write(session) as s:
        s.execute(update(LineCommand).where(LineCommand.id == command_id).values(state="failed", problem=problem[:200]))


def note_link(session: AnySession, now: datetime, problem: str = "") -> None:
    """The link holds at `now`, or `problem` says why it does not."""
    with write(session) as s:
        row = s.get(ExchangeLink, LINK) or ExchangeLink(id=LINK)
        row.heard_at, row.problem = (now if not problem else row.heard_at), problem[:200]
        s.add(row)


def last_heard(session: Session) -> datetime | None:
    """When the exchange was last known to be there."""
    row = session.get(ExchangeLink, LINK)
    return row.heard_at if row is not None else None


def forget_link(session: AnySession) -> None:
    """No exchange is set here: the desk does not speak of one."""
    if session.get(ExchangeLink, LINK) is None:
        session.rollback()
        return
    with write(session) as s:
        s.delete(s.get_one(ExchangeLink, LINK))
