"""Calls through an exchange, from the operator's press to the result: a fake interface says what a real one said."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.adapters.asterisk import AmiSettings
from nps.adapters.asterisk.messages import encode
from nps.domain.actor import Actor
from nps.domain.errors import DomainError
from nps.domain.telephony import suggested_result, what_happened
from nps.extensions import db
from nps.jobs import exchange as holder_module
from nps.jobs.exchange import Holder
from nps.models import BranchContact, CallAttempt, Campaign, LineCommand, RespondentPhone, User
from nps.queries.telephony import call_line, exchange
from nps.services import call_queue, desk, telephony
from nps.services.desk import Result
from tests import ami_server, factories
from tests.ami_server import AmiServer
from tests.domain.test_telephony import OUTCOMES, SIX
from tests.factories import NOW

Login = Callable[..., FlaskClient]
ANSWERED, BUSY, UNANSWERED, DEAD, REJECTED, UNREACHABLE = OUTCOMES
#: The captured session begins here.
THEN = datetime.fromtimestamp(1795401396, UTC)


@pytest.fixture
def server() -> Iterator[AmiServer]:
    with ami_server.running() as server:
        yield server


class Desk:
    """An operator with a telephone at the exchange, the process that holds the link, and a clock that says NOW."""

    def __init__(self, app: Flask, session: Session, server: AmiServer, call_log: Path) -> None:
        self.app, self.session, self.server = app, session, server
        self.campaign_id = factories.campaign(session).id
        self.operator = factories.member(session, session.get_one(Campaign, self.campaign_id))
        self.actor = Actor(self.operator.id, "operator", "")
        self.clock = NOW
        telephony.set_extension(db.session, Actor(1, "admin", ""), self.actor.id, "op1", NOW)
        settings = AmiSettings("127.0.0.1", server.port, "nps", ami_server.SECRET, limit_s=600)
        self.holder = Holder(settings, app.app_context, call_log, lambda: self.clock)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.holder.run, args=(self.stop,))

    def begin(self) -> None:
        self.thread.start()
        self.server.wait_for_client()
        self.until(lambda: exchange(self.session, self.clock).is_alive)

    def end(self) -> None:
        self.stop.set()
        self.server.cut()
        if self.thread.ident is not None:
            self.thread.join()

    def dial(self) -> UUID:
        self.session.rollback()
        if self.session.scalar(select(func.count()).select_from(CallAttempt)) == 0:
            desk.start_shift(db.session, self.actor, self.campaign_id, "Ольга", self.clock)
        factories.respondent(self.session, self.session.get_one(Campaign, self.campaign_id))
        taken = call_queue.take_next(db.session, self.actor.id, self.campaign_id, self.clock, timedelta(minutes=3))
        assert taken is not None
        return desk.dial(db.session, self.actor, taken.respondent_id, self.clock)

    def until(self, holds: Callable[[], bool]) -> None:
        """Ask the database until it is so: what the process does is seen there and nowhere else."""
        pause = threading.Event()
        for _ in range(400):
            self.session.rollback()
            if holds():
                return
            pause.wait(0.05)
        raise AssertionError("it did not come to that")

    def attempt(self, attempt_id: UUID) -> CallAttempt:
        self.session.rollback()
        return self.session.get_one(CallAttempt, attempt_id)


@pytest.fixture
def house(app: Flask, session: Session, server: AmiServer, tmp_path: Path) -> Iterator[Desk]:
    house = Desk(app, session, server, tmp_path / "cel.csv")
    (tmp_path / "cel.csv").touch()
    yield house
    house.end()


def replay(call: str, attempt_id: UUID) -> list[dict[str, str]]:
    return ami_server.of_call(ami_server.captured(SIX), call, str(attempt_id))


def test_a_press_makes_the_exchange_call_and_its_clock_gives_the_times(house: Desk) -> None:
    house.begin()

    attempt_id = house.dial()
    asked = house.server.asked("Originate")
    house.server.say(replay(ANSWERED, attempt_id))
    house.until(lambda: house.attempt(attempt_id).ended_at is not None)

    e164 = house.attempt(attempt_id).e164
    assert (asked["ChannelId"], asked["Channel"], asked["Exten"]) == (str(attempt_id), "PJSIP/op1", e164[1:])
    assert asked["Async"] == "true" and f"__NPS_ID={attempt_id}" in asked["Variables"]
    assert "__NPS_LIMIT=600000" in asked["Variables"]
    call = house.attempt(attempt_id)
    assert call.source == "exchange" and call.ringing_at is not None and call.answered_at is not None
    assert (call.answered_at - call.ringing_at).total_seconds() == pytest.approx(21.007, abs=0.002)
    desk.settle(db.session, house.actor, attempt_id, Result("hung_up"), house.clock)
    call = house.attempt(attempt_id)
    assert (call.ring_ms, call.talk_ms) == (pytest.approx(21_007, abs=2), pytest.approx(8_009, abs=2))


def test_the_extension_of_the_client_goes_to_the_dialplan_and_not_on_to_a_branch(house: Desk) -> None:
    house.begin()
    campaign = house.session.get_one(Campaign, house.campaign_id)
    waiting = factories.respondent(
        house.session, campaign, phones=("+73412900203",), next_call_at=NOW - timedelta(days=9)
    )
    (phone,) = house.session.scalars(select(RespondentPhone).where(RespondentPhone.respondent_id == waiting.id))
    phone.extension = "41"
    house.session.commit()
    house.dial()
    asked = house.server.asked("Originate")
    assert asked["Exten"] == "73412900203" and "NPS_EXT=41" in asked["Variables"].split("\n")


@pytest.mark.parametrize("call", [BUSY, UNANSWERED, DEAD, REJECTED])
def test_the_cause_offers_a_result_and_settles_nothing(house: Desk, login: Login, call: str) -> None:
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")
    events = replay(call, attempt_id) * 2
    random.Random(call).shuffle(events)
    house.server.say(events)
    result = OUTCOMES[call][4]
    assert result is not None

    def is_told() -> bool:
        found = call_line(house.session, attempt_id)
        return found is not None and suggested_result(found.line) == result and found.line.ringing_at is not None

    house.until(is_told)

    found = call_line(house.session, attempt_id)
    assert found is not None and found.line.ring.total_seconds() == pytest.approx(OUTCOMES[call][0], abs=0.002)
    assert house.attempt(attempt_id).disposition is None, "a person's word only"
    with time_machine.travel(NOW + timedelta(seconds=40), tick=False):
        shown = login(house.session.get_one(User, house.actor.id)).get("/desk").text
    assert what_happened(found.line) in shown
    assert ("выбрать причину" in shown) if result == "dead_number" else (f'value="{result}"' in shown)


def test_an_operators_telephone_that_is_off_is_said_on_the_desk(house: Desk) -> None:
    house.server.on_action = lambda message: (
        replay(UNREACHABLE, UUID(message["ActionID"])) if message["Action"] == "Originate" else []
    )
    house.begin()
    attempt_id = house.dial()
    house.until(lambda: house.attempt(attempt_id).ended_at is not None)

    found = call_line(house.session, attempt_id)
    assert found is not None and found.line.is_refused
    desk.settle(db.session, house.actor, attempt_id, Result("technical"), house.clock)


def test_a_link_cut_in_mid_call_recovers_the_right_seconds(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer was heard, the end was not: the exchange's own log has it."""
    monkeypatch.setattr(holder_module, "FIRST_DELAY_S", 0.01)
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")
    events = replay(ANSWERED, attempt_id)
    answered = next(n for n, event in enumerate(events) if event.get("Event") == "BridgeEnter")
    house.server.say(events[:answered])
    house.until(lambda: house.attempt(attempt_id).answered_at is not None)
    log = [
        f'"ANSWER","1795401396.525400","{attempt_id}","{attempt_id}"',
        f'"ANSWER","1795401417.537835","1795401396.3","{attempt_id}"',
        f'"HANGUP","1795401425.546900","1795401396.3","{attempt_id}"',
        f'"HANGUP","1795401425.556162","{attempt_id}","{attempt_id}"',
        "nonsense", '"HANGUP","yesterday","x","y"',
    ]  # fmt: skip
    assert house.holder.call_log is not None
    house.holder.call_log.write_text("\n".join(log) + "\n")

    house.server.cut()
    house.server.wait_for_client()
    house.until(lambda: house.attempt(attempt_id).ended_at is not None)

    found = call_line(house.session, attempt_id)
    assert found is not None and found.line.talk.total_seconds() == pytest.approx(8.009, abs=0.002)
    desk.settle(db.session, house.actor, attempt_id, Result("hung_up"), house.clock)
    assert house.attempt(attempt_id).talk_ms == pytest.approx(8_009, abs=2)


