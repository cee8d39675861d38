"""A client calls by himself: no window, no minutes, outside the contract's count of dials (requirements §4)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError, StaleError
from nps.domain.local_time import OFFICE_ZONE, Zone
from nps.domain.wording import short_name
from nps.models import CallAttempt, Region, Respondent, RespondentPhone, User
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.numbers import number_shown, numbers_of
from nps.services.acting import act
from nps.services.call_queue import free_lapsed, hold, open_attempt_of, phones_with, release_shown
from nps.services.desk.calling import note_event, write_call
from nps.services.transaction import AnySession


def take_inbound(
    session: AnySession, actor: Actor, respondent_id: int, now: datetime, office_zone: Zone = OFFICE_ZONE
) -> UUID:
    """Open the card of a client who is on the line as a call that is answered already. Returns the attempt's id.

    A client the operator was shown goes back to the queue. Raises NotFoundError for a client outside the operator's
    campaign, StaleError while another call of his has no result, when somebody else has the client, and where no call
    can be recorded.
    """
    with act(session, actor.id, now, claims=True) as a:
        free_lapsed(a.s, now)
        client, campaign = _client(a.s, actor, respondent_id)
        if release_shown(a.s, Respondent.held_by == actor.id):
            a.s.refresh(client)
        phone = _free_phone(a.s, client)
        # Without a region nobody knows the client's clock: the day of the call is the office's.
        region = a.s.get(Region, client.region_code) if client.region_code else None
        zones = region.zone if region else office_zone, office_zone
        attempt_id = write_call(a.s, actor.id, client, campaign, phone, zones, now, "inbound", now)
        a.s.refresh(client)
        hold(a.s, client, actor.id, None, attempt_id.hex)
        note_event(a.s, attempt_id, "answered", now)
        a.record("call_inbound", "call", attempt_id, campaign_id=campaign.id, after={"respondent": client.id})
        return attempt_id


def _client(session: Session, actor: Actor, respondent_id: int) -> tuple[Respondent, CampaignRow]:
    shift = campaigns.open_shift(session, actor.id)
    client = session.get(Respondent, respondent_id, populate_existing=True)
    if shift is None or client is None or client.campaign_id != shift.campaign_id or client.erased_at is not None:
        raise NotFoundError("Такого клиента в вашем проекте нет.")
    campaign = campaigns.campaign_row(session, client.campaign_id)
    if campaign.closed_at is not None:
        raise StaleError("closed", "Проект закрыт: опросить в нём больше никого нельзя.")
    if client.state == "withdrawn":
        raise StaleError("withdrawn", "Заказчик исключил этого клиента из базы: опрашивать его не нужно.")
    own = select(CallAttempt.id).where(
        CallAttempt.operator_id == actor.id, CallAttempt.closed_at.is_(None), CallAttempt.handed_over_at.is_(None)
    )
    if session.scalar(own) is not None:
        raise StaleError("open_call", "У вашего звонка ещё нет итога: сначала выберите его.")
    return client, campaign


def _free_phone(session: Session, client: Respondent) -> RespondentPhone:
    """The number the call is written to. Raises StaleError, with a name, when somebody else has client or number."""
    if client.held_by is not None:
        holder = session.get_one(User, client.held_by)
        raise StaleError("held", f"С этим клиентом уже работает {short_name(holder.full_name)}: передайте звонок.")
    if open_attempt_of(session, client.id) is not None:
        raise StaleError("handed_over", "Прошлый звонок этого клиента ждёт решения руководителя: передайте звонок ему.")
    # He calls from somewhere, even when none of his numbers is live.
    phone = number_shown(numbers_of(session, client.id))
    busy = phones_with(session, client.id, phone.id) if phone is not None else None
    if busy is not None:
        raise StaleError("phone_held", f"По номеру этого клиента уже работает {short_name(busy)}: передайте звонок.")
    if phone is None:
        raise StaleError("no_phone", "У клиента нет ни одного номера: сначала его внесёт руководитель.")
    return phone
