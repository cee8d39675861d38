"""The stop list of a customer: whom nobody calls in any of its campaigns (R21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.given_reason import given_reason
from nps.domain.inn import normal_inn
from nps.domain.phone_text import parse_phone
from nps.domain.sample import StopEntry
from nps.models import Campaign, Contract, Respondent, RespondentPhone, StopList
from nps.queries import campaigns, customer_lists
from nps.queries.campaigns import CampaignRow
from nps.queries.numbers import is_live, listed
from nps.services.acting import Act, act
from nps.services.call_queue import release_shown
from nps.services.cases import tell_many
from nps.services.transaction import AnySession, in_turns

_Clients = list[tuple[int, int]]
_LONGEST = 300
#: Entries that are written under one lock.
_TURN = 300


def add(
    session: AnySession, actor_id: int, campaign_id: int, *, phone: str, inn: str, reason: str, now: datetime
) -> None:
    """Put a phone, or on request a whole organisation by INN, on the list of the campaign's customer.

    Clients it concerns in open campaigns become refused. Raises DomainError (codes: value, reason), PhoneError,
    InnError.
    """
    reason = given_reason(reason, longest=_LONGEST)
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
        entry = StopEntry(e164 or "", number)
        if not enter(a.s, campaign, [entry], reason, by=actor_id, at=now):
            raise DomainError("value", "Уже в стоп-листе: звонить сюда нельзя.")


def add_many(
    session: AnySession, actor_id: int, campaign_id: int, entries: Sequence[StopEntry], reason: str, now: datetime
) -> int:
    """Put numbers and organisations on the list, those that are not there yet; how many came.

    In turns: others call in between. What is cut short in the midst stays entered, and the rest is new the next time.
    `reason`: of those that say none themselves.
    """
    left, added = list(entries), 0

    def some() -> bool:
        nonlocal left, added
        turn, left = left[:_TURN], left[_TURN:]
        with act(session, actor_id, now, claims=True) as a:
            added += len(enter(a.s, campaigns.campaign_row(a.s, campaign_id), turn, reason, by=actor_id, at=now))
        return bool(left)

    if left:
        in_turns(session, some)
    return added


def enter(
    s: Session, campaign: CampaignRow, entries: Sequence[StopEntry], reason: str, *, by: int, at: datetime
) -> list[int]:
    """Put on the list what is not there yet, by hand, from a file or said in a call; the ids of the new entries.

    Their clients in all open campaigns are decided anew, and taken out of the hands of operators who have not dialled
    them. Inside the caller's transaction, under the claims' lock.
    """
    listed_already = customer_lists.listed_values(s, campaign.customer_id, [one.e164 or one.inn for one in entries])
    new = [entry for entry in entries if (entry.e164 or entry.inn) not in listed_already]
    if not new:
        return []
    common = {"customer_id": campaign.customer_id, "by": by, "at": at}
    rows = [
        {"e164": one.e164 or None, "inn": one.inn or None, "reason": one.reason[:_LONGEST] or reason, **common}
        for one in new
    ]
    ids = s.scalars(insert(StopList).returning(StopList.id), rows).all()
    phones, inns = [one.e164 for one in new if one.e164], [one.inn for one in new if one.inn]
    concerned = list(dict.fromkeys([*_of_phones(s, campaign, phones), *_of_inns(s, campaign, inns)]))
    tell_many(s, concerned, "stop_listed", at=at, by=by, reason=reason)
    count = {"entries": len(new), "clients": len(concerned)}
    Act(s, by, at).record("stop_list_added", "campaign", campaign.id, campaign_id=campaign.id, after=count)
    release_shown(s, Respondent.id.in_([respondent_id for respondent_id, _ in concerned]))
    return list(ids)


def lift(session: AnySession, actor_id: int, campaign_id: int, entry_id: int, reason: str, now: datetime) -> int:
    """Take an entry off the list, with a reason; only a manager may (R21). Returns how many clients were decided anew.

    A client whom another entry still names stays refused, and so does one who said so himself in a call: him the
    manager reopens.
    """
    reason = given_reason(reason, longest=_LONGEST)
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
    concerned = _of_phones(s, campaign, [phone], "refused") if phone else _of_inns(s, campaign, [inn])
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


def _of_phones(s: Session, campaign: CampaignRow, phones: Sequence[str], state: str = "") -> _Clients:
    """Clients with one of these live numbers; those in `state` also when it has died since."""
    found = _in_open_campaigns(campaign).join(RespondentPhone, RespondentPhone.respondent_id == Respondent.id)
    counts = or_(is_live(), Respondent.state == state)
    return [(row[0], row[1]) for row in s.execute(found.where(RespondentPhone.e164.in_(phones), counts))]


def _of_inns(s: Session, campaign: CampaignRow, inns: Sequence[str]) -> _Clients:
    return [(row[0], row[1]) for row in s.execute(_in_open_campaigns(campaign).where(Respondent.inn.in_(inns)))]


def _still_listed(s: Session, customer_id: int, clients: _Clients) -> set[int]:
    """Those of the clients whom another entry names."""
    ids = [respondent_id for respondent_id, _ in clients]
    found = listed(s, customer_id, ids)
    by_number = select(RespondentPhone.respondent_id).where(
        RespondentPhone.respondent_id.in_(ids), RespondentPhone.e164.in_(found.numbers), is_live()
    )
    by_inn = select(Respondent.id).where(Respondent.id.in_(ids), Respondent.inn.in_(found.organisations))
    return {*s.scalars(by_number), *s.scalars(by_inn)}
