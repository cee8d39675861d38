"""Nothing of training reaches a report, a letter, the exchange or the budget: the database itself refuses it (R9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from nps.models import CallAttempt, Campaign, Outbox, Respondent, TrainingClient, User
from nps.models.views import VIEWS
from nps.queries import campaigns
from tests import factories
from tests.factories import NOW


@dataclass(frozen=True)
class World:
    """A survey, and beside it a training campaign of the same contract with one practice call."""

    session: Session
    survey: Campaign
    training: Campaign
    operator: User
    client: Respondent
    call: CallAttempt


@pytest.fixture
def world(session: Session) -> World:
    survey = factories.campaign(session)
    training = factories.campaign(
        session, purpose="training", contract_id=survey.contract_id, script_version_id=survey.script_version_id
    )
    operator = factories.member(session, survey)
    client = factories.respondent(session, training)
    call = factories.attempt(session, client, operator, "surveyed", answered_at=NOW, talk_ms=90_000)
    row = {"respondent_id": client.id, "campaign_id": training.id, "purpose": "training", "scenario": "ready"}
    session.execute(insert(TrainingClient).values(operator_id=operator.id, begun_at=NOW, **row))
    session.commit()
    return World(session, survey, training, operator, client, call)


def report_by_another_purpose(world: World) -> None:
    world.session.execute(update(Campaign).where(Campaign.id == world.training.id).values(purpose="survey"))


def report_by_another_purpose_of_an_empty_campaign(world: World) -> None:
    empty = factories.campaign(world.session, purpose="training", contract_id=world.survey.contract_id)
    world.session.execute(update(Campaign).where(Campaign.id == empty.id).values(purpose="survey"))


def report_by_moving_the_client(world: World) -> None:
    world.session.execute(
        update(Respondent).where(Respondent.id == world.client.id).values(campaign_id=world.survey.id)
    )


def report_by_moving_the_call(world: World) -> None:
    moved = {"campaign_id": world.survey.id, "purpose": "survey"}
    world.session.execute(update(CallAttempt).where(CallAttempt.id == world.call.id).values(**moved))


def budget_by_calling_the_call_a_survey(world: World) -> None:
    world.session.execute(update(CallAttempt).where(CallAttempt.id == world.call.id).values(purpose="survey"))


def letter_outside(world: World) -> None:
    letter(world, outside=True, purpose="training")


def letter_outside_as_if_of_a_survey(world: World) -> None:
    letter(world, outside=True, purpose="survey")


def call_by_the_exchange(world: World) -> None:
    world.session.execute(update(CallAttempt).where(CallAttempt.id == world.call.id).values(source="exchange"))


def invented_client_in_a_survey(world: World) -> None:
    invented(world, world.survey.id, "survey")


def invented_client_in_a_survey_called_training(world: World) -> None:
    invented(world, world.survey.id, "training")


def letter(world: World, **fields: object) -> None:
    common = {
        "campaign_id": world.training.id, "kind": "test", "subject_id": 1, "dedupe": "d", "recipient": "a@example.com",
        "message_id": str(uuid4()), "state": "waiting", "created_at": NOW, "phase": "", "tries": 0, "payload": {},
        "server_said": "",
    }  # fmt: skip
    world.session.execute(insert(Outbox).values(**(common | fields)))


def invented(world: World, campaign_id: int, purpose: str) -> None:
    client = factories.respondent(world.session, world.survey)
    row = {"respondent_id": client.id, "operator_id": world.operator.id, "scenario": "ready", "begun_at": NOW}
    world.session.execute(insert(TrainingClient).values(campaign_id=campaign_id, purpose=purpose, **row))


WAYS_OUT = (
    report_by_another_purpose,
    report_by_another_purpose_of_an_empty_campaign,
    report_by_moving_the_client,
    report_by_moving_the_call,
    budget_by_calling_the_call_a_survey,
    letter_outside,
    letter_outside_as_if_of_a_survey,
    call_by_the_exchange,
    invented_client_in_a_survey,
    invented_client_in_a_survey_called_training,
)


@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda way: way.__name__)
def test_the_database_refuses(world: World, way: Callable[[World], None]) -> None:
    with pytest.raises(DatabaseError):
        way(world)
    world.session.rollback()


@pytest.mark.parametrize("view", VIEWS)
def test_the_views_of_the_reports_hold_nothing_of_it(world: World, view: str) -> None:
    assert world.session.execute(text(f"SELECT * FROM {view}")).all() == []


def test_its_seconds_use_up_nothing(world: World) -> None:
    survey = campaigns.campaign_row(world.session, world.survey.id)
    assert campaigns.budget(world.session, survey).used_s == 0


def test_the_same_rows_are_taken_where_they_belong(world: World) -> None:
    letter(world, outside=False, purpose="training")
    world.session.execute(update(CallAttempt).where(CallAttempt.id == world.call.id).values(source="inbound"))
    world.session.execute(update(Campaign).where(Campaign.id == world.training.id).values(purpose="training"))
    world.session.commit()
    assert world.session.scalars(select(TrainingClient.scenario)).all() == ["ready"]
