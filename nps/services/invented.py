"""Invented clients (R9): made for one operator, let go of afterwards, and the time that passes for them alone.

Inside the caller's transaction throughout.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.case import QueueClass
from nps.domain.local_time import ZONES, to_local
from nps.domain.search import fold
from nps.domain.training import PERSONAS
from nps.domain.wording import greeting_name
from nps.models import (
    AttemptOutcome,
    CallAttempt,
    CaseEvent,
    Respondent,
    RespondentPhone,
    Shift,
    TelephonyEvent,
    TrainingClient,
)
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.services import call_queue, cases

#: No such code is given out in Russia: a call to it reaches nobody, whoever dials it by mistake.
_NOBODYS_CODE = "+7000"
_TIMES_OF_CALL = (
    "dialled_at", "ringing_at", "answered_at", "consent_at", "farewell_at", "ended_at", "closed_at", "last_activity_at",
)  # fmt: skip


def add(session: Session, campaign: CampaignRow, operator_id: int, scenario: str, now: datetime) -> Respondent:
    """Make a client who behaves by the scenario, for this operator only; waiting, in nobody's hands."""
    persona = secrets.choice(PERSONAS)
    client = Respondent(
        campaign_id=campaign.id,
        region_code=secrets.choice(sorted(ZONES)),
        organisation=persona.organisation,
        contact=persona.contact,
        greeting_name=greeting_name(persona.contact),
        search_fold=fold(f"{persona.organisation} {persona.contact}"),
        identity=f"training:{secrets.token_hex(8)}",
        loaded_at=now,
        state="waiting",
        queue_class=int(QueueClass.NEW),
        next_call_at=now,
        next_reason={"code": "new"},
    )
    session.add(client)
    session.flush()
    number = f"{_NOBODYS_CODE}{client.id % 10**7:07}"
    session.add(RespondentPhone(respondent_id=client.id, position=0, e164=number, is_next=True))
    session.add(
        TrainingClient(
            respondent_id=client.id,
            campaign_id=campaign.id,
            purpose="training",
            operator_id=operator_id,
            scenario=scenario,
            begun_at=now,
        )
    )
    session.flush()
    return client


def put_away(session: Session, operator_id: int, campaign: CampaignRow, now: datetime) -> None:
    """Let go of the operator's invented clients that are still to be called: nobody waits for their promises."""
    waiting = session.scalars(
        select(Respondent)
        .join(TrainingClient, TrainingClient.respondent_id == Respondent.id)
        .where(TrainingClient.operator_id == operator_id, TrainingClient.campaign_id == campaign.id)
        .where(Respondent.state.in_(("waiting", "manager")))
    ).all()
    for client in waiting:
        call_queue.release(session, client.id)
        cases.add_event(session, client.id, "withdrawn", at=now, by=operator_id)
    cases.refold_many(session, [client.id for client in waiting], campaign, campaigns.calendars(session, campaign))


def pass_time(session: Session, client: Respondent, by: timedelta, campaign: CampaignRow) -> None:
    """So much time passes for this client: everything that happened to him lies so much further back.

    The clock itself stays as it is: leases, logins and everybody else's calls never hear of it.
    """
    calendars = campaigns.calendars(session, campaign)
    zone = calendars[client.region_code or ""].zone
    client.loaded_at -= by
    calls = session.scalars(select(CallAttempt).where(CallAttempt.respondent_id == client.id)).all()
    for call in calls:
        for name in _TIMES_OF_CALL:
            at = getattr(call, name)
            setattr(call, name, at - by if at is not None else None)
        local = to_local(call.dialled_at, zone)
        call.local_day, call.local_minute = local.date(), local.hour * 60 + local.minute
    own = [call.id for call in calls]
    for outcome in session.scalars(select(AttemptOutcome).where(AttemptOutcome.attempt_id.in_(own))):
        outcome.at -= by
        outcome.callback_at = outcome.callback_at - by if outcome.callback_at else None
    for event in session.scalars(select(TelephonyEvent).where(TelephonyEvent.attempt_id.in_(own))):
        event.at -= by
    for happened in session.scalars(select(CaseEvent).where(CaseEvent.respondent_id == client.id)):
        happened.at -= by
    cases.refold(session, client.id, campaign, calendars)


def leave(session: Session, shift: Shift, now: datetime) -> None:
    """The shift ends: of a training shift nothing is left to be called; of a real one everything stays."""
    campaign = campaigns.campaign_row(session, shift.campaign_id)
    if campaign.purpose == "training":
        put_away(session, shift.user_id, campaign, now)
