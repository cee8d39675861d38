"""A mobile operator's assistant answers in the client's place at once: a miss whose seconds cost minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, Campaign, Respondent
from nps.queries import campaigns
from tests import factories
from tests.web.test_desk import Seat, at, campaign, seat, start  # noqa: F401


@pytest.mark.parametrize("press_answered", [False, True])
def test_it_is_a_miss_with_seconds_and_without_twenty_seconds_of_ringing(
    seat: Seat,  # noqa: F811
    session: Session,
    campaign: Campaign,  # noqa: F811
    at: Callable[[float], None],  # noqa: F811
    press_answered: bool,
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    at(2)
    if press_answered:
        seat.post(seat.call + "/answered")
        at(9)
    assert "Ответил робот-секретарь" in seat.client.get("/desk?panel=more").text
    assert seat.post(seat.call + "/outcome", code="robot").status_code == 200
    assert seat.state() == "done"
    session.rollback()
    call = session.scalars(select(CallAttempt)).one()
    assert (call.disposition, call.talk_ms) == ("robot", 7000 if press_answered else 0)
    assert call.answered_at is not None
    client = session.scalars(select(Respondent)).one()
    assert (client.state, client.misses) == ("waiting", 1)
    used = campaigns.budget(session, campaigns.campaign_row(session, campaign.id)).used_s
    assert (used > 0) == press_answered, "its seconds are billed like any others"


def test_three_of_them_end_the_ladder(session: Session, login: Callable[..., FlaskClient]) -> None:
    campaign = factories.campaign(session)  # noqa: F811
    client, operator = factories.respondent(session, campaign), factories.member(session, campaign)
    for n in range(2):
        factories.attempt(session, client, operator, "robot", at=factories.NOW - timedelta(days=2 - n), talk_ms=4_000)
    last = factories.attempt(session, client, operator, "hung_up", talk_ms=5_000)
    form = {"disposition": "robot", "reason": "Ответил робот", "form_key": "k1"}
    answer = login("manager").post(f"/campaigns/{campaign.id}/calls/{last.id}/correct", data=form)
    assert answer.status_code == 303
    session.rollback()
    assert session.get_one(Respondent, client.id, populate_existing=True).state == "unsuccessful"
