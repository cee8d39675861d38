"""The dial and what the line does: every condition is checked again here, whatever the card said (R7, R6, R21)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import QueueClass
from nps.domain.errors import DomainError, StaleError
from nps.domain.local_time import OFFICE_ZONE, Zone, clock, to_local, when
from nps.domain.numbers import stopped_words
from nps.domain.phone import show
from nps.models import CallAttempt, Respondent, RespondentPhone, Shift, TelephonyEvent
from nps.queries import campaigns, numbers
from nps.queries.campaigns import CampaignRow
from nps.services.call_queue import (
    free_lapsed,
    hold_until_result,
    phones_with,
    release_shown,
    why_closed,
)
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.telephony.commands import ask_call, ask_hang_up
from nps.services.transaction import AnySession, lock_claims, write

_STOPPED = text(numbers.STOPPED.format(client=":client"))
_ORGANISATION_STOPPED = text(numbers.ORGANISATION_STOPPED.format(inn=":inn"))
_SPOKEN_TO = text(numbers.SPOKEN_TO.format(client=":client", day=":day"))

_CLOSED_WORDS = {
    "paused": "Проект приостановлен руководителем: звонки начнутся, когда он снимет паузу.",
    "closed": "Проект закрыт: звонков в нём больше нет.",
}


class DialRefused(DomainError):
    """The client cannot be dialled now. He has gone back to the queue; the page shows why."""


def dial(
    session: AnySession, actor: Actor, respondent_id: int, form: Form, now: datetime, office_zone: str = OFFICE_ZONE
) -> UUID:
    """Begin the call of the client this operator is shown.

    Returns the attempt's id; the same form gives the same id again.

    Raises StaleError when the client is not his any more, DialRefused when a rule forbids the call now (the client
    is released in that case).
    """
    refused: DialRefused | None = None
    with write(session) as s:
        lock_claims(s)

        def act() -> dict[str, Any]:
            nonlocal refused
            client, shift = _held_client(s, actor, respondent_id, now)
            campaign = campaigns.campaign_row(s, client.campaign_id)
            calendar = campaigns.calendars(s, campaign).get(client.region_code or "")
            phone = numbers.next_number(numbers.numbers_of(s, client.id))
            reason = _forbids(s, client, campaign, calendar, phone, now)
            if shift is None or shift.campaign_id != client.campaign_id:
                reason = "Смена в этом проекте закончена. Начните её снова."
            if reason is not None or phone is None or calendar is None:
                release_shown(s, Respondent.id == client.id)
                refused = DialRefused("not_now", reason or "Клиенту нельзя позвонить сейчас.")
                return {}
            return {"attempt": str(_begin(s, actor, client, campaign, calendar, phone, now, office_zone))}

        result = form.once(s, now, act)
    if refused is not None:
        raise refused
    if "attempt" not in result:
        raise StaleError("not_held", "Звонок не начат: клиент вернулся в очередь.")
    return UUID(result["attempt"])


def _held_client(session: Session, actor: Actor, respondent_id: int, now: datetime) -> tuple[Respondent, Shift | None]:
    free_lapsed(session, now)
    client = session.get(Respondent, respondent_id, populate_existing=True)
    if client is None or client.held_by != actor.id:
        raise StaleError("not_held", "Этот клиент уже не у вас: время ожидания вышло. Возьмите следующего.")
    if client.held_until is None:
        raise StaleError("dialled", "Этому клиенту вы уже звоните.")
    return client, campaigns.open_shift(session, actor.id)


def _forbids(
    session: Session,
    client: Respondent,
    campaign: CampaignRow,
    calendar: CallingCalendar | None,
    phone: RespondentPhone | None,
    now: datetime,
) -> str | None:
    """Why this client may not be dialled now, in a sentence; None when he may."""
    if why := why_closed(campaign):
        return _CLOSED_WORDS[why]
    if stopped := _stopped(session, client, campaign):
        return stopped
    if client.state != "waiting":
        return "У клиента уже есть итог: звонить ему больше не нужно."
    if calendar is None:
        return "Регион клиента неизвестен: пока его не укажут, звонить нельзя."
    if phone is None:
        return "У клиента нет действующего номера."
    if not calendar.is_open(now):
        opening = calendar.next_opening(now)
        later = f" Откроется {when(opening, calendar.zone, now)} по времени клиента." if opening else ""
        return f"Окно звонков закрыто: у клиента {clock(now, calendar.zone)}.{later}"
    if short := _budget_forbids(session, client, campaign):
        return short
    busy = phones_with(session, client.id)
    if busy is not None:
        return f"По номеру этого клиента сейчас работает {busy}."
    day = to_local(now, calendar.zone).date()
    spoken_to = session.execute(_SPOKEN_TO, {"day": day, "client": client.id}).scalar()
    if spoken_to is not None:
        return f"По номеру {show(spoken_to)} сегодня уже говорили по другой записи базы."
    return None


def _stopped(session: Session, client: Respondent, campaign: CampaignRow) -> str | None:
    """What of the client is on the stop list (R21), in a sentence."""
    number = session.execute(_STOPPED, {"customer": campaign.customer_id, "client": client.id}).scalar()
    if number is not None:
        return f"{stopped_words(number)}: звонить нельзя."
    if session.execute(_ORGANISATION_STOPPED, {"customer": campaign.customer_id, "inn": client.inn}).first():
        return "Организация в стоп-листе: звонить нельзя."
    return None


def _budget_forbids(session: Session, client: Respondent, campaign: CampaignRow) -> str | None:
    """R6; asked at the claim too, but each operator may have been given his card before the minutes ran short."""
    decision = campaigns.budget(session, campaign).decide()
    if not decision.may_dial:
        return "Лимит минут исчерпан: новые звонки начать нельзя."
    if client.queue_class == QueueClass.NEW and not decision.may_start_new:
        return "Минуты контракта заканчиваются: новых клиентов не начинаем, только перезвоны и повторы."
    return None


def write_call(
    session: Session,
    operator_id: int,
    client: Respondent,
    campaign: CampaignRow,
    phone: RespondentPhone,
    zones: tuple[Zone, Zone],
    now: datetime,
    source: str,
    answered_at: datetime | None = None,
) -> UUID:
    """Write the row of a call that begins now; its id. `zones`: the client's and the office's, for the days copied."""
    local, attempt_id = to_local(now, zones[0]), uuid4()
    session.execute(
        insert(CallAttempt).values(
            id=attempt_id,
            respondent_id=client.id,
            campaign_id=campaign.id,
            purpose=campaign.purpose,
            operator_id=operator_id,
            phone_id=phone.id,
            e164=phone.e164,
            script_version_id=campaign.script_version_id,
            source=source,
            dialled_at=now,
            answered_at=answered_at,
            last_activity_at=now,
            local_day=local.date(),
            local_minute=local.hour * 60 + local.minute,
            operator_day=to_local(now, zones[1]).date(),
            region_code=client.region_code,
            branch_id=client.branch_id,
        )
    )
    return attempt_id


def _begin(
    session: Session,
    actor: Actor,
    client: Respondent,
    campaign: CampaignRow,
    calendar: CallingCalendar,
    phone: RespondentPhone,
    now: datetime,
    office_zone: str,
) -> UUID:
    attempt_id = write_call(session, actor.id, client, campaign, phone, (calendar.zone, office_zone), now, "operator")
    hold_until_result(session, client.id)
    note_event(session, attempt_id, "dialled", now)
    ask_call(session, actor, attempt_id, phone.e164, campaign.purpose, now, phone.extension)
    record(
        session,
        at=now,
        action="call_dialled",
        object_kind="call",
        object_id=attempt_id,
        actor_id=actor.id,
        campaign_id=campaign.id,
        after={"respondent": client.id},
    )
    return attempt_id


def own_open_call(session: Session, actor: Actor, attempt_id: UUID) -> CallAttempt:
    """The operator's call without a result. Raises StaleError when it has one or is not his.

    On PostgreSQL the row is locked: a draft that saves itself and the answer that follows come as two requests at once.
    """
    attempt = session.get(CallAttempt, attempt_id, populate_existing=True, with_for_update={"key_share": True})
    if attempt is None or attempt.operator_id != actor.id or attempt.closed_at is not None:
        raise StaleError("no_open_call", "У этого звонка уже есть итог. Показано то, что записано.")
    if attempt.handed_over_at is not None:
        raise StaleError("handed_over", "Этот звонок передан руководителю: итог запишет он.")
    return attempt


def note_event(session: Session, attempt_id: UUID, kind: str, at: datetime) -> None:
    """Keep what the operator's button said about the line, the way an exchange's events are kept."""
    session.execute(
        insert(TelephonyEvent).values(
            provider="desk",
            dedup=f"desk-{secrets.token_hex(12)}",
            attempt_id=attempt_id,
            type=kind,
            at=at,
            received_at=at,
        )
    )


def ringing(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """«Пошли гудки»: the 20 seconds run from here instead of the click and its allowance (R13)."""
    with write(session) as s:
        attempt = own_open_call(s, actor, attempt_id)
        if attempt.ringing_at is None and attempt.answered_at is None and attempt.ended_at is None:
            attempt.ringing_at = attempt.last_activity_at = now
            note_event(s, attempt_id, "ringing", now)


def answered(session: AnySession, actor: Actor, attempt_id: UUID, form: Form, now: datetime) -> None:
    """«Клиент ответил»: the talk's clock runs from here. Raises StaleError when the line is down already."""
    with write(session) as s:

        def act() -> dict[str, Any]:
            attempt = own_open_call(s, actor, attempt_id)
            if attempt.ended_at is not None:
                raise StaleError("hung_up", "Звонок уже завершён: выберите его итог.")
            if attempt.answered_at is None:
                attempt.answered_at = attempt.last_activity_at = now
                note_event(s, attempt_id, "answered", now)
            return {}

        form.once(s, now, act)


def hang_up(session: AnySession, actor: Actor, attempt_id: UUID, form: Form, now: datetime) -> None:
    """«Завершить»: the line is down, the result is still to be chosen."""
    with write(session) as s:

        def act() -> dict[str, Any]:
            attempt = own_open_call(s, actor, attempt_id)
            if attempt.ended_at is None:
                attempt.ended_at = attempt.last_activity_at = now
                note_event(s, attempt_id, "ended", now)
            ask_hang_up(s, attempt_id, now)
            return {}

        form.once(s, now, act)
