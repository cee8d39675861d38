"""A wave is closed while others work: at once for everybody, its report counted when nobody waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, inspect, select
from sqlalchemy.orm import Session

from nps.domain.errors import StaleError
from nps.extensions import db
from nps.models import Appointment, AttemptOutcome, Campaign, FrozenReport, Respondent, RespondentPhone
from nps.queries import campaigns as queries
from nps.services import call_queue, cases, sweep
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.factories import NOW
from tests.races.held import after_commit, before, beside, on_postgres, somebody_waits


def folded(session: Session, campaign_id: int) -> None:
    with write(session) as s:
        lock_claims(s)
        campaign = queries.campaign_row(s, campaign_id)
        ids = s.scalars(select(Respondent.id).where(Respondent.campaign_id == campaign_id)).all()
        cases.refold_many(s, ids, campaign, queries.calendars(s, campaign))


@pytest.fixture
def wave(session: Session) -> Campaign:
    """A new client, one missed once, one with a promise, one for the manager, one held."""
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    _new, missed, promised, asked = [factories.respondent(session, campaign) for _ in range(4)]
    before_now = NOW - timedelta(hours=2)
    factories.attempt(session, missed, operator, "no_answer", at=before_now)
    call = factories.attempt(session, promised, operator, "callback", at=before_now)
    session.scalars(select(AttemptOutcome).where(AttemptOutcome.attempt_id == call.id)).one().callback_at = NOW
    session.commit()
    factories.attempt(session, asked, operator, "not_client", at=before_now)
    folded(session, campaign.id)
    call_queue.take_next(session, operator.id, campaign.id, NOW - timedelta(minutes=30))
    session.rollback()
    return session.get_one(Campaign, campaign.id)


def rows(session: Session, model: type[Any]) -> list[dict[str, Any]]:
    session.rollback()
    return [
        {column.key: getattr(row, column.key) for column in inspect(model).column_attrs}
        for row in session.scalars(select(model).order_by(model.id), execution_options={"populate_existing": True})
    ]


def test_what_closing_writes_is_what_the_history_says(session: Session, wave: Campaign) -> None:
    campaign_id, manager = wave.id, factories.user(session, "manager").id
    assert session.execute(select(func.count()).where(Respondent.held_by.is_not(None))).scalar_one() == 1
    assert session.scalars(select(Appointment.state)).all() == ["open"]
    assert cases.close_campaign(session, manager, campaign_id, NOW) == 4
    written = [rows(session, model) for model in (Respondent, RespondentPhone, Appointment)]
    assert {row["state"] for row in written[0]} == {"unreached"}
    assert {row["held_by"] for row in written[0]} == {None}
    assert [row["state"] for row in written[2]] == ["dropped"]

    folded(session, campaign_id)

    assert [rows(session, model) for model in (Respondent, RespondentPhone, Appointment)] == written


def test_closing_takes_no_more_statements_for_more_clients(session: Session) -> None:
    manager, counts = factories.user(session, "manager").id, []

    def count(*_: Any) -> None:
        counts[-1] += 1

    for size in (3, 30):
        campaign = factories.campaign(session)
        for _ in range(size):
            factories.respondent(session, campaign)
        counts.append(0)
        session.rollback()
        event.listen(db.engine, "before_cursor_execute", count)
        cases.close_campaign(session, manager, campaign.id, NOW)
        event.remove(db.engine, "before_cursor_execute", count)
    assert counts[0] == counts[1]


def test_others_work_while_the_report_of_a_closed_wave_is_counted(app: Flask, session: Session, wave: Campaign) -> None:
    manager, campaign_id = factories.user(session, "manager").id, wave.id
    other = factories.campaign(session)
    operator, waiting, other_id = (
        factories.on_shift(session, other).id,
        factories.respondent(session, other).id,
        other.id,
    )
    session.rollback()
    with after_commit(app, lambda s: cases.close_campaign(s, manager, campaign_id, NOW), nth=2):
        assert session.get_one(Campaign, campaign_id).closed_at == NOW
        assert session.scalars(select(FrozenReport)).all() == []
        assert call_queue.take_next(session, operator, other_id, NOW) == call_queue.Taken(waiting)
    session.rollback()
    kept = session.scalars(select(FrozenReport)).one()
    assert (kept.campaign_id, kept.taken_at, kept.taken_by) == (campaign_id, NOW, manager)


def test_a_report_that_was_cut_short_is_kept_by_the_sweepers_nudge_and_only_once(
    session: Session, wave: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, campaign_id = factories.user(session, "manager").id, wave.id

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("nps.services.frozen_reports._figures", dies)
        cases.close_campaign(session, manager, campaign_id, NOW)
    session.rollback()
    assert session.get_one(Campaign, campaign_id).closed_at == NOW
    assert [nudge.id for nudge in sweep.due(session, NOW) if nudge.job == cases.GO_ON_JOB] == [campaign_id]
    with pytest.raises(StaleError):
        cases.close_campaign(session, manager, campaign_id, NOW)

    for _ in range(2):
        cases.go_on(session, campaign_id)

    kept = session.scalars(select(FrozenReport)).one()
    assert (kept.taken_at, kept.taken_by) == (NOW, manager)
    session.rollback()
    assert [nudge for nudge in sweep.due(session, NOW) if nudge.job == cases.GO_ON_JOB] == []


@on_postgres
def test_two_who_close_at_once_keep_one_report(app: Flask, session: Session, wave: Campaign) -> None:
    manager, campaign_id = factories.user(session, "manager").id, wave.id
    session.rollback()
    with (
        before(app, "INSERT INTO frozen_report", lambda s: cases.close_campaign(s, manager, campaign_id, NOW)) as one,
        beside(app, lambda s: cases.go_on(s, campaign_id)) as other,
    ):
        somebody_waits(db.engine, other)
        one.result()
        other.result()
    session.rollback()
    assert len(session.scalars(select(FrozenReport)).all()) == 1
