"""Help on the line: an operator asks, a manager answers or writes to people on shift (ADR 0051)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.shift_message import checked_text
from nps.models import CampaignMember, Respondent, Shift, ShiftMessage, ShiftMessageReader
from nps.services.acting import Act, act
from nps.services.transaction import AnySession, write

_NOBODY = "Сейчас на смене никого нет: сообщение некому показать."


def ask(session: AnySession, actor: Actor, text: str, now: datetime) -> None:
    """Ask the managers of the shift's campaign for help, with the card that lies on the desk.

    While a request is open another one changes nothing. Raises DomainError without a shift, or for a personal text.
    """
    text = checked_text(text, required=False)
    with act(session, actor.id, now) as a:
        shift = a.s.scalars(
            select(Shift).where(Shift.user_id == actor.id, Shift.ended_at.is_(None)).with_for_update()
        ).one_or_none()
        if shift is None:
            raise DomainError("no_shift", "Смена не начата: помощь зовут со смены.")
        if a.s.scalar(select(ShiftMessage.id).where(*_open_of(actor.id))) is not None:
            return
        card = a.s.scalar(
            select(Respondent.id).where(Respondent.held_by == actor.id, Respondent.campaign_id == shift.campaign_id)
        )
        _send(a, shift.campaign_id, "help_asked", kind="request", text=text, respondent_id=card)


def answer(session: AnySession, actor: Actor, campaign_id: int, request_id: int, text: str, now: datetime) -> None:
    """Answer an operator's request. Raises NotFoundError, StaleError when it is closed, DomainError for the text."""
    text = checked_text(text)
    with act(session, actor.id, now) as a:
        this = ShiftMessage.id == request_id, ShiftMessage.campaign_id == campaign_id, ShiftMessage.kind == "request"
        request = a.s.scalars(select(ShiftMessage).where(*this).with_for_update()).one_or_none()
        if request is None:
            raise NotFoundError("Такой просьбы нет.")
        if request.closed_at is not None:
            raise StaleError("answered", "На эту просьбу уже ответили, или смена оператора закончилась.")
        request.closed_at = now
        readers = [request.author_id]
        _send(a, campaign_id, "help_answered", to=readers, kind="answer", text=text, request_id=request.id)


def tell(session: AnySession, actor: Actor, campaign_id: int, to: int | None, text: str, now: datetime) -> None:
    """Write to one operator on shift in the campaign, or (None) to all of them.

    Raises NotFoundError for somebody who is not of the campaign, DomainError when he is not on shift, and for the text.
    """
    text = checked_text(text)
    with act(session, actor.id, now) as a:
        here = Shift.campaign_id == campaign_id, Shift.ended_at.is_(None)
        on_shift = a.s.scalars(select(Shift.user_id).where(*here).order_by(Shift.user_id)).all()
        if to is not None and to not in on_shift:
            member = CampaignMember.campaign_id == campaign_id, CampaignMember.user_id == to
            if a.s.scalar(select(CampaignMember.id).where(*member)) is None:
                raise NotFoundError("Такого оператора в проекте нет.")
            raise DomainError("to", "Этот оператор сейчас не на смене. Выберите другого.")
        if not on_shift:
            raise DomainError("to", _NOBODY)
        _send(a, campaign_id, "message_sent", to=on_shift if to is None else [to], kind="note", text=text)


def mark_read(session: AnySession, user_id: int, message_id: int, now: datetime) -> None:
    """Put a message away as read; the first time counts. Raises NotFoundError when it is not for this person."""
    with write(session) as s:
        mine = ShiftMessageReader.message_id == message_id, ShiftMessageReader.user_id == user_id
        reader = s.scalars(select(ShiftMessageReader).where(*mine).with_for_update()).one_or_none()
        if reader is None:
            raise NotFoundError("Такого сообщения нет.")
        reader.read_at = reader.read_at or now


def close_request(s: Session, operator_id: int, now: datetime) -> None:
    """End the request of an operator whose shift ends, inside the caller's transaction."""
    s.execute(
        update(ShiftMessage).where(*_open_of(operator_id)).values(closed_at=now),
        execution_options={"synchronize_session": False},
    )


def _open_of(operator_id: int) -> tuple[Any, ...]:
    return ShiftMessage.author_id == operator_id, ShiftMessage.kind == "request", ShiftMessage.closed_at.is_(None)


def _send(a: Act, campaign_id: int, action: str, to: Sequence[int] = (), **values: Any) -> None:
    message = ShiftMessage(campaign_id=campaign_id, author_id=a.by, sent_at=a.now, **values)
    a.s.add(message)
    a.s.flush()
    a.s.add_all(ShiftMessageReader(message_id=message.id, user_id=user_id) for user_id in to)
    after = {"readers": len(to)} if to else {}
    a.record(action, "shift_message", message.id, campaign_id=campaign_id, after=after)
