"""The outbox: letters written in the transaction of their event, sent outside of any, never lost or needlessly doubled.

The row is the record; the queue only nudges. Who sends a letter first takes a lease on its row, so that of several
nudges one works. `phase` is committed as `data` just before the text goes: a lease that lapsed before it is simply
taken again, one that lapsed after it leaves the letter `unknown`; that is tried once more under the same Message-ID
and is then a person's task (architecture.md, Mail).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.adapters.mail import (
    Deferred,
    LetterError,
    MailSettings,
    Message,
    Refused,
    Result,
    Sent,
    Unknown,
    Unreachable,
)
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Campaign, Contract, Outbox
from nps.services import mail_server
from nps.services.acting import act
from nps.services.journal import record
from nps.services.letter_addresses import hold_address, recipient
from nps.services.transaction import AnySession, write

SEND_JOB = "nps.jobs.letters.send"
#: Added to the longest time a letter can take, so that a lease never lapses under a working sender.
LEASE_SLACK = timedelta(seconds=60)
#: Minutes until the next try: growing to four hours, for four days in all (RFC 5321, 4.5.4.1).
DELAYS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, *(240,) * 23)
#: A doubtful letter is tried once more, after the server has had time to forget the lost connection.
DELAY_AFTER_DOUBT = timedelta(minutes=5)
MAX_DOUBTS = 2
SENDERS = ("specialist", "manager", "admin")

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the letter now: this one was away for longer than its lease."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A letter taken for one try."""

    id: int
    token: str
    campaign_id: int
    outside: bool
    kind: str
    recipient: str
    payload: Mapping[str, Any]
    message_id: str
    created_at: datetime
    tries: int
    doubts: int


def add(
    session: Session,
    *,
    campaign: Campaign,
    kind: str,
    subject_id: int,
    dedupe: str,
    payload: Mapping[str, Any],
    now: datetime,
) -> int:
    """Write a letter to the specialist of the campaign or branch inside the caller's transaction; its outbox id.

    `dedupe` is unique: one event, one letter. Only a survey's letters leave the house (R15): the database keeps to it.
    """
    row = Outbox(
        campaign_id=campaign.id, purpose=campaign.purpose, outside=campaign.purpose == "survey", kind=kind,
        subject_id=subject_id, dedupe=dedupe, recipient="", payload=dict(payload), message_id=uuid4().hex,
        state="waiting", created_at=now, next_try_at=now,
    )  # fmt: skip
    hold_address(session, campaign.id)
    row.recipient = recipient(session, row)
    session.add(row)
    session.flush()
    return row.id


def nudge(outbox_id: int) -> None:
    """Ask for the letter to be sent now; on the line after the transaction. The caller never waits for Redis."""
    queue.enqueue_soon(queue.LETTERS, SEND_JOB, outbox_id)


def send(
    session: AnySession,
    outbox_id: int,
    *,
    server: MailSettings,
    clock: Callable[[], datetime],
    lease: timedelta | None = None,
) -> str | None:
    """Try the letter once if it is due; the state it is left in, or None when it was not due or somebody else's.

    `clock` gives aware UTC: sending takes up to a minute, and what is recorded is the time of its end. Must run inside
    the application's context.
    """
    lease = lease or timedelta(seconds=server.longest_s) + LEASE_SLACK
    claim = _claim(session, outbox_id, server, lease, clock())
    if claim is None:
        return None
    message = _compose(claim, server)
    if isinstance(message, Refused):
        return _record(session, claim, message, clock())
    if not claim.outside:
        return _record(session, claim, _keep(message, server), clock(), caught=True)
    try:
        result = mail.send(message, server, lambda: _enter_data(session, claim, clock() + lease))
    except LeaseLost:
        log.warning("letter %s was taken over by another worker", claim.id)
        return None
    return _record(session, claim, result, clock(), caught=server.caught, spoke=True)


def _compose(claim: _Claim, server: MailSettings) -> Message | Refused:
    """The message; a letter that can't be written fails visibly instead of coming back with each lease."""
    try:
        columns = claim.payload["columns"] if claim.kind == "escalation" else None
        return mail.build(
            mail.render(claim.kind, {**claim.payload, "public_url": server.public_url}),
            server,
            recipients=claim.recipient.split(", "),
            message_id=f"<{claim.message_id}>",
            written_at=claim.created_at,
            campaign_id=claim.campaign_id,
            reply_to=claim.payload.get("reply_to"),
            attachment=mail.workbook(claim.payload["number"], columns, claim.created_at) if columns else None,
            switch_off=server.public_url + settings if (settings := claim.payload.get("settings_path")) else "",
        )
    except (LetterError, LookupError) as error:
        log.exception("letter %s can't be written", claim.id)
        return Refused(f"Письмо не удалось составить: {error}.")


