"""Two people act on one client in the same moment: one is stopped between what he has read and what he writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError
from nps.extensions import db
from nps.models import CallAttempt, Campaign, Interview, Respondent
from nps.services import call_queue, cases, desk, supervision, training
from nps.services.call_queue import Taken
from tests import factories
from tests.conftest import ENGINES
from tests.factories import NOW
from tests.faults.parallel import Stopped, await_condition, in_thread

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)

#: The first word of an act that a hold is changed by.
_WRITES_HOLD = re.compile(r"\s*(UPDATE respondent|DELETE FROM claim_key)")


class Floor:
    """An operator who is shown a client, and the campaign he could go to instead."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.app = app
        campaign = factories.campaign(session)
        self.campaign_id, self.other_id = campaign.id, factories.campaign(session, title="Другой").id
        operator = factories.member(session, campaign)
        factories.member(session, factories.campaign(session, title="Третий"), operator)
        factories.member(session, session.get_one(type(campaign), self.other_id), operator)
        self.manager = factories.user(session, "manager").id
        self.actor = Actor(operator.id, "operator", operator.full_name, spoken_name="Ольга")
        for _ in range(3):
            factories.respondent(session, campaign)
        desk.start_shift(session, self.actor, self.campaign_id, "Ольга", NOW)
        self.client_id = self.take(session)

    def take(self, session: Session) -> int:
        taken = call_queue.take_next(session, self.actor.id, self.campaign_id, NOW)
        assert isinstance(taken, Taken)
        return taken.respondent_id

    def dial(self) -> None:
        desk.dial(db.session, self.actor, self.client_id, NOW + timedelta(minutes=2))

    def settled_before(self, session: Session) -> None:
        """A call is over, its result can be corrected, the next client is shown."""
        call = desk.dial(session, self.actor, self.client_id, NOW)
        later = NOW + timedelta(seconds=40)
        desk.settle(session, self.actor, call, desk.Result("no_answer"), later)
        self.client_id = self.take(session)

    def practising(self, session: Session) -> None:
        training.begin(session, self.actor, self.campaign_id, "ready", NOW)
        held = session.scalar(select(Respondent.id).where(Respondent.held_by == self.actor.id))
        assert held is not None
        self.client_id = held


@pytest.fixture
def floor(app: Flask, session: Session) -> Floor:
    return Floor(app, session)


ACTS: dict[str, tuple[Callable[[Floor], None], Callable[[Floor, Session], None] | None]] = {
    "pause": (lambda f: desk.pause(db.session, f.actor, "break", NOW), None),
    "end_shift": (lambda f: desk.end_shift(db.session, f.actor, NOW), None),
    "shift_elsewhere": (lambda f: void(desk.start_shift(db.session, f.actor, f.other_id, "Ольга", NOW)), None),
    "free": (lambda f: cases.free(db.session, f.manager, f.client_id, NOW), None),
    "return": (lambda f: call_queue.return_client(db.session, f.actor.id, f.client_id, "other", NOW), None),
    "last_result": (
        lambda f: desk.show_last_result(db.session, f.actor, NOW + timedelta(seconds=41)),
        Floor.settled_before,
    ),
    "leave_training": (lambda f: desk.end_shift(db.session, f.actor, NOW), Floor.practising),
}


def void(_: object) -> None:
    """An act whose answer nobody needs."""


def orphans(session: Session) -> list[int]:
    """Clients with an open call whom its operator does not hold."""
    session.rollback()
    return list(
        session.scalars(
            select(Respondent.id)
            .join(CallAttempt, CallAttempt.respondent_id == Respondent.id)
            .where(CallAttempt.closed_at.is_(None), Respondent.held_by.is_distinct_from(CallAttempt.operator_id))
        )
    )


@contextmanager
def meeting(app: Flask, session: Session, first: Callable[[], None], second: Callable[[], None]) -> Iterator[list[Any]]:
    """`first` stands before it writes a hold; `second` runs until it is done or waits for a lock; `first` goes on."""
    session.rollback()
    with Stopped(db.engine, _WRITES_HOLD) as stopped:
        one = in_thread(app, first, stopped)
        stopped.await_arrival()
        two = in_thread(app, second)
        await_condition(lambda: not two.is_alive() or waits_for_lock(session))
        stopped.go_on()
        yield [one.outcome(), two.outcome()]


def waits_for_lock(session: Session) -> bool:
    session.rollback()
    return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.mark.parametrize("first", ["act", "dial"])
@pytest.mark.parametrize("act", ACTS)
def test_a_client_who_is_being_dialled_stays_with_his_operator(
    floor: Floor, session: Session, act: str, first: str
) -> None:
    press, before = ACTS[act]
    if before is not None:
        before(floor, session)
    pair = [partial(press, floor), floor.dial]
    with meeting(floor.app, session, *(pair if first == "act" else reversed(pair))) as outcomes:
        assert orphans(session) == []
    # Whoever came second was told, in words.
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 1
    assert isinstance(refused[0], DomainError)


def test_a_manager_who_settles_a_living_call_sees_the_answer_that_was_on_its_way(
    floor: Floor, session: Session
) -> None:
    floor.dial()
    call = session.scalars(select(CallAttempt.id)).one()
    at = NOW + timedelta(minutes=3)
    desk.answered(session, floor.actor, call, at)
    desk.answer(session, floor.actor, call, "greeting", "yes", at)
    session.rollback()
    with Stopped(db.engine, re.compile(r"\s*INSERT INTO answer")) as stopped:
        rates = in_thread(floor.app, lambda: desk.answer(db.session, floor.actor, call, "rating", "9", at), stopped)
        stopped.await_arrival()
        settles = in_thread(
            floor.app,
            lambda: supervision.settle_for_operator(db.session, floor.manager, call, desk.Result("surveyed"), at),
        )
        await_condition(lambda: not settles.is_alive() or waits_for_lock(session))
        stopped.go_on()
        assert [rates.outcome(), settles.outcome()] == [None, None]
    session.rollback()
    assert session.scalars(select(Interview.rating)).one() == 9


def test_a_lease_that_is_renewed_in_the_last_moment_is_not_taken_for_lapsed(floor: Floor, session: Session) -> None:
    campaign = session.get_one(Campaign, floor.campaign_id)
    other = factories.on_shift(session, campaign).id
    lapsed = NOW + call_queue.LEASE + timedelta(seconds=1)
    with Stopped(db.engine, _WRITES_HOLD) as stopped:
        taking = in_thread(
            floor.app, lambda: void(call_queue.take_next(db.session, other, floor.campaign_id, lapsed)), stopped
        )
        stopped.await_arrival()
        assert call_queue.renew(session, floor.actor.id, lapsed - timedelta(seconds=2))
        stopped.go_on()
        assert taking.outcome() is None
    session.expire_all()
    assert session.get_one(Respondent, floor.client_id).held_by == floor.actor.id
