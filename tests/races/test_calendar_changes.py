"""A manager changes the calendar of thousands of clients while others call."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.calling_window import Window
from nps.extensions import db
from nps.models import Campaign, Respondent
from nps.services import call_queue, campaigns, cases, sweep
from nps.services.cases import folding, turns
from tests import factories
from tests.factories import NOW
from tests.races.held import after_commit, before, beside, on_postgres, somebody_waits

CLIENTS = 7
LATER = {
    region: [Window(2, time(15), time(17))] for region in ("udmurtia", "tatarstan", "bashkiria", "chuvashia", "perm")
}
#: The first opening of LATER in Udmurtia.
OPENS = datetime(2026, 11, 18, 11, tzinfo=UTC)


@pytest.fixture(autouse=True)
def turns_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the base were a hundred times as large."""
    monkeypatch.setattr(folding, "TURN", 2)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    campaign = factories.campaign(session)
    for _ in range(CLIENTS):
        factories.respondent(session, campaign, loaded_at=NOW, next_call_at=NOW)
    return campaign


def moved(session: Session, campaign_id: int) -> int:
    session.rollback()
    there = Respondent.campaign_id == campaign_id, Respondent.next_call_at == OPENS
    return session.execute(select(func.count()).where(*there)).scalar_one()


def save(session: Session, campaign_id: int, manager: int) -> int:
    return campaigns.set_windows(session, manager, campaign_id, LATER, NOW)


def test_others_work_between_the_turns_of_a_long_change(app: Flask, session: Session, campaign: Campaign) -> None:
    manager, campaign_id = factories.user(session, "manager").id, campaign.id
    other = factories.campaign(session)
    waiting, operator = factories.respondent(session, other).id, factories.on_shift(session, other).id
    other_id = other.id
    with after_commit(app, lambda s: save(s, campaign_id, manager), nth=2):
        assert moved(session, campaign_id) == 2
        assert call_queue.take_next(session, operator, other_id, NOW) == call_queue.Taken(waiting)
    assert moved(session, campaign_id) == CLIENTS


def test_a_change_that_was_cut_short_is_finished_by_the_sweepers_nudge(
    app: Flask, session: Session, campaign: Campaign
) -> None:
    manager, campaign_id = factories.user(session, "manager").id, campaign.id
    session.rollback()

    def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(turns, "decide_some", dies)
        save(session, campaign_id, manager)
    assert moved(session, campaign_id) == 0
    (nudge,) = [nudge for nudge in sweep.due(session, NOW) if nudge.job == cases.GO_ON_JOB]
    assert nudge.id == campaign_id

    cases.go_on(session, campaign_id)
    assert moved(session, campaign_id) == CLIENTS
    assert [nudge for nudge in sweep.due(session, NOW) if nudge.job == cases.GO_ON_JOB] == []


@on_postgres
def test_a_change_of_windows_waits_for_an_act_and_takes_nothing_from_it(
    app: Flask, session: Session, campaign: Campaign
) -> None:
    """The act has a client's row and goes for the campaign's; the change must not stand with them the other way."""
    manager, campaign_id = factories.user(session, "manager").id, campaign.id
    client = session.scalars(select(Respondent.id).where(Respondent.campaign_id == campaign_id)).first()
    assert client is not None
    session.rollback()

    def refuse(s: Session) -> None:
        cases.decide_case(s, manager, client, "refused", "просил", NOW)

    with (
        before(app, "INSERT INTO journal", refuse) as act,
        beside(app, lambda s: save(s, campaign_id, manager)) as change,
    ):
        somebody_waits(db.engine, change)
        act.result()
        change.result()
    session.rollback()
    assert session.get_one(Respondent, client).state == "refused"
    assert moved(session, campaign_id) == CLIENTS - 1


@on_postgres
def test_a_dial_does_not_wait_for_whoever_assigns_people(app: Flask, session: Session, campaign: Campaign) -> None:
    """Rows that name the campaign are written while its settings are open."""
    manager, operator, campaign_id = (
        factories.user(session, "manager").id,
        factories.user(session, "operator").id,
        campaign.id,
    )
    session.rollback()
    with before(
        app, "INSERT INTO campaign_member", lambda s: campaigns.assign(s, manager, campaign_id, operator, 1, NOW)
    ):
        factories.respondent(session, session.get_one(Campaign, campaign_id))