def test_hanging_up_and_connecting_name_the_right_channels(house: Desk) -> None:
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")
    events = replay(ANSWERED, attempt_id)
    answered = next(n for n, event in enumerate(events) if event.get("Event") == "BridgeEnter")
    house.server.say(events[:answered])
    house.until(lambda: house.attempt(attempt_id).answered_at is not None)
    customer = factories.session_customer(house.session, house.campaign_id)
    branch = BranchContact(customer_id=customer, department="Склад", phone="+7 3412 90-02-03 доб. 41")
    stranger = factories.customer(house.session, "Чужой").id
    foreign = BranchContact(customer_id=stranger, department="Склад", phone="+7 3412 90-02-04")
    house.session.add_all([branch, foreign])
    house.session.commit()
    branch_id, foreign_id = branch.id, foreign.id

    with pytest.raises(DomainError, match="контакта больше нет"):
        telephony.ask_transfer(db.session, house.actor, attempt_id, foreign_id, house.clock)
    telephony.ask_transfer(db.session, house.actor, attempt_id, branch_id, house.clock)
    tones = house.server.asked("Setvar")
    assert (tones["Channel"], tones["Variable"], tones["Value"]) == ("PJSIP/trunk-00000001", "NPS_EXT", "41")
    redirect = house.server.asked("Redirect")
    assert (redirect["Channel"], redirect["Exten"]) == ("PJSIP/trunk-00000001", "73412900203")
    assert redirect["Context"] == "nps-transfer"
    desk.hang_up(db.session, house.actor, attempt_id, house.clock)
    assert house.server.asked("Hangup")["Channel"] == "PJSIP/op1-00000000"
    house.server.say(events[answered:])
    house.until(lambda: house.attempt(attempt_id).clock_gap_ms is not None)


