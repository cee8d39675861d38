"""Escalations: raised by operators with their letter in one transaction, worked through by the specialist (R15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain import escalation
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.escalation import COLUMNS, State, Wish
from nps.domain.local_time import clock, date_words, day_words, to_local
from nps.models import (
    Branch,
    CallAttempt,
    Campaign,
    CampaignMember,
    Contract,
    Escalation,
    EscalationNote,
    Outbox,
    Region,
    Respondent,
    User,
)
from nps.queries.escalation_figures import terms_of
from nps.services import letters
from nps.services.acting import act
from nps.services.erased import is_erased
from nps.services.journal import log_access, log_look
from nps.services.letter_addresses import hold_address, person_in_charge, readdress
from nps.services.transaction import AnySession, write

#: Who works through escalations; who looks after the address they go to.
WORKERS = ("specialist", "manager")
ADDRESS_KEEPERS = ("specialist", "manager", "admin")
ALL_CAMPAIGNS = ("manager", "admin")
NOT_CLOSED = (State.OPEN, State.TAKEN, State.ANSWERED)


def raise_escalation(
    session: AnySession,
    actor: Actor,
    *,
    fields: Mapping[str, str],
    now: datetime,
    attempt_id: UUID | None = None,
    respondent_id: int | None = None,
) -> int:
    """Keep what the client asked for, with its letter, and nudge the sender; the escalation's number.

    `fields` are those of `nps.domain.escalation.LIMITS`. The call's result has no part in it. Raises EscalationError
    for fields to put right, NotFoundError for a call that is not the operator's or a client he does not work on.
    """
    wish = escalation.wish(fields)
    with act(session, actor.id, now) as a:
        client = _client(a.s, actor, attempt_id, respondent_id)
        campaign = a.s.get_one(Campaign, client.campaign_id)
        row = Escalation(
            campaign_id=campaign.id, purpose=campaign.purpose, respondent_id=client.id, attempt_id=attempt_id,
            raised_by=actor.id, created_at=now, state=State.OPEN, due_at=terms_of(a.s, campaign.id).due_at(now),
            **asdict(wish),
        )  # fmt: skip
        a.s.add(row)
        a.s.flush()
        payload = _letter(a.s, actor, client, campaign, row, wish, now)
        letter_id = letters.add(
            a.s, campaign=campaign, kind="escalation", subject_id=row.id, dedupe=f"escalation:{row.id}",
            payload=payload, now=now,
        )  # fmt: skip
        a.record("escalation_raised", "escalation", row.id, campaign_id=campaign.id)
        a.afterwards(letters.nudge, letter_id)
        return row.id


def _client(s: Session, actor: Actor, attempt_id: UUID | None, respondent_id: int | None) -> Respondent:
    """The client of the operator's own call, or one of a campaign he works in."""
    statement = select(Respondent).where(Respondent.erased_at.is_(None))
    if attempt_id is not None:
        statement = statement.join(CallAttempt, CallAttempt.respondent_id == Respondent.id).where(
            CallAttempt.id == attempt_id, CallAttempt.operator_id == actor.id
        )
    elif actor.role not in ALL_CAMPAIGNS:
        mine = select(CampaignMember.campaign_id).where(CampaignMember.user_id == actor.id)
        statement = statement.where(Respondent.campaign_id.in_(mine))
    if respondent_id is not None or attempt_id is None:
        statement = statement.where(Respondent.id == respondent_id)
    client = s.execute(statement).scalar_one_or_none()
    # The campaign before the client (ADR 54); with its address, which holds until the letter is written.
    if client is not None:
        hold_address(s, client.campaign_id)
    if client is None or is_erased(s, client.id):
        raise NotFoundError("Такого звонка или клиента у вас нет. Обновите страницу.")
    return client


def _letter(
    s: Session, actor: Actor, client: Respondent, campaign: Campaign, row: Escalation, wish: Wish, now: datetime
) -> dict[str, Any]:
    """What the letter says, fixed now: later changes of the client or the directories do not reach it."""
    branch = s.get(Branch, client.branch_id) if client.branch_id else None
    region = s.get(Region, client.region_code) if client.region_code else None
    zone = region.zone if region else "Europe/Moscow"
    local = to_local(now, zone)
    return {
        "number": row.id,
        "path": f"/escalations/{row.id}",
        "organisation": wish.organisation,
        "columns": [[label, getattr(wish, name)] for name, label in COLUMNS],
        "wished_time": wish.wished_time,
        "due": _due_words(row.due_at, terms_of(s, campaign.id).zone, now),
        "campaign": campaign.title,
        "for_practice": campaign.purpose != "survey",
        "place": ", ".join(part for part in (branch and branch.name, region and region.name) if part),
        "written": f"{date_words(local.date())} {local.year} года в {clock(now, zone)}",
        "whose_time": "по времени клиента" if region else "по московскому времени",
        "reply_to": person_in_charge(s),
        "operator": actor.full_name,
        "operator_wrote": "записала" if actor.gender == "female" else "записал",
    }


