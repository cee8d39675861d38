"""The training desk: an operator practises the real desk and script on invented clients (R9)."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.local_time import OFFICE_ZONE, Zone, to_local
from nps.domain.training import SCENARIOS
from nps.models import Campaign, Contract, Respondent, Shift, TrainingClient
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.services import invented
from nps.services.acting import Act, act
from nps.services.call_queue import LEASE_WITHOUT_SCRIPT, free_lapsed, hold, release_shown
from nps.services.desk.shifts import has_open_call, open_in
from nps.services.transaction import AnySession

#: A training campaign serves so long; then the next one begins.
_LASTS = timedelta(days=365)
#: Its first day lies back: the time of a practice call can be moved there.
_BEGINS_BEFORE = timedelta(days=30)
#: A repeat "on the next day" may need the day and then its hour.
_MOST_MOVES = 5


def begin(
    session: AnySession, actor: Actor, campaign_id: int, scenario: str, now: datetime, office_zone: Zone = OFFICE_ZONE
) -> None:
    """Lay an invented client of this scenario on the operator's desk, by the script of one of his campaigns.

    His shift in a real campaign ends. The training campaign of the contract is made when there is none. Raises
    NotFoundError for a campaign that is not his, StaleError while a call of his has no result.
    """
    if scenario not in SCENARIOS:
        raise NotFoundError("Такого сценария нет. Выберите один из показанных.")
    # A training campaign that has to be made is the system's: an operator makes none.
    with act(session, None, now, claims=True) as a:
        real = campaigns.campaign_for(a.s, actor, campaign_id)
        if real is None or real.purpose == "training" or real.closed_at is not None:
            raise NotFoundError("Такого проекта у вас нет.")
        _refuse_open_call(a.s, actor.id)
        free_lapsed(a.s, now)
        practice = _practice(a, real, to_local(now, office_zone).date())
        shift = open_in(a.s, actor.id, practice.id, actor.spoken_name or actor.full_name.split()[0], now)
        invented.put_away(a.s, actor.id, practice, now)
        _show(a, shift, invented.add(a.s, practice, actor.id, scenario, now))


def wait(session: AnySession, actor: Actor, now: datetime) -> None:
    """Move the time of the invented client on until he is to be called again, and lay his card on the desk.

    Raises StaleError when the operator is not at training, or nobody of his waits for a call.
    """
    with act(session, actor.id, now, claims=True) as a:
        free_lapsed(a.s, now)
        shift, practice = _training_shift(a.s, actor.id)
        client = _waiting(a.s, actor.id, practice.id)
        _refuse_open_call(a.s, actor.id)
        _move(a.s, client, practice, now)
        _show(a, shift, client)


def _refuse_open_call(s: Session, operator_id: int) -> None:
    if has_open_call(s, operator_id):
        raise StaleError("open_call", "Сначала выберите итог звонка на рабочем месте.")


def _training_shift(s: Session, operator_id: int) -> tuple[Shift, CampaignRow]:
    shift = campaigns.open_shift(s, operator_id)
    campaign = campaigns.campaign_row(s, shift.campaign_id) if shift is not None else None
    if shift is None or campaign is None or campaign.purpose != "training":
        raise StaleError("no_training", "Тренировка закончена. Выберите сценарий, чтобы начать снова.")
    return shift, campaign


def _waiting(s: Session, operator_id: int, campaign_id: int) -> Respondent:
    """The invented client this operator has still to call."""
    client = s.scalars(
        select(Respondent)
        .join(TrainingClient, TrainingClient.respondent_id == Respondent.id)
        .where(TrainingClient.operator_id == operator_id, TrainingClient.campaign_id == campaign_id)
        .where(Respondent.state == "waiting", Respondent.next_call_at.is_not(None))
        .order_by(Respondent.id.desc())
        .limit(1)
    ).one_or_none()
    if client is None:
        raise StaleError("nobody_waits", "Этому клиенту звонить больше не нужно. Выберите следующий сценарий.")
    return client


def _move(s: Session, client: Respondent, practice: CampaignRow, now: datetime) -> None:
    for _ in range(_MOST_MOVES):
        if client.next_call_at is None or client.next_call_at <= now:
            return
        invented.pass_time(s, client, client.next_call_at - now, practice)
        s.refresh(client)
    raise DomainError("too_far", "До следующего звонка слишком далеко. Выберите следующий сценарий.")


def _show(a: Act, shift: Shift, client: Respondent) -> None:
    if release_shown(a.s, Respondent.held_by == shift.user_id):
        a.s.refresh(client)
    hold(a.s, client, shift.user_id, a.now + LEASE_WITHOUT_SCRIPT, secrets.token_hex(16))
    shift.shown_result_id = None


def _practice(a: Act, real: CampaignRow, today: date) -> CampaignRow:
    """The training campaign of a contract, by the script of the campaign that is trained for."""
    campaign = a.s.scalars(
        select(Campaign)
        .where(Campaign.contract_id == real.contract_id, Campaign.purpose == "training")
        .where(Campaign.closed_at.is_(None), Campaign.paused_at.is_(None), Campaign.ends_on >= today)
        .order_by(Campaign.id)
        .limit(1)
    ).one_or_none()
    if campaign is None:
        campaign = _new_practice(a, real, today)
    campaign.script_version_id = real.script_version_id
    a.s.flush()
    return campaigns.campaign_row(a.s, campaign.id)


def _new_practice(a: Act, real: CampaignRow, today: date) -> Campaign:
    number = a.s.scalar(select(Contract.number).where(Contract.id == real.contract_id))
    campaign = Campaign(
        contract_id=real.contract_id,
        title=f"Тренировка, договор {number}",
        purpose="training",
        always_open=True,
        starts_on=today - _BEGINS_BEFORE,
        ends_on=today + _LASTS,
        script_version_id=real.script_version_id,
        setup_allowance_s=real.setup_allowance_s,
        admission="off",
        legal_basis="Все клиенты выдуманы, персональных данных нет",
        created_at=a.now,
    )
    a.s.add(campaign)
    a.s.flush()
    after = {"purpose": "training", "contract": real.contract_id}
    a.record("campaign_created", "campaign", campaign.id, campaign_id=campaign.id, after=after)
    return campaign
