"""A client is connected with a branch (R19), through a real exchange."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from nps.domain.actor import Actor
from nps.extensions import db
from nps.models import BranchContact
from nps.services import telephony
from tests import factories
from tests.exchange.house import House
from tests.exchange.peer import Plays
from tests.exchange.test_calls import CLIENT

BRANCH = "+73412000001"


@pytest.fixture
def talk(house: House) -> UUID:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2))
    house.until(lambda: house.attempt(call).answered_at is not None)
    return call


def connect(house: House, call: UUID, plays: Plays) -> None:
    house.carrier.plays[BRANCH[1:]] = plays
    owner = factories.session_customer(house.session, house.campaign_id)
    contact = BranchContact(customer_id=owner, department="Склад", person="Иванова", phone=f"{BRANCH} доб. 101")
    house.session.add(contact)
    house.session.commit()
    actor = Actor(house.operator.id, "operator", "")
    telephony.ask_transfer(db.session, actor, call, contact.id, datetime.now(UTC))
    house.carrier.wait_for(lambda: BRANCH[1:] in {dialog.number for dialog in house.carrier.dialogs[house.dialled :]})


def test_the_client_talks_with_the_branch_and_the_operator_is_free(house: House, talk: UUID) -> None:
    connect(house, talk, Plays([(0, 180)], then=0.2, talks=0.6))
    house.phone.wait_for(lambda: house.phone.dialogs[-1].over.is_set())
    assert not [dialog for dialog in house.carrier.dialogs if dialog.number == CLIENT[1:]][-1].over.is_set()
    house.carrier.wait_for(lambda: house.carrier.dialogs[-1].over.is_set())
    house.carrier.wait_for(lambda: "ended" in house.carrier.times(CLIENT[1:]))
    assert len(house.phone.dialogs) == 1


@pytest.mark.parametrize("branch", [Plays(final=486), Plays([(0, 180)], then=0.3, final=480)], ids=["busy", "silent"])
def test_a_branch_that_does_not_answer_brings_the_client_back(house: House, talk: UUID, branch: Plays) -> None:
    connect(house, talk, branch)
    house.phone.wait_for(lambda: len([heard for heard in house.phone.log if heard.what == "ACK"]) == 2)
    client = [dialog for dialog in house.carrier.dialogs if dialog.number == CLIENT[1:]][-1]
    assert not client.over.is_set(), "nobody has hung up on him"
    house.phone.hang_up()
    house.carrier.wait_for(client.over.is_set)
