"""A call without a result, over HTTP: the page that asks, the ways on, the manager's list."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, Campaign
from tests import factories
from tests.web.test_desk import HTMX, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]

Move = Callable[[float], None]


def begin(seat: Seat, session: Session, campaign: Campaign, at: Move) -> None:
    """A talk with its first answer, half a minute after the dial."""
    factories.respondent(session, campaign, organisation="ООО «Хлебокомбинат»")
    start(seat, campaign)
    seat.post("/desk/dial")
    at(20)
    seat.post(seat.call + "/answered")
    at(30)
    seat.post(seat.call + "/answer", answer="yes")


def test_the_page_opened_later_asks_and_goes_on_from_the_saved_answer(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    begin(seat, session, campaign, at)
    at(400)
    back = Seat(seat.client)
    assert back.state() == "unfinished"
    assert "Незавершённый звонок" in back.page and "Продолжить с шага «Оценка»" in back.page
    assert 'name="ended_at" type="text" value="15:15"' in back.page
    poll = f"/desk/tick?state=unfinished&attempt={back.field('expect_attempt')}&client={back.field('expect_client')}"
    assert 'id="desk"' not in seat.client.get(poll, headers=HTMX).text
    back.post(back.call + "/carry-on")
    assert back.state() == "talk" and "очень ужасно" in back.page


def test_the_end_is_told_and_the_result_follows(seat: Seat, session: Session, campaign: Campaign, at: Move) -> None:
    begin(seat, session, campaign, at)
    at(3600)
    back = Seat(seat.client)
    wrong = back.post(back.call + "/end", ended_at="вечером")
    assert wrong.status_code == 422 and "часы и минуты" in wrong.text and "Незавершённый звонок" in wrong.text
    back.post(back.call + "/end", ended_at="15:15", talk_minutes="")
    assert back.state() == "ended" and "Звонок закончился в 15:15" in back.page
    back.post(back.call + "/end", talk_minutes="2")
    assert "Звонок закончился в 15:17" in back.page
    back.post(back.call + "/outcome", code="hung_up")
    assert back.state() == "done"
    session.rollback()
    assert session.scalars(select(CallAttempt.talk_ms)).one() == 120_000


def test_what_is_handed_over_stands_on_the_managers_list(
    seat: Seat, session: Session, campaign: Campaign, at: Move, login: Callable[..., FlaskClient]
) -> None:
    begin(seat, session, campaign, at)
    at(400)
    back = Seat(seat.client)
    call = back.field("expect_attempt")
    factories.respondent(session, campaign, organisation="ООО «Следующий»")
    back.post(back.call + "/hand-over", note="Пропало электричество")
    assert back.state() == "ready" and "ООО «Следующий»" in back.page
    stale = back.client.post(f"/desk/calls/{call}/outcome", data={"code": "technical"}, headers=HTMX)
    assert stale.status_code == 409 and "передан руководителю" in stale.text

    manager = login("manager")
    page = manager.get(f"/campaigns/{campaign.id}/operators").text
    assert "Звонки без итога: 1" in page and "Пропало электричество" in page and f"#call-{call}" in page
    assert '<span class="count">1</span>' in page
    session.rollback()
    respondent = session.scalars(select(CallAttempt.respondent_id)).one()
    card = manager.get(f"/campaigns/{campaign.id}/clients/{respondent}").text
    assert "передан вам оператором" in card
    settled = manager.post(
        f"/campaigns/{campaign.id}/calls/{call}/settle",
        data={"disposition": "hung_up", "ended_day": "2026-11-17", "ended_time": "15:16:00", "form_key": "m1"},
    )
    assert settled.status_code == 303
    assert "Звонки без итога" not in manager.get(f"/campaigns/{campaign.id}/operators").text
