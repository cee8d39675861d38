"""The desk while an exchange makes the call: what it says, and when «Не отвечает» opens (R13)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.domain.telephony import Kind, LineEvent
from nps.extensions import db
from nps.models import Campaign
from nps.services import telephony
from tests import factories
from tests.factories import NOW
from tests.web.test_desk import Seat, at, campaign  # noqa: F401

OPERATOR_ANSWERS_S, RINGS_S = 14, 16


class Called(Seat):
    """An operator whose exchange has taken a call at NOW."""

    def __init__(self, client: FlaskClient, campaign_id: int) -> None:
        super().__init__(client)
        telephony.note_link(db.session, NOW)
        self.post("/desk/shift", campaign_id=campaign_id, spoken_name="Ольга")
        self.post("/desk/dial")
        self.call_id = self.field("expect_attempt")

    def told(self, kind: Kind, second: float, leg: str = "client") -> None:
        """The exchange tells something, `second` seconds after the dial."""
        leg = self.call_id if leg == "own" else leg
        moment = NOW + timedelta(seconds=second)
        event = LineEvent("asterisk", f"{self.call_id}{kind}{leg}{second}", self.call_id, kind, moment, leg)
        telephony.ingest(db.session, [event], moment)

    def look(self, second: float) -> str:
        telephony.note_link(db.session, NOW + timedelta(seconds=second))
        self.page = self.client.get("/desk").text
        title = re.search(r'class="state">.*?<b>(.*?)</b>', self.page, re.S)
        assert title
        return title[1]

    def is_open(self) -> bool:
        return bool(re.search(r'class="btn unlocked"[^>]*value="no_answer"', self.page))


@pytest.fixture
def seat(
    at: Callable[[float], None],  # noqa: F811
    session: Session,
    campaign: Campaign,  # noqa: F811
    login: Callable[..., FlaskClient],
) -> Called:
    operator = factories.member(session, campaign, factories.user(session, extension="op1"))
    factories.respondent(session, campaign)
    return Called(login(operator), campaign.id)


def test_no_answer_opens_twenty_seconds_after_the_clients_first_ring(seat: Called, at: Callable[[float], None]) -> None:  # noqa: F811
    seat.told(Kind.DIALLING, 0.1, "own")
    for second, kind, leg, title in (
        (1, None, "", "Звонит ваш телефон"),
        (OPERATOR_ANSWERS_S, Kind.DIALLING, "client", "Набираем клиента"),
        (RINGS_S, Kind.RINGING, "client", "Гудки"),
    ):
        at(second)
        if kind is not None:
            seat.told(kind, second, leg)
        assert seat.look(second) == title and not seat.is_open()
    opens = int((NOW + timedelta(seconds=RINGS_S + 20)).timestamp() * 1000)
    assert f'data-opens-at="{opens}"' in seat.page
    at(RINGS_S + 21)
    seat.look(RINGS_S + 21)
    assert seat.is_open() and seat.post(seat.call + "/outcome", code="no_answer").status_code == 200


def test_without_a_ring_it_never_opens_however_long_the_operators_telephone_rings(
    seat: Called,
    at: Callable[[float], None],  # noqa: F811
) -> None:
    seat.told(Kind.DIALLING, 0.1, "own")
    at(60)
    assert seat.look(60) == "Звонит ваш телефон"
    assert not seat.is_open() and "data-opens-at" not in seat.page
    assert re.search(r'value="no_answer"[^>]* disabled', seat.page)
    assert seat.post(seat.call + "/outcome", code="no_answer").status_code == 422


def test_sound_before_the_answer_rings_and_the_desk_says_that_it_may_be_an_announcement(
    seat: Called,
    at: Callable[[float], None],  # noqa: F811
) -> None:
    seat.told(Kind.DIALLING, 1)
    seat.told(Kind.EARLY, 2)
    at(25)
    assert seat.look(25) == "Звук линии" and seat.is_open()


def test_an_exchange_that_tells_nothing_is_named_with_the_right_it_lacks(
    seat: Called,
    at: Callable[[float], None],  # noqa: F811
) -> None:
    at(4)
    seat.look(4)
    assert "read = call" not in seat.page
    at(6)
    seat.look(6)
    assert "read = call" in seat.page and "Пошли гудки" in seat.page


def test_the_poll_brings_each_change_and_a_lost_link_in_a_talk(
    seat: Called,
    at: Callable[[float], None],  # noqa: F811
) -> None:
    def polled(second: float) -> bool:
        """Whether the poll has brought another desk; the page is read anew then."""
        at(second)
        telephony.note_link(db.session, NOW + timedelta(seconds=second), "" if second < 9 else "Станция не отвечает.")
        (address,) = re.findall(r'hx-get="(/desk/tick[^"]*)"', seat.page)
        answer = seat.client.get(unescape(address))
        changed = answer.status_code == 200 and 'id="desk"' in answer.text
        seat.page = seat.client.get("/desk").text
        return changed

    seat.look(0)
    steps = (
        (1, Kind.DIALLING, "own"),
        (2, Kind.DIALLING, "client"),
        (3, Kind.RINGING, "client"),
        (4, Kind.ANSWERED, "client"),
    )
    brought = []
    for second, kind, leg in steps:
        seat.told(kind, second, leg)
        brought.append(polled(second))
        assert not polled(second), "once"
    assert brought == [False, True, True, True], "the operator's telephone rings from the dial on"
    assert polled(10) and seat.state() == "talk" and "Связь со станцией потеряна" in seat.page
