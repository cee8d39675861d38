"""The last result can be corrected until the next dial, also when the next card is on the desk already (§4)."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AttemptOutcome, Campaign, Respondent
from tests import factories
from tests.web.test_desk import HTMX, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]


def call_is_busy(seat: Seat, session: Session, campaign: Campaign) -> tuple[int, int]:
    """The first of two clients was busy, and the second one's card is shown."""
    clients = [factories.respondent(session, campaign, organisation=name).id for name in ("ООО «А»", "ООО «Б»")]
    start(seat, campaign)
    assert "Исправить прошлый итог" not in seat.page
    seat.post("/desk/dial")
    seat.post(seat.call + "/outcome", code="busy")
    seat.post("/desk/next")
    assert seat.state() == "ready" and "ООО «Б»" in seat.page
    return clients[0], clients[1]


def outcomes(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(AttemptOutcome.disposition).order_by(AttemptOutcome.id)))


def test_from_the_next_card_the_way_leads_back_to_the_last_result(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    first, second = call_is_busy(seat, session, campaign)
    assert "Исправить прошлый итог" in seat.page and "Занято, ООО «А»" in seat.page
    seat.post("/desk/last")
    assert seat.state() == "done" and "ООО «А»" in seat.page
    session.rollback()
    assert session.get_one(Respondent, second).held_by is None
    (attempt,) = re.findall(r'data-attempt="([^"]+)"', seat.page)
    seat.post(f"/desk/calls/{attempt}/outcome", code="switched_off", correction="1")
    assert outcomes(session) == ["busy", "switched_off"]
    assert session.get_one(Respondent, first).misses == 1
    seat.post("/desk/next")
    assert seat.state() == "ready" and "ООО «Б»" in seat.page


def test_an_empty_desk_leads_back_too(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/outcome", code="busy")
    seat.post("/desk/next")
    assert seat.state() == "idle" and "Исправить прошлый итог" in seat.page
    seat.post("/desk/last")
    assert seat.state() == "done" and "Занято" in seat.page


def test_after_the_next_dial_nothing_leads_back(seat: Seat, session: Session, campaign: Campaign) -> None:
    call_is_busy(seat, session, campaign)
    seat.post("/desk/dial")
    assert seat.state() == "ringing" and "Исправить прошлый итог" not in seat.page
    answer = seat.client.post("/desk/last", headers=HTMX)
    assert answer.status_code == 409 and "пока не начат следующий" in answer.text
    assert seat.client.get("/desk").text.count('data-state="ringing"') == 1


def test_a_call_of_an_earlier_shift_is_the_managers_to_correct(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    call_is_busy(seat, session, campaign)
    at(60)
    seat.post("/desk/shift/end")
    start(seat, campaign)
    assert seat.state() == "ready" and "Исправить прошлый итог" not in seat.page
    assert seat.client.post("/desk/last", headers=HTMX).status_code == 409