def _due_words(due_at: datetime | None, zone: str, now: datetime) -> str:
    """«17:42 сегодня» by the specialist's clock."""
    return f"{clock(due_at, zone)} {day_words(due_at, zone, now)}" if due_at else ""


def take(session: AnySession, actor: Actor, escalation_id: int, *, now: datetime) -> None:
    """Take an escalation into work; one's own again changes nothing. Raises StaleError when somebody else has it."""
    with act(session, actor.id, now) as a:
        row = _case(a.s, actor, escalation_id)
        if _move(a.s, row, (State.OPEN,), state=State.TAKEN, taken_by=actor.id, taken_at=now):
            a.record("escalation_taken", "escalation", row.id, campaign_id=row.campaign_id)
            return
        a.s.refresh(row)
        if row.state != State.TAKEN or row.taken_by != actor.id:
            raise StaleError("escalation_taken", _taken_words(a.s, row))


def note(session: AnySession, actor: Actor, escalation_id: int, *, text: str, now: datetime) -> None:
    """Add a note to an escalation that is not closed. Raises EscalationError for an empty or too long one."""
    words = escalation.note(text, "Напишите заметку.")
    _work(session, actor, escalation_id, "note", words, {}, now)


def answer(session: AnySession, actor: Actor, escalation_id: int, *, text: str, now: datetime) -> None:
    """Write down what the client was answered; the escalation is the writer's when nobody had taken it.

    Raises EscalationError without a text, StaleError when it is closed.
    """
    words = escalation.note(text, "Напишите, что ответили клиенту.")
    _work(session, actor, escalation_id, "answer", words, {"state": State.ANSWERED, "resolution": words}, now)


def ask_to_call(session: AnySession, actor: Actor, escalation_id: int, *, text: str, now: datetime) -> None:
    """Ask the call centre to call the client and say so; the escalation stays in work, the asker's when nobody's.

    Raises EscalationError without a text, StaleError when it is closed.
    """
    words = escalation.note(text, "Напишите, что спросить у клиента или что ему передать.")
    _work(session, actor, escalation_id, "call", words, {"state": State.TAKEN, "call_asked_at": now}, now)


def close(session: AnySession, actor: Actor, escalation_id: int, *, text: str, now: datetime) -> None:
    """Close an escalation with a word about how it ended.

    Raises EscalationError without one, StaleError when it is closed already.
    """
    words = escalation.note(text, "Напишите, чем закончилось обращение.")
    ended = {"state": State.CLOSED, "resolution": words, "closed_by": actor.id, "closed_at": now}
    _work(session, actor, escalation_id, "close", words, ended, now)