def test_an_exchange_that_is_away_leaves_the_call_to_the_operator(house: Desk, login: Login) -> None:
    """Nothing of the call is lost: the desk says so, the link to dial comes back, the buttons work."""
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")
    house.stop.set()
    house.server.cut()
    house.thread.join()
    telephony.note_link(db.session, NOW)
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        client = login(house.session.get_one(User, house.actor.id))
        shown = client.get("/desk").text
        assert "Звонит станция" in shown and "data-follow-once" not in shown
        telephony.note_link(db.session, NOW, "Станция не отвечает.")
        shown = client.get("/desk").text
    assert "Связь со станцией потеряна" in shown and "data-follow-once" in shown and "Пошли гудки" in shown
    desk.answered(db.session, house.actor, attempt_id, NOW + timedelta(seconds=9))
    desk.hang_up(db.session, house.actor, attempt_id, NOW + timedelta(seconds=30))
    desk.settle(db.session, house.actor, attempt_id, Result("hung_up"), NOW + timedelta(seconds=35))
    assert house.attempt(attempt_id).talk_ms == 21_000

    factories.respondent(house.session, house.session.get_one(Campaign, house.campaign_id))
    assert house.dial() != attempt_id
    house.session.rollback()
    assert house.session.scalar(select(func.count()).where(LineCommand.kind == "call")) == 1


def test_a_call_that_nobody_took_in_time_is_not_made_later(app: Flask, session: Session) -> None:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    call = factories.attempt(session, factories.respondent(session, campaign), operator, None)
    call_id = call.id
    for number, at in (("+79170000001", NOW), ("+79170000002", NOW + timedelta(seconds=20))):
        session.add(LineCommand(attempt_id=call_id, kind="call", number=number, at=at))
    session.commit()

    taken = telephony.take_commands(db.session, NOW + timedelta(seconds=20))

    assert [command.number for command in taken] == ["+79170000002"]
    assert telephony.take_commands(db.session, NOW + timedelta(seconds=20)) == []
    found = call_line(session, call_id)
    assert found is not None and "не взяла" in found.problem


@pytest.mark.parametrize("purpose", ["training", "demo"])
def test_training_and_demonstration_never_reach_the_exchange(app: Flask, session: Session, purpose: str) -> None:
    operator = factories.user(session, "operator")
    actor = Actor(operator.id, "operator", "")
    telephony.set_extension(db.session, actor, actor.id, "op1", NOW)
    telephony.note_link(db.session, NOW)
    campaign = factories.campaign(session, purpose=purpose, always_open=True)
    factories.member(session, campaign, session.get_one(User, actor.id))
    call = factories.attempt(session, factories.respondent(session, campaign), session.get_one(User, actor.id), None)

    assert not telephony.ask_call(session, actor, call.id, "+79170000001", purpose, NOW)
    assert telephony.ask_call(session, actor, call.id, "+79170000001", "survey", NOW)
    session.rollback()


@pytest.mark.parametrize("value", ["op1\r\nAction: Hangup", "op1\n", "a\0b"])
def test_a_value_cannot_smuggle_in_an_action(value: str) -> None:
    with pytest.raises(ValueError, match="no line breaks"):
        encode("Originate", [("Channel", value)])


@pytest.mark.parametrize("extension", ["op1\r\nX: y", "op 1", "PJSIP/op1", "x" * 41, "101,100"])
def test_a_telephone_has_a_plain_name(app: Flask, session: Session, extension: str) -> None:
    user = factories.user(session, "operator")
    with pytest.raises(DomainError):
        telephony.set_extension(db.session, Actor(user.id, "admin", ""), user.id, extension, NOW)
