"""Rows the database itself refuses, by plain SQL past every service (design/data_model.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from nps.extensions import Base
from nps.models import (
    AccessLog,
    CallAttempt,
    Campaign,
    ClaimKey,
    Escalation,
    FrozenReport,
    Interview,
    Journal,
    Outbox,
    Recording,
    Respondent,
    ScriptVersion,
    User,
)
from tests import factories
from tests.factories import NOW


@dataclass(frozen=True)
class World:
    """One client with a call that is going on, and another with one that is settled."""

    session: Session
    campaign: Campaign
    operator: User
    waiting: Respondent
    spoken: Respondent
    going_on: CallAttempt
    settled: CallAttempt

    def copy_of(self, row: Base, **changes: object) -> None:
        """Insert a row with the values of another, but for its key and `changes`."""
        table = row.__table__
        assert isinstance(table, Table)
        values = {column.name: getattr(row, column.name) for column in table.columns if column.name != "id"}
        self.session.execute(insert(table).values(**(values | changes)))


@pytest.fixture
def world(session: Session) -> World:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    waiting, spoken = factories.respondent(session, campaign), factories.respondent(session, campaign)
    settled = factories.attempt(session, spoken, operator, "surveyed")
    going_on = factories.attempt(session, waiting, operator, None)
    return World(session, campaign, operator, waiting, spoken, going_on, settled)


def interview(world: World, **changes: object) -> None:
    values = {
        "respondent_id": world.spoken.id,
        "attempt_id": world.settled.id,
        "script_version_id": world.campaign.script_version_id,
        "rating": 9,
        "words": "",
        "comment": "",
        "cut_off": False,
        "completed_at": NOW,
    }
    world.session.execute(insert(Interview).values(**(values | changes)))


def letter(world: World, **changes: object) -> None:
    values = {
        "campaign_id": world.campaign.id,
        "purpose": "survey",
        "outside": True,
        "kind": "test",
        "subject_id": 1,
        "dedupe": str(uuid4()),
        "recipient": "a@example.com",
        "message_id": str(uuid4()),
        "state": "waiting",
        "created_at": NOW,
        "phase": "",
        "tries": 0,
        "payload": {},
        "server_said": "",
    }
    world.session.execute(insert(Outbox).values(**(values | changes)))


def journal_line(world: World) -> None:
    world.session.execute(
        insert(Journal).values(at=NOW, action="x", object_kind="campaign", object_id="1", before={}, after={})
    )
    world.session.execute(
        insert(AccessLog).values(at=NOW, action="x", object_kind="campaign", object_id="1", address="")
    )


def second_open_call_of_a_client(world: World) -> None:
    other = factories.member(world.session, world.campaign)
    world.copy_of(world.going_on, id=uuid4(), operator_id=other.id)


def second_open_call_of_an_operator(world: World) -> None:
    world.copy_of(world.going_on, id=uuid4(), respondent_id=world.spoken.id)


def second_questionnaire_of_a_client(world: World) -> None:
    interview(world)
    interview(world, attempt_id=world.going_on.id)


def two_recordings_of_a_call(world: World) -> None:
    from nps.models import Audio

    world.session.execute(insert(Audio).values(sha256="0" * 64, path="a", size=1, mime="audio/wav", stored_at=NOW))
    row = {"attempt_id": world.settled.id, "audio_sha256": "0" * 64, "state": "matched", "added_at": NOW}
    row |= {"match_rule": "", "source_name": ""}
    for _ in range(2):
        world.session.execute(insert(Recording).values(**row))


def same_phone_with_two_operators(world: World) -> None:
    for client in (world.waiting, world.spoken):
        world.session.execute(
            insert(ClaimKey).values(key="p:+79170000000", respondent_id=client.id, operator_id=world.operator.id)
        )


def outside_letter_of_a_demo(world: World) -> None:
    demo = factories.campaign(world.session, purpose="demo", contract_id=world.campaign.contract_id)
    letter(world, campaign_id=demo.id, purpose="demo")


def outside_letter_of_a_demo_that_says_survey(world: World) -> None:
    demo = factories.campaign(world.session, purpose="demo", contract_id=world.campaign.contract_id)
    letter(world, campaign_id=demo.id, purpose="survey")


def escalation_with_another_purpose(world: World) -> None:
    world.session.execute(
        insert(Escalation).values(
            campaign_id=world.campaign.id,
            purpose="training",
            respondent_id=world.spoken.id,
            raised_by=world.operator.id,
            created_at=NOW,
            organisation="",
            inn="",
            contact="",
            phone="",
            email="",
            text="?",
            state="open",
            wished_time="",
            resolution="",
        )
    )


def around_the_clock_survey(world: World) -> None:
    world.session.execute(update(Campaign).values(always_open=True))


def changed_script(world: World) -> None:
    world.session.execute(update(ScriptVersion).values(body={}))


def deleted_script(world: World) -> None:
    world.session.execute(delete(ScriptVersion))


def changed_journal(world: World) -> None:
    journal_line(world)
    world.session.execute(update(Journal).values(action="y"))


def deleted_journal(world: World) -> None:
    journal_line(world)
    world.session.execute(delete(Journal))


def changed_access_log(world: World) -> None:
    journal_line(world)
    world.session.execute(update(AccessLog).values(action="y"))


def deleted_access_log(world: World) -> None:
    journal_line(world)
    world.session.execute(delete(AccessLog))


def frozen_report(world: World, **changes: object) -> None:
    values = {
        "campaign_id": world.campaign.id,
        "purpose": "survey",
        "kind": "wave",
        "taken_at": NOW,
        "taken_by": world.operator.id,
        "edition": 1,
        "figures": {},
        "digest": "0" * 64,
    }
    world.session.execute(insert(FrozenReport).values(**(values | changes)))


def changed_frozen_report(world: World) -> None:
    frozen_report(world)
    world.session.execute(update(FrozenReport).values(figures={"all": []}))


def deleted_frozen_report(world: World) -> None:
    frozen_report(world)
    world.session.execute(delete(FrozenReport))


def second_frozen_report_of_a_wave(world: World) -> None:
    frozen_report(world)
    frozen_report(world)


def frozen_report_of_half_a_period(world: World) -> None:
    frozen_report(world, kind="period", first_day=NOW.date())


def frozen_report_of_training(world: World) -> None:
    practice = factories.campaign(world.session, purpose="training", contract_id=world.campaign.contract_id)
    frozen_report(world, campaign_id=practice.id, purpose="training")


def empty_inn(world: World) -> None:
    world.session.execute(update(Respondent).values(inn=""))


def same_client_twice(world: World) -> None:
    world.copy_of(world.waiting)


def final_client_with_a_due_time(world: World) -> None:
    world.session.execute(update(Respondent).values(state="surveyed", next_call_at=NOW))


def closed_call_without_a_result(world: World) -> None:
    world.session.execute(update(CallAttempt).values(closed_at=NOW, disposition=None))


def dial_of_a_client_without_a_region(world: World) -> None:
    world.copy_of(world.settled, id=uuid4(), region_code=None)


def unknown_result(world: World) -> None:
    world.session.execute(update(CallAttempt).values(closed_at=NOW, disposition="guess"))


def customer_without_an_organisation(world: World) -> None:
    world.session.execute(update(User).values(role="customer", customer_id=None))


def rating_eleven(world: World) -> None:
    interview(world, rating=11)


def client_of_nowhere(world: World) -> None:
    world.copy_of(world.waiting, identity="other", campaign_id=10_000)
    world.session.execute(select(Respondent))


FORBIDDEN: list[Callable[[World], None]] = [
    second_open_call_of_a_client,
    second_open_call_of_an_operator,
    second_questionnaire_of_a_client,
    two_recordings_of_a_call,
    same_phone_with_two_operators,
    outside_letter_of_a_demo,
    outside_letter_of_a_demo_that_says_survey,
    escalation_with_another_purpose,
    around_the_clock_survey,
    changed_script,
    deleted_script,
    changed_journal,
    deleted_journal,
    changed_access_log,
    deleted_access_log,
    changed_frozen_report,
    deleted_frozen_report,
    second_frozen_report_of_a_wave,
    frozen_report_of_half_a_period,
    frozen_report_of_training,
    empty_inn,
    same_client_twice,
    final_client_with_a_due_time,
    closed_call_without_a_result,
    dial_of_a_client_without_a_region,
    unknown_result,
    customer_without_an_organisation,
    rating_eleven,
    client_of_nowhere,
]


@pytest.mark.parametrize("act", FORBIDDEN, ids=lambda act: act.__name__)
def test_the_database_refuses(world: World, act: Callable[[World], None]) -> None:
    with pytest.raises(DatabaseError):
        act(world)
    world.session.rollback()


def test_the_same_rows_without_their_fault_are_taken(world: World) -> None:
    interview(world)
    letter(world)
    journal_line(world)
    frozen_report(world)
    frozen_report(world, kind="period", first_day=NOW.date(), last_day=NOW.date())
    world.session.commit()
