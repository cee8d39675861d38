"""A client calls by himself, on both engines."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import NotFoundError, StaleError
from nps.models import CallAttempt, Campaign, ClaimKey, Respondent, RespondentPhone
from nps.queries import campaigns
from nps.queries.reports import campaign_report
from nps.queries.reports.calls import IS_CALL
from nps.queries.reports.views import attempts
from nps.services import desk
from nps.services.form_keys import SentAgain
from tests import factories
from tests.factories import NOW
from tests.pressing import counted
from tests.services.test_desk import Desk, state


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    return Desk(session, factories.member(session, campaign), campaign.id)


def client(seat: Desk, **fields: object) -> int:
    seat.session.rollback()
    return factories.respondent(seat.session, seat.session.get_one(Campaign, seat.campaign_id), **fields).id  # type: ignore[arg-type]


def calls(seat: Desk, client_id: int) -> UUID:
    return desk.take_inbound(seat.session, seat.actor, client_id, seat.now)


def survey(seat: Desk, attempt: UUID) -> None:
    for step, value in (("greeting", "yes"), ("rating", "10")):
        seat.answer(attempt, step, value)
    seat.settle(attempt, "surveyed")


@pytest.mark.parametrize("before", ["waiting", "refused", "unsuccessful", "inactive", "manager"])
def test_an_interview_on_an_inbound_call_makes_any_client_surveyed(seat: Desk, before: str) -> None:
    waits = {} if before == "waiting" else {"queue_class": None, "next_call_at": None}
    client_id = client(seat, state=before, **waits)
    # Night, no window: he calls when he likes.
    seat.now += timedelta(hours=12)
    attempt = calls(seat, client_id)
    assert state(seat.session, client_id).held_by == seat.actor.id
    survey(seat, attempt)
    assert state(seat.session, client_id).state == "surveyed"
    call = seat.session.get_one(CallAttempt, attempt)
    assert (call.source, call.talk_ms > 0) == ("inbound", True)
    assert seat.session.scalars(select(ClaimKey)).all() == []


def test_a_client_whose_region_nobody_knows_may_call_too(session: Session, seat: Desk) -> None:
    """Any client may (requirements §4); the reports have a row «Регион неизвестен» for him."""
    surveyed, silent = (client(seat, region=None, next_call_at=None) for _ in range(2))
    seat.now = NOW.replace(hour=21)
    attempt = calls(seat, surveyed)
    call = session.get_one(CallAttempt, attempt)
    # A quarter past one at night by the office's clock, the only one there is.
    assert (call.region_code, call.local_day, call.local_minute) == (None, NOW.date() + timedelta(days=1), 75)
    survey(seat, attempt)
    seat.settle(calls(seat, silent), "hung_up")
    assert [state(session, one).state for one in (surveyed, silent)] == ["surveyed", "waiting"]
    assert state(session, silent).next_reason["code"] == "no_region"
    campaign = campaigns.campaign_row(session, seat.campaign_id)
    shown = campaign_report(session, campaign, seat.now)
    (place,) = shown.base.regions
    assert (place.name, place.clients.clients, place.clients.surveyed, place.score.n) == ("Регион неизвестен", 2, 1, 1)
    assert (shown.calls.calls, shown.calls.inbound, shown.histogram[9]) == (0, 2, 1)


def test_an_inbound_call_is_no_dial_and_takes_no_minutes(seat: Desk) -> None:
    attempt = calls(seat, client(seat))
    campaign = campaigns.campaign_row(seat.session, seat.campaign_id)
    assert campaigns.budget(seat.session, campaign).open_calls == 0
    survey(seat, attempt)
    assert campaigns.budget(seat.session, campaign).used_s == 0
    assert seat.session.scalars(select(attempts.c.id).where(IS_CALL)).all() == []


def test_an_inbound_call_that_comes_to_nothing_counts_as_no_miss(seat: Desk) -> None:
    client_id = client(seat)
    before = state(seat.session, client_id).next_call_at
    seat.settle(calls(seat, client_id), "hung_up")
    after = state(seat.session, client_id)
    assert (after.state, after.misses, after.held_by) == ("waiting", 0, None)
    assert before is not None and after.next_call_at is not None and after.next_call_at <= seat.now


def test_the_shown_client_goes_back_and_the_caller_comes(seat: Desk) -> None:
    shown, caller = client(seat), client(seat, next_call_at=None)
    seat.take()
    assert state(seat.session, shown).held_by == seat.actor.id
    calls(seat, caller)
    assert state(seat.session, shown).held_by is None
    assert state(seat.session, caller).held_by == seat.actor.id


def test_a_client_in_other_hands_is_refused_with_a_name(session: Session, seat: Desk) -> None:
    held = client(seat)
    phone = session.scalars(select(RespondentPhone.e164).where(RespondentPhone.respondent_id == held)).one()
    campaign = session.get_one(Campaign, seat.campaign_id)
    other = Desk(session, factories.member(session, campaign), seat.campaign_id, seat.now)
    attempt = other.dial()
    with pytest.raises(StaleError, match="работает Ольга М"):
        calls(seat, held)
    sharing = client(seat, phones=(phone,))
    with pytest.raises(StaleError, match="По номеру этого клиента уже работает Ольга М"):
        calls(seat, sharing)
    desk.hand_over(session, other.actor, attempt, "", other.now)
    with pytest.raises(StaleError, match="ждёт решения руководителя"):
        calls(seat, held)


def test_nobody_is_taken_while_a_call_waits_for_its_result(seat: Desk) -> None:
    first, second = client(seat), client(seat)
    calls(seat, first)
    with pytest.raises(StaleError, match="ещё нет итога"):
        calls(seat, second)


def test_a_client_of_another_campaign_does_not_exist(session: Session, seat: Desk) -> None:
    foreign = factories.respondent(session, factories.campaign(session, title="Чужая")).id
    with pytest.raises(NotFoundError):
        calls(seat, foreign)


def test_a_repeated_press_opens_one_call(seat: Desk) -> None:
    client_id = client(seat)
    with counted(seat.session, seat.actor.id, "same"):
        made = desk.take_inbound(seat.session, seat.actor, client_id, seat.now)
    with pytest.raises(SentAgain), counted(seat.session, seat.actor.id, "same"):
        desk.take_inbound(seat.session, seat.actor, client_id, seat.now)
    assert seat.session.scalars(select(CallAttempt.id)).all() == [made]
    assert len(seat.session.scalars(select(Respondent.id)).all()) == 1


def test_two_rows_with_one_phone_do_not_get_in_each_others_way(session: Session, seat: Desk) -> None:
    first = client(seat)
    phone = session.scalars(select(RespondentPhone.e164).where(RespondentPhone.respondent_id == first)).one()
    second = client(seat, phones=(phone,))
    seat.settle(calls(seat, first), "hung_up")
    last = session.scalars(select(CallAttempt.id)).one()
    seat.take()
    desk.reopen(session, seat.actor, last, seat.now)
    desk.hand_over(session, seat.actor, last, "", seat.now)
    with pytest.raises(StaleError, match="По номеру этого клиента уже работает"):
        calls(seat, second)
