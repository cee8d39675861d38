"""The dial and what the line does: every condition is checked again here, whatever the card said (R7, R6, R21)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import QueueClass
from nps.domain.errors import DomainError, StaleError
from nps.domain.local_time import OFFICE_ZONE, Zone, clock, to_local, when
from nps.domain.numbers import stopped_words
from nps.domain.phone import show
from nps.models import CallAttempt, ExchangeLink, Region, Respondent, RespondentPhone, Shift, TelephonyEvent
from nps.queries import campaigns, numbers
from nps.queries.campaigns import CampaignRow, row_of, with_campaign
from nps.queries.telephony import LINK, exchange_of
from nps.queries.together import Found, Together
from nps.services.acting import Act, act
from nps.services.call_queue import WITH_PHONES, free_lapsed, hold_until_result, release_shown, why_closed
from nps.services.telephony.commands import ask_call, ask_hang_up
from nps.services.transaction import AnySession

_CLOSED_WORDS = {
    "paused": "Проект приостановлен руководителем: звонки начнутся, когда он снимет паузу.",
    "closed": "Проект закрыт: звонков в нём больше нет.",
}


class DialRefused(DomainError):
    """The client cannot be dialled now. He has gone back to the queue; the page shows why."""


def dial(session: AnySession, actor: Actor, respondent_id: int, now: datetime, office_zone: str = OFFICE_ZONE) -> UUID:
    """Begin the call of the client this operator is shown. Returns the attempt's id.

    Raises StaleError when the client is not his any more, DialRefused when a rule forbids the call now (the client
    is released in that case).
    """
    with act(session, actor.id, now, claims=True) as a:
        free_lapsed(a.s, now)
        card = _card(a, actor, respondent_id)
        found = _RULES.read(
            a.s, client=respondent_id, day=to_local(now, card.zone or office_zone).date(), inn=card.client.inn,
            customer=card.campaign.customer_id, campaign=card.campaign.id, contract=card.campaign.contract_id,
        )  # fmt: skip
        calendar = campaigns.calendars_of(card.campaign, found).get(card.client.region_code or "")
        number = numbers.next_number(sorted(found["numbers"]))
        refused = _forbids(card, calendar, number, found, now)
        if refused is None and number is not None:
            return _begin(a, actor, card, number, (card.zone or office_zone, office_zone))
        release_shown(a.s, Respondent.id == respondent_id)
    raise DialRefused("not_now", refused or "Клиенту нельзя позвонить сейчас.")


@dataclass(frozen=True, slots=True)
class _Card:
    """What lies before the operator who dials, as it is under the claim lock."""

    client: Respondent
    shift: Shift | None
    campaign: CampaignRow
    zone: str | None
    is_exchange_alive: bool


_SHOWN = with_campaign(
    select(Respondent, Shift, Region.zone, ExchangeLink)
    .outerjoin(Region, Region.code == Respondent.region_code)
    .outerjoin(Shift, and_(Shift.user_id == bindparam("operator"), Shift.ended_at.is_(None)))
    .outerjoin(ExchangeLink, ExchangeLink.id == LINK)
    .where(Respondent.id == bindparam("client")),
    Respondent.campaign_id,
)
#: All that decides whether a client may be dialled, but for his own row.
_RULES = Together(numbers.NUMBERS, campaigns.CALENDARS, campaigns.BUDGET, numbers.REFUSING, {"busy": WITH_PHONES})


def _card(a: Act, actor: Actor, respondent_id: int) -> _Card:
    binds = {"client": respondent_id, "operator": actor.id}
    row = a.s.execute(_SHOWN, binds, execution_options={"populate_existing": True}).one_or_none()
    if row is None or row.Respondent.held_by != actor.id:
        raise StaleError("not_held", "Этот клиент уже не у вас: время ожидания вышло. Возьмите следующего.")
    if row.Respondent.held_until is None:
        raise StaleError("dialled", "Этому клиенту вы уже звоните.")
    campaign = row_of(row)
    return _Card(row.Respondent, row.Shift, campaign, row.zone, exchange_of(row.ExchangeLink, a.now).is_alive)


def _forbids(
    card: _Card, calendar: CallingCalendar | None, number: RespondentPhone | None, found: Found, now: datetime
) -> str | None:
    """Why this client may not be dialled now, in a sentence; None when he may."""
    if card.shift is None or card.shift.campaign_id != card.campaign.id:
        return "Смена в этом проекте закончена. Начните её снова."
    if why := why_closed(card.campaign):
        return _CLOSED_WORDS[why]
    if stopped := _stopped(found):
        return stopped
    if card.client.state != "waiting":
        return "У клиента уже есть итог: звонить ему больше не нужно."
    if calendar is None:
        return "Регион клиента неизвестен: пока его не укажут, звонить нельзя."
    if number is None:
        return "У клиента нет действующего номера."
    if not calendar.is_open(now):
        opening = calendar.next_opening(now)
        later = f" Откроется {when(opening, calendar.zone, now)} по времени клиента." if opening else ""
        return f"Окно звонков закрыто: у клиента {clock(now, calendar.zone)}.{later}"
    return _budget_forbids(card, found) or _in_use(found)


def _stopped(found: Found) -> str | None:
    """What of the client is on the stop list (R21), in a sentence."""
    if found["stopped"]:
        return f"{stopped_words(found['stopped'][0].e164)}: звонить нельзя."
    return "Организация в стоп-листе: звонить нельзя." if found["organisation"] else None


def _in_use(found: Found) -> str | None:
    """Who has a number of the client in use, or has spoken on it today for another one, in a sentence."""
    if found["busy"]:
        return f"По номеру этого клиента сейчас работает {found['busy'][0].full_name}."
    if found["spoken_to"]:
        return f"По номеру {show(found['spoken_to'][0].e164)} сегодня уже говорили по другой записи базы."
    return None


def _budget_forbids(card: _Card, found: Found) -> str | None:
    """R6; asked at the claim too, but each operator may have been given his card before the minutes ran short."""
    decision = campaigns.budget_of(card.campaign, found).decide()
    if not decision.may_dial:
        return "Лимит минут исчерпан: новые звонки начать нельзя."
    if card.client.queue_class == QueueClass.NEW and not decision.may_start_new:
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


def _begin(a: Act, actor: Actor, card: _Card, number: RespondentPhone, zones: tuple[Zone, Zone]) -> UUID:
    client, campaign = card.client, card.campaign
    attempt_id = write_call(a.s, actor.id, client, campaign, number, zones, a.now, "operator")
    hold_until_result(a.s, client.id)
    note_event(a.s, attempt_id, "dialled", a.now)
    if card.is_exchange_alive:
        ask_call(a.s, actor, attempt_id, number.e164, campaign.purpose, a.now, number.extension)
    a.record("call_dialled", "call", attempt_id, campaign_id=campaign.id, after={"respondent": client.id})
    return attempt_id


def own_open_call(session: Session, actor: Actor, attempt_id: UUID) -> CallAttempt:
    """The operator's call without a result. Raises StaleError when it has one or is not his.

    On PostgreSQL the row is locked: a draft that saves itself and the answer that follows come as two requests at once.
    """
    attempt = session.get(CallAttempt, attempt_id, populate_existing=True, with_for_update={"key_share": True})
    if attempt is None:
        raise no_open_call()
    require_own_open(actor, attempt)
    return attempt


def require_own_open(actor: Actor, attempt: CallAttempt) -> None:
    """Raises StaleError when the call has a result or is not this operator's."""
    if attempt.operator_id != actor.id or attempt.closed_at is not None:
        raise no_open_call()
    if attempt.handed_over_at is not None:
        raise StaleError("handed_over", "Этот звонок передан руководителю: итог запишет он.")


def no_open_call() -> StaleError:
    return StaleError("no_open_call", "У этого звонка уже есть итог. Показано то, что записано.")


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
    with act(session, actor.id, now) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        if attempt.ringing_at is None and attempt.answered_at is None and attempt.ended_at is None:
            attempt.ringing_at = attempt.last_activity_at = now
            note_event(a.s, attempt_id, "ringing", now)


def answered(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """«Клиент ответил»: the talk's clock runs from here. Raises StaleError when the line is down already."""
    with act(session, actor.id, now) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        if attempt.ended_at is not None:
            raise StaleError("hung_up", "Звонок уже завершён: выберите его итог.")
        if attempt.answered_at is None:
            attempt.answered_at = attempt.last_activity_at = now
            note_event(a.s, attempt_id, "answered", now)


def hang_up(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """«Завершить»: the line is down, the result is still to be chosen."""
    with act(session, actor.id, now) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        if attempt.ended_at is None:
            attempt.ended_at = attempt.last_activity_at = now
            note_event(a.s, attempt_id, "ended", now)
        ask_hang_up(a.s, attempt_id, now)
