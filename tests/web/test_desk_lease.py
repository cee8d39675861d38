"""How long the client on a desk stays his operator's: as long as its page gives signs of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, Respondent
from tests import factories
from tests.factories import NOW
from tests.web.test_desk import HTMX, Seat, at, campaign, seat, start  # noqa: F401

Move = Callable[[float], None]
pytestmark = pytest.mark.usefixtures("at")


def held_until(session: Session) -> datetime | None:
    session.rollback()
    return session.scalars(select(Respondent.held_until)).one()


def left(session: Session, seconds: float) -> timedelta:
    """What is left of the lease at a moment of the test's clock."""
    until = held_until(session)
    assert until is not None
    return until - (NOW + timedelta(seconds=seconds))


@pytest.fixture
def shown(seat: Seat, session: Session, campaign: Campaign) -> Seat:  # noqa: F811
    """A seat with a client on the card, its page just loaded whole."""
    factories.respondent(session, campaign)
    start(seat, campaign)
    assert seat.client.get("/desk").status_code == 200
    return seat


def test_a_page_that_never_ticks_keeps_its_client_for_fifteen_minutes(shown: Seat, session: Session, at: Move) -> None:  # noqa: F811
    assert left(session, 0) == timedelta(minutes=15)
    at(14 * 60)
    assert 'data-state="ready"' in shown.client.get("/desk").text
    assert left(session, 14 * 60) == timedelta(minutes=15)


def test_the_first_tick_of_a_page_cuts_the_lease_to_that_of_a_page_with_scripts(
    shown: Seat,
    session: Session,
    at: Move,  # noqa: F811
) -> None:
    at(15)
    assert shown.client.get("/desk/tick?state=ready", headers=HTMX).status_code == 200
    assert left(session, 15) == timedelta(seconds=150)
    at(20)
    shown.client.get("/desk")
    assert left(session, 20) == timedelta(minutes=15), "reloaded: nobody knows yet whether its script runs"
    at(35)
    shown.client.get("/desk/tick?state=ready", headers=HTMX)
    assert left(session, 35) == timedelta(seconds=150)


def test_any_request_of_a_script_says_the_same_as_a_tick(shown: Seat, session: Session, at: Move) -> None:  # noqa: F811
    at(3)
    shown.client.get("/desk/panel/return", headers=HTMX)
    assert left(session, 3) == timedelta(seconds=150)


def test_a_tab_that_ticks_seldom_keeps_its_client(shown: Seat, session: Session, at: Move) -> None:  # noqa: F811
    """A hidden tab is woken once a minute, sometimes it misses one."""
    for seconds in (60, 120, 240, 300, 420, 540, 600):
        at(seconds)
        answer = shown.client.get(f"/desk/tick?state=ready&client={shown.field('expect_client')}", headers=HTMX)
        assert answer.status_code == 200 and 'data-state="' not in answer.text, "the desk shows the same client"
        assert left(session, seconds) == timedelta(seconds=150)


def test_a_closed_browser_gives_its_client_to_a_colleague_after_150_seconds(
    shown: Seat,
    session: Session,
    campaign: Campaign,  # noqa: F811
    at: Move,  # noqa: F811
    login: Callable[..., object],
) -> None:
    at(10)
    shown.client.get("/desk/tick?state=ready", headers=HTMX)
    at(161)
    colleague = Seat(login(factories.member(session, campaign)))  # type: ignore[arg-type]
    start(colleague, campaign)
    assert colleague.state() == "ready"
    assert colleague.field("expect_client") == shown.field("expect_client")


def test_a_dialled_client_has_no_lease_that_a_tick_could_cut(shown: Seat, session: Session, at: Move) -> None:  # noqa: F811
    shown.post("/desk/dial")
    at(20)
    shown.client.get("/desk/tick?state=ringing", headers=HTMX)
    assert held_until(session) is None
