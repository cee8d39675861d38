"""The stop list of a customer: whom nobody calls in any of its campaigns (R21)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.inn import normal_inn
from nps.domain.phone_text import parse_phone
from nps.models import Campaign, Contract, Respondent, RespondentPhone, StopList
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.numbers import is_live, listed
from nps.services.call_queue import release_shown
from nps.services.cases import stop_phone, tell_many
from nps.services.journal import record
from nps.services.transaction import AnySession, lock_claims, write

_Clients = list[tuple[int, int]]


def add(
    session: AnySession, actor_id: int, campaign_id: int, *, phone: str, inn: str, reason: str, now: datetime
) -> None:
    """Put a phone, or on request a whole organisation by INN, on the list of the campaign's customer.

    Clients it concerns in open campaigns become refused. Raises DomainError (codes: value, reason), PhoneError,
    InnError.
    """
    reason = _reason(reason)
    if bool(phone.strip()) == bool(inn.strip()):
        raise DomainError("value", "Укажите телефон или ИНН, что-то одно.")
    e164 = parse_phone(phone).e164 if phone.strip() else None
    number = normal_inn(inn) or None
    with write(session) as s:
        lock_claims(s)
        campaign = campaigns.campaign_row(s, campaign_id)
        same = StopList.e164 == e164 if e164 else StopList.inn == number
        known = select(StopList.id).where(
            StopList.customer_id == campaign.customer_id, same, StopList.lifted_at.is_(None)
        )
        if s.scalar(known) is not None:
            raise DomainError("value", "Уже в стоп-листе: звонить сюда нельзя.")
        if e164:
            stop_phone(s, campaign, e164, reason, by=actor_id, at=now)
            _let_go(s, _of_phone(s, campaign, e164))
        elif number:
            _stop_organisation(s, campaign, number, reason, actor_id, now)


def _stop_organisation(s: Session, campaign: CampaignRow, inn: str, reason: str, actor_id: int, now: datetime) -> None:
    s.add(StopList(customer_id=campaign.customer_id, inn=inn, reason=reason, by=actor_id, at=now))
    concerned = _of_inn(s, campaign, inn)
    s.flush()
    tell_many(s, concerned, "stop_listed", at=now, by=actor_id, reason=reason)
    _let_go(s, concerned)
    record(
        s, at=now, action="stop_list_added", object_kind="campaign", object_id=campaign.id, actor_id=actor_id,
        campaign_id=campaign.id, after={"clients": len(concerned)},
    )  # fmt: skip


def lift(session: AnySession, actor_id: int, campaign_id: int, entry_id: int, reason: str, now: datetime) -> int:
    """Take an entry off the list, with a reason; only a manager may (R21). Returns how many clients were decided anew.

    A client whom another entry still names stays refused, and so does one who said so himself in a call: him the
    manager reopens.
    """
    reason = _reason(reason)
    with write(session) as s:
        lock_claims(s)
        campaign = campaigns.campaign_row(s, campaign_id)
        entry = s.get(StopList, entry_id, populate_existing=True)
        if entry is None or entry.customer_id != campaign.customer_id:
            raise NotFoundError("Такой записи в стоп-листе нет.")
        if entry.lifted_at is not None:
            raise StaleError("lifted", "Эта запись уже снята.")
        return take_off(s, campaign, entry, actor_id, reason, now, action="stop_list_lifted")


def take_off(
    s: Session, campaign: CampaignRow, entry: StopList, by: int, reason: str, now: datetime, *, action: str
) -> int:
    """What `lift` does, inside the caller's transaction; `action` is the journal's word for it."""
    entry.lifted_at, entry.lifted_by, entry.lift_reason = now, by, reason
    s.flush()
    phone, inn = entry.e164, entry.inn or ""
    concerned = _of_phone(s, campaign, phone, "refused") if phone else _of_inn(s, campaign, inn)
    still = _still_listed(s, campaign.customer_id, concerned)
    free = [pair for pair in concerned if pair[0] not in still]
    tell_many(s, free, "stop_lifted", at=now, by=by, reason=reason)
    record(
        s, at=now, action=action, object_kind="stop_list", object_id=entry.id, actor_id=by,
        campaign_id=campaign.id, after={"clients": len(free)},
    )  # fmt: skip
    return len(free)


def _let_go(s: Session, clients: _Clients) -> None:
    """Take clients who are shown, not yet dialled, out of the operators' hands."""
    release_shown(s, Respondent.id.in_([respondent_id for respondent_id, _ in clients]))


def _in_open_campaigns(campaign: CampaignRow) -> Select[int, int]:
    return (
        select(Respondent.id, Respondent.campaign_id)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Contract.customer_id == campaign.customer_id, Campaign.closed_at.is_(None))
        .distinct()
    )


def _of_phone(s: Session, campaign: CampaignRow, e164: str, state: str = "") -> _Clients:
    """Clients with this live number; those in `state` also when it has died since."""
    found = _in_open_campaigns(campaign).join(RespondentPhone, RespondentPhone.respondent_id == Respondent.id)
    counts = or_(is_live(), Respondent.state == state)
    return [(row[0], row[1]) for row in s.execute(found.where(RespondentPhone.e164 == e164, counts))]


def _of_inn(s: Session, campaign: CampaignRow, inn: str) -> _Clients:
    return [(row[0], row[1]) for row in s.execute(_in_open_campaigns(campaign).where(Respondent.inn == inn))]


def _still_listed(s: Session, customer_id: int, clients: _Clients) -> set[int]:
    """Those of the clients whom another entry names."""
    ids = [respondent_id for respondent_id, _ in clients]
    found = listed(s, customer_id, ids)
    by_number = select(RespondentPhone.respondent_id).where(
        RespondentPhone.respondent_id.in_(ids), RespondentPhone.e164.in_(found.numbers), is_live()
    )
    by_inn = select(Respondent.id).where(Respondent.id.in_(ids), Respondent.inn.in_(found.organisations))
    return {*s.scalars(by_number), *s.scalars(by_inn)}


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise DomainError("reason", "Напишите причину: она останется в журнале.")
    return reason[:300]