def _work(
    session: AnySession,
    actor: Actor,
    escalation_id: int,
    kind: str,
    words: str,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write a word into an escalation that is not closed, with what it changes there."""
    with act(session, actor.id, now) as a:
        row = _case(a.s, actor, escalation_id)
        whose = {"taken_by": row.taken_by or actor.id, "taken_at": row.taken_at or now} if values else {}
        if kind in ("answer", "close"):
            whose["answered_at"] = row.answered_at or now
        if not _move(a.s, row, NOT_CLOSED, **(values or {"state": row.state}), **whose):
            raise StaleError("escalation_closed", "Обращение уже закрыто.")
        a.s.add(EscalationNote(escalation_id=row.id, by=actor.id, at=now, kind=kind, text=words))
        a.record(f"escalation_{kind}", "escalation", row.id, campaign_id=row.campaign_id)


def seen(session: AnySession, actor: Actor, escalation_id: int, *, address: str, now: datetime) -> None:
    """Write into the access journal that the person saw an escalation (R20)."""
    with write(session) as s:
        log_access(
            s, at=now, user_id=actor.id, action="viewed", object_kind="escalation", object_id=escalation_id,
            address=address,
        )  # fmt: skip


def seen_letter(session: AnySession, actor: Actor, name: str, *, address: str, now: datetime) -> None:
    """The same of a letter that was caught: its page and the letter in its frame are one look."""
    log_look(
        session, at=now, user_id=actor.id, action="viewed", object_kind="letter", object_id=name[-40:], address=address
    )


def send_test_letter(session: AnySession, actor: Actor, campaign_id: int, *, now: datetime) -> int:
    """Send a test letter to the campaign's address (R15); its outbox id."""
    with act(session, actor.id, now) as a:
        campaign = campaign_kept(a.s, actor, campaign_id)
        payload = {
            "campaign": campaign.title,
            "path": f"/campaigns/{campaign.id}/escalations/address",
            "sent_by": actor.full_name,
            "reply_to": person_in_charge(a.s, actor),
        }
        letter_id = letters.add(
            a.s, campaign=campaign, kind="test", subject_id=campaign.id, dedupe=f"test:{campaign.id}:{uuid4().hex}",
            payload=payload, now=now,
        )  # fmt: skip
        a.record("test_letter", "campaign", campaign.id, campaign_id=campaign.id)
        a.afterwards(letters.nudge, letter_id)
        return letter_id


def confirm_address(session: AnySession, actor: Actor, campaign_id: int, *, letter_id: int, now: datetime) -> None:
    """Somebody has seen the test letter in the mailbox: the campaign's address is confirmed.

    Raises DomainError for a letter that never left the machine, StaleError when the address has changed since.
    """
    with act(session, actor.id, now) as a:
        campaign = campaign_kept(a.s, actor, campaign_id)
        letter = a.s.execute(
            select(Outbox).where(Outbox.id == letter_id, Outbox.kind == "test", Outbox.subject_id == campaign.id)
        ).scalar_one_or_none()
        if letter is None:
            raise NotFoundError
        if letter.state == "caught":
            raise DomainError(
                "letter_caught",
                "Это письмо осталось на этой машине. Подключите почтовый сервер и отправьте пробное письмо снова.",
            )
        if letter.state not in ("sent", "unknown"):
            raise DomainError("letter_not_sent", "Пробное письмо ещё не отправлено. Подождите или отправьте новое.")
        if campaign.escalation_email not in ("", letter.recipient):
            raise StaleError("address_changed", "Адрес с тех пор изменился. Отправьте пробное письмо на новый.")
        campaign.escalation_email, campaign.escalation_confirmed_at = letter.recipient, now
        a.record("address_confirmed", "campaign", campaign.id, campaign_id=campaign.id)


def change_address(session: AnySession, actor: Actor, campaign_id: int, *, email: str, now: datetime) -> int:
    """Set where the campaign's escalations go; a changed address is to be confirmed anew. How many letters follow it.

    `email` is one address or several by commas. Letters that surely nobody has yet go to the new one; those sent or in
    doubt keep theirs unless sent again by hand. Raises EscalationError for what is no address.
    """
    email = escalation.addresses(email)
    with act(session, actor.id, now) as a:
        campaign = campaign_kept(a.s, actor, campaign_id)
        if campaign.escalation_email == email:
            return 0
        campaign.escalation_email, campaign.escalation_confirmed_at = email, None
        a.s.flush()
        a.record("address_changed", "campaign", campaign.id, campaign_id=campaign.id)
        return readdress(a, [campaign.id])


def change_branch_address(
    session: AnySession, actor: Actor, campaign_id: int, branch_id: int, *, email: str, now: datetime
) -> int:
    """Set where escalations of a branch's clients go, in all campaigns of its customer; '' for the campaign's address.

    How many letters follow it, as with `change_address`. Raises EscalationError for what is no address, NotFoundError
    for a branch of another customer.
    """
    email = escalation.addresses(email) if email.strip() else ""
    with act(session, actor.id, now) as a:
        customer_id = a.s.get_one(Contract, campaign_kept(a.s, actor, campaign_id).contract_id).customer_id
        branch = a.s.scalar(select(Branch).where(Branch.id == branch_id, Branch.customer_id == customer_id))
        if branch is None:
            raise NotFoundError("Такого ОП нет.")
        if branch.escalation_email == email:
            return 0
        branch.escalation_email = email
        a.s.flush()
        a.record("branch_address_changed", "branch", branch.id, campaign_id=campaign_id)
        theirs = select(Campaign.id).join(Contract).where(Contract.customer_id == customer_id).order_by(Campaign.id)
        return readdress(a, a.s.scalars(theirs.with_for_update(of=Campaign, key_share=True)).all())


def campaign_kept(s: Session, actor: Actor, campaign_id: int) -> Campaign:
    """The campaign, to be changed, if the person looks after where and how its escalations go; else NotFoundError."""
    statement = select(Campaign).join(Contract, Contract.id == Campaign.contract_id).where(Campaign.id == campaign_id)
    if actor.role not in ALL_CAMPAIGNS:
        statement = statement.where(Contract.customer_id == actor.customer_id)
    statement = statement.with_for_update(of=Campaign, key_share=True).execution_options(populate_existing=True)
    campaign = s.execute(statement).scalar_one_or_none() if actor.role in ADDRESS_KEEPERS else None
    if campaign is None:
        raise NotFoundError
    return campaign


def _case(s: Session, actor: Actor, escalation_id: int) -> Escalation:
    """The escalation, if the person may work on it."""
    statement = (
        select(Escalation)
        .join(Campaign, Campaign.id == Escalation.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Escalation.id == escalation_id)
    )
    if actor.role not in ALL_CAMPAIGNS:
        statement = statement.where(Contract.customer_id == actor.customer_id)
    row = s.execute(statement).scalar_one_or_none() if actor.role in WORKERS else None
    if row is None:
        raise NotFoundError("Такого обращения нет.")
    return row


def _move(s: Session, row: Escalation, before: tuple[State, ...], **values: Any) -> bool:
    """Change the escalation if it is still in one of these states; two people at once can't both succeed."""
    still = (Escalation.id == row.id, Escalation.state.in_(before))
    return s.scalar(update(Escalation).where(*still).values(**values).returning(Escalation.id)) is not None


def _taken_words(s: Session, row: Escalation) -> str:
    if row.state in (State.ANSWERED, State.CLOSED):
        return "На обращение уже ответили." if row.state == State.ANSWERED else "Обращение уже закрыто."
    name = s.scalar(select(User.full_name).where(User.id == row.taken_by))
    return f"Обращение уже в работе: {name}."