def _keep(message: Message, server: MailSettings) -> Result:
    try:
        mail.catch(message, server.folder)
    except OSError as error:
        return Deferred(f"Письмо не удалось сохранить на этой машине: {error.strerror}.")
    return Sent("Сохранено на этой машине, наружу не отправляется.")


def _due(now: datetime) -> ColumnElement[bool]:
    """Waiting letters whose time has come, and those whose sender vanished before the text went."""
    return or_(
        and_(Outbox.next_try_at.is_not(None), Outbox.next_try_at <= now),
        and_(Outbox.lease_until.is_not(None), Outbox.lease_until < now, Outbox.phase == ""),
    )


def due_ids(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Letters to try now, and those that a vanished sender left in doubt, which `send` settles. For the sweeper.

    While the mail server is down: the probe, when it is time for one, and letters that do not need the server.
    """
    in_doubt = and_(Outbox.phase == "data", Outbox.lease_until < now)
    if not mail_server.is_down(session):
        return _ids(session, or_(_due(now), in_doubt), limit)
    found = _ids(session, or_(in_doubt, and_(_due(now), ~Outbox.outside)), limit)
    if mail_server.probe_is_due(session, now):
        found += _ids(session, and_(_due(now), Outbox.outside), 1)
    return found


def _ids(session: Session, which: ColumnElement[bool], limit: int) -> list[int]:
    longest_due = func.coalesce(Outbox.next_try_at, Outbox.lease_until)
    return list(session.scalars(select(Outbox.id).where(which).order_by(longest_due, Outbox.id).limit(limit)))


def _claim(session: AnySession, outbox_id: int, server: MailSettings, lease: timedelta, now: datetime) -> _Claim | None:
    token = secrets.token_hex(16)
    with write(session) as s:
        # The server before the letter, as `_record` has it.
        mail_server.lock(s)
        _settle_lapsed(s, outbox_id, now)
        outside = s.scalar(select(Outbox.outside).where(Outbox.id == outbox_id, _due(now)))
        if outside is None or (outside and not mail_server.admit(s, now)):
            return None
        taken = s.scalar(
            update(Outbox)
            .where(Outbox.id == outbox_id, _due(now))
            .values(state="sending", phase="", next_try_at=None, lease_token=token, lease_until=now + lease,
                    tries=Outbox.tries + 1, tried_at=now)
            .returning(Outbox.id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        if taken is None:
            return None
        row = s.get_one(Outbox, outbox_id, populate_existing=True)
        # Fixed with the first try: later copies must look the same, whatever the settings are by then.
        if "@" not in row.message_id:
            row.message_id = f"{row.message_id}@{server.domain}"
        row.recipient = row.recipient or server.default_recipient
        return _Claim(
            row.id, token, row.campaign_id, row.outside, row.kind, row.recipient, row.payload, row.message_id,
            row.created_at, row.tries, row.doubts,
        )  # fmt: skip


def _settle_lapsed(s: Session, outbox_id: int, now: datetime) -> None:
    """A lease that lapsed after the text may have gone leaves the letter in doubt."""
    row = s.execute(
        select(Outbox.campaign_id, Outbox.doubts, Outbox.lease_token).where(
            Outbox.id == outbox_id, Outbox.phase == "data", Outbox.lease_until < now
        )
    ).one_or_none()
    if row is None:
        return
    words = "Отправка прервалась после того, как текст начал уходить: дошло ли письмо, неизвестно."
    values = _doubtful(row.doubts, words, now)
    s.execute(
        update(Outbox)
        .where(Outbox.id == outbox_id, Outbox.lease_token == row.lease_token)
        .values(phase="", lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    _journal(s, outbox_id, row.campaign_id, "unknown", now)


def _enter_data(session: AnySession, claim: _Claim, lease_until: datetime) -> None:
    """Commit that the text is about to go, with a fresh lease; raises LeaseLost when the row is no longer ours."""
    with write(session) as s:
        entered = s.scalar(
            update(Outbox)
            .where(Outbox.id == claim.id, Outbox.lease_token == claim.token)
            .values(phase="data", lease_until=lease_until)
            .returning(Outbox.id)
            .execution_options(synchronize_session=False)
        )
        if entered is None:
            raise LeaseLost


def _record(
    session: AnySession, claim: _Claim, result: Result, now: datetime, *, caught: bool = False, spoke: bool = False
) -> str | None:
    """Write down how the try ended, and what it has shown of the server when it was spoken to."""
    values = _outcome(claim, result, caught, now)
    ours = Outbox.lease_token == claim.token
    if isinstance(result, Sent):
        # That the server took it is a fact, also when the lease lapsed and the letter was put down as doubtful.
        ours = or_(ours, Outbox.state == "unknown")
    with write(session) as s:
        if spoke:
            mail_server.learn(s, result, now)
        written = s.scalar(
            update(Outbox)
            .where(Outbox.id == claim.id, ours)
            .values(phase="", lease_token=None, lease_until=None, unreached=isinstance(result, Unreachable), **values)
            .returning(Outbox.id)
            .execution_options(synchronize_session=False)
        )
        if written is None:
            log.warning("letter %s: the result %s came after the lease", claim.id, type(result).__name__)
            return None
        if not isinstance(result, Deferred) or values["state"] == "failed":
            _journal(s, claim.id, claim.campaign_id, str(values["state"]), now)
    return str(values["state"])


def _outcome(claim: _Claim, result: Result, caught: bool, now: datetime) -> dict[str, Any]:
    """What a result makes of the row. A letter in doubt stays so until it is surely sent, or refused, or a person's."""
    if isinstance(result, Sent):
        words = result.words + "".join(f" Не принят адрес {address}: {said}." for address, said in result.refused)
        return {
            "state": "caught" if caught else "sent",
            "server_said": _cut(words),
            "refused": ", ".join(address for address, _ in result.refused),
            "sent_at": now,
            "next_try_at": None,
        }
    if isinstance(result, Unknown):
        return _doubtful(claim.doubts, result.words, now)
    if isinstance(result, Refused) or claim.tries > len(DELAYS_MIN):
        return {"state": "failed", "server_said": _cut(result.words), "next_try_at": None}
    wait = timedelta(minutes=DELAYS_MIN[claim.tries - 1])
    state = "unknown" if claim.doubts else "waiting"
    return {"state": state, "server_said": _cut(result.words), "next_try_at": now + wait}


def _doubtful(doubts: int, words: str, now: datetime) -> dict[str, Any]:
    doubts += 1
    again = now + DELAY_AFTER_DOUBT if doubts < MAX_DOUBTS else None
    return {"state": "unknown", "doubts": doubts, "server_said": _cut(words), "next_try_at": again}


def send_again(session: AnySession, actor: Actor, outbox_id: int, *, now: datetime) -> None:
    """Try a letter anew under the same Message-ID, to the address its campaign or branch has now.

    For letters that failed, are in doubt or were only caught, and for those that wait: the try comes at once. One that
    was not taken for some of its recipients goes to these alone. Raises StaleError for one that is sent or being sent,
    DomainError for a demonstration's or an erased one, NotFoundError for somebody else's.
    """
    with act(session, actor.id, now) as a:
        row = _letter_for(a.s, actor, outbox_id)
        if not row.outside:
            raise DomainError("inside_only", "Письма учебных и демонстрационных проектов не отправляются наружу.")
        if not row.payload:
            raise DomainError("erased", "Данные этого письма удалены: отправить его больше нельзя.")
        partly = row.state == "sent" and bool(row.refused)
        if row.state in ("sent", "sending") and not partly:
            words = "уже отправлено" if row.state == "sent" else "как раз отправляется"
            raise StaleError("letter_" + row.state, f"Письмо {words}. Обновите страницу, чтобы увидеть его состояние.")
        to = row.refused if partly else recipient(a.s, row)
        before = {"state": row.state, "tries": row.tries, "doubts": row.doubts}
        after = {"state": "waiting", "address_changed": bool(to) and to != row.recipient}
        row.recipient = to or row.recipient
        row.state, row.phase, row.refused, row.unreached = "waiting", "", "", False
        row.tries, row.doubts, row.next_try_at = 0, 0, now
        a.record("letter_again", "letter", outbox_id, campaign_id=row.campaign_id, before=before, after=after)
        a.afterwards(nudge, outbox_id)


def _letter_for(s: Session, actor: Actor, outbox_id: int) -> Outbox:
    """The letter, if the person may act on it; a worker that has it is waited for, one that comes waits."""
    statement = (
        select(Outbox)
        .join(Campaign, Campaign.id == Outbox.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Outbox.id == outbox_id)
    )
    if actor.role == "specialist":
        statement = statement.where(Contract.customer_id == actor.customer_id)
    statement = statement.with_for_update(of=Outbox, key_share=True).execution_options(populate_existing=True)
    row = s.execute(statement).scalar_one_or_none() if actor.role in SENDERS else None
    if row is None:
        raise NotFoundError
    return row


def _journal(s: Session, outbox_id: int, campaign_id: int, state: str, now: datetime) -> None:
    record(s, at=now, action=f"letter_{state}", object_kind="letter", object_id=outbox_id, campaign_id=campaign_id)


def _cut(words: str) -> str:
    return words[:500]
