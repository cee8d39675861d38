"""Seconds of the client's leg (R6): the exchange's clock over the operator's, a manager's word over both."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import StaleError
from nps.domain.telephony import Kind, LineEvent
from nps.extensions import db
from nps.models import CallAttempt, TelephonyEvent
from nps.queries import campaigns
from nps.services import desk, supervision, telephony
from nps.services.desk import Result
from nps.services.form_keys import Form
from tests import factories
from tests.factories import NOW


def event(call: UUID, kind: Kind, second: float, **more: object) -> LineEvent:
    at = NOW + timedelta(seconds=second)
    return LineEvent("asterisk", f"{call}-{kind}", str(call), kind, at, "client-leg", **more)  # type: ignore[arg-type]


def talk(call: UUID) -> list[LineEvent]:
    """Rings for 21 s, talks for 62.4 s."""
    told = ((Kind.DIALLING, 1), (Kind.RINGING, 2), (Kind.ANSWERED, 23), (Kind.HUNG_UP, 85.4))
    return [event(call, kind, second) for kind, second in told]


@pytest.fixture
def call(session: Session) -> UUID:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    return factories.attempt(session, factories.respondent(session, campaign), operator, None).id


def actor_of(session: Session, call: UUID) -> Actor:
    return Actor(session.get_one(CallAttempt, call).operator_id, "operator", "")


def row(session: Session, call: UUID) -> CallAttempt:
    session.rollback()
    return session.get_one(CallAttempt, call)


def test_the_budget_takes_the_clients_leg_and_not_the_buttons(session: Session, call: UUID) -> None:
    """The operator pressed «Клиент ответил» at the pick-up of his own telephone: 20 s that nobody talked."""
    actor = actor_of(session, call)
    desk.answered(db.session, actor, call, Form("a", actor.id, "t", {}), NOW + timedelta(seconds=3))
    telephony.ingest(db.session, talk(call), NOW + timedelta(seconds=86))
    desk.hang_up(db.session, actor, call, Form("b", actor.id, "t", {}), NOW + timedelta(seconds=90))
    desk.settle(db.session, actor, call, Result("hung_up"), Form("c", actor.id, "t", {}), NOW + timedelta(seconds=95))

    attempt = row(session, call)
    assert (attempt.ring_ms, attempt.talk_ms, attempt.clock_gap_ms) == (21_000, 62_400, 20_000)
    campaign = campaigns.campaign_row(session, attempt.campaign_id)
    assert (campaign.billing, campaigns.budget(session, campaign).used_s) == ("minute", 120)


def test_events_that_come_after_the_result_put_the_seconds_right(session: Session, call: UUID) -> None:
    actor = actor_of(session, call)
    desk.answered(db.session, actor, call, Form("a", actor.id, "t", {}), NOW + timedelta(seconds=30))
    desk.settle(db.session, actor, call, Result("hung_up"), Form("c", actor.id, "t", {}), NOW + timedelta(seconds=200))
    assert row(session, call).talk_ms == 170_000

    assert telephony.ingest(db.session, talk(call), NOW + timedelta(hours=1)) == 4
    assert telephony.ingest(db.session, talk(call), NOW + timedelta(hours=2)) == 0

    assert (row(session, call).talk_ms, row(session, call).disposition) == (62_400, "hung_up")


def test_a_managers_correction_with_its_reason_is_never_overwritten(session: Session, call: UUID) -> None:
    actor, manager = actor_of(session, call), factories.user(session, "manager").id
    telephony.ingest(db.session, talk(call)[:3], NOW + timedelta(seconds=30))
    desk.settle(db.session, actor, call, Result("hung_up"), Form("c", actor.id, "t", {}), NOW + timedelta(seconds=200))
    supervision.correct_seconds(db.session, manager, call, 50, "По записи разговора", NOW + timedelta(hours=1))

    telephony.ingest(db.session, talk(call), NOW + timedelta(hours=2))

    assert row(session, call).talk_ms == 50_000
    assert len(session.scalars(select(TelephonyEvent).where(TelephonyEvent.provider == "asterisk")).all()) == 4


def test_an_exchange_that_never_rang_is_no_unanswered_call(session: Session, call: UUID) -> None:
    actor = actor_of(session, call)
    dead = [event(call, Kind.DIALLING, 1), event(call, Kind.HUNG_UP, 40, cause=38)]
    telephony.ingest(db.session, dead, NOW + timedelta(seconds=41))

    with pytest.raises(Exception, match="не меньше 20 секунд"):
        desk.settle(
            db.session, actor, call, Result("no_answer"), Form("a", actor.id, "t", {}), NOW + timedelta(minutes=1)
        )
    desk.settle(db.session, actor, call, Result("technical"), Form("b", actor.id, "t", {}), NOW + timedelta(minutes=1))
    assert (row(session, call).ring_ms, row(session, call).talk_ms) == (0, 0)


def test_nobody_is_connected_without_an_exchange_or_a_call(session: Session, call: UUID) -> None:
    actor, stranger = actor_of(session, call), factories.user(session, "operator").id
    with pytest.raises(Exception, match="только станция"):
        telephony.ask_transfer(db.session, actor, call, 1, NOW)
    with pytest.raises(StaleError):
        telephony.ask_transfer(db.session, Actor(stranger, "operator", ""), call, 1, NOW)
