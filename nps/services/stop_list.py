"""The stop list of a customer: whom nobody calls in any of its campaigns (R21)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.given_reason import given_reason
from nps.domain.inn import normal_inn
from nps.domain.phone_text import parse_phone
from nps.models import Campaign, Contract, Respondent, RespondentPhone, StopList
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.numbers import is_live, listed
from nps.services.acting import Act, act
from nps.services.call_queue import release_shown
from nps.services.cases import stop_phone, tell_many
from nps.services.transaction import AnySession

_Clients = list[tuple[int, int]]


def add(
    session: AnySession, actor_id: int, campaign_id: int, *, phone: str, inn: str, reason: str, now: datetime
) -> None:
    """Put a phone, or on request a whole organisation by INN, on the list of the campaign's customer.

    Clients it concerns in open campaigns become refused. Raises DomainError (codes: value, reason), PhoneError,
    InnError.
    """
    reason = given_reason(reason, longest=300)
    only_one = DomainError("value", "Укажите телефон или ИНН, что-то одно.")
    if bool(phone.strip()) == bool(inn.strip()):
        raise only_one
    e164 = parse_phone(phone).e164 if phone.strip() else None
    number = normal_inn(inn)
    if not (e164 or number):
        # The word «ИНН» without a number.
        raise only_one
    with act(session, actor_id, now, claims=True) as a:
        campaign = campaigns.campaign_row(a.s, campaign_id)
        same = StopList.e164 == e164 if e164 else StopList.inn == number
        known = select(StopList.id).where(
            StopList.customer_id == campaign.customer_id, same, StopList.lifted_at.is_(None)
        )
        if a.s.scalar(known) is not None:
            raise DomainError("value", "Уже в стоп-листе: звонить сюда нельзя.")
        if e164:
            stop_phone(a.s, campaign, e164, reason, by=actor_id, at=now)
            concerned = _of_phone(a.s, campaign, e164)
        else:
            a.s.add(StopList(customer_id=campaign.customer_id, inn=number, reason=reason, by=actor_id, at=now))
            concerned = _of_inn(a.s, campaign, number)
            a.s.flush()
            tell_many(a.s, concerned, "stop_listed", at=now, by=actor_id, reason=reason)
            count = {"clients": len(concerned)}
            a.record("stop_list_added", "campaign", campaign_id, campaign_id=campaign_id, after=count)
        # Those who are shown, not yet dialled, are taken out of the operators' hands.
        release_shown(a.s, Respondent.id.in_([respondent_id for respondent_id, _ in concerned]))


def lift(session: AnySession, actor_id: int, campaign_id: int, entry_id: int, reason: str, now: datetime) -> int:
    """Take an entry off the list, with a reason; only a manager may (R21). Returns how many clients were decided anew.

    A client whom another entry still names stays refused, and so does one who said so himself in a call: him the
    manager reopens.
    """
    reason = given_reason(reason, longest=300)
    with act(session, actor_id, now, claims=True) as a:
        campaign = campaigns.campaign_row(a.s, campaign_id)
        entry = a.s.get(StopList, entry_id, populate_existing=True)
        if entry is None or entry.customer_id != campaign.customer_id:
            raise NotFoundError("Такой записи в стоп-листе нет.")
        if entry.lifted_at is not None:
            raise StaleError("lifted", "Эта запись уже снята.")
        return take_off(a.s, campaign, entry, actor_id, reason, now, action="stop_list_lifted")


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
    count = {"clients": len(free)}
    Act(s, by, now).record(action, "stop_list", entry.id, campaign_id=campaign.id, after=count)
    return len(free)


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
