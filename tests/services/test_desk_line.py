"""What a press at the desk does to the line and to the form, where no page shows it at once. On both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError
from nps.models import (
    Answer,
    CallAttempt,
    Campaign,
    ClaimKey,
    ExchangeLink,
    Interview,
    LineCommand,
    Respondent,
    RespondentPhone,
    User,
)  # fmt: skip
from nps.services import desk
from tests import factories
from tests.services.test_desk import Desk


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    return Desk(session, factories.member(session, campaign), campaign.id)


@pytest.fixture
def client_id(session: Session, seat: Desk) -> int:
    return factories.respondent(session, session.get_one(Campaign, seat.campaign_id)).id


def surveyed(seat: Desk) -> CallAttempt:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    seat.answer(attempt, "rating", "9")
    seat.settle(attempt, "surveyed")
    return seat.session.get_one(CallAttempt, attempt)


def test_an_exchange_that_lives_is_asked_to_call_and_to_hang_up(session: Session, seat: Desk, client_id: int) -> None:
    session.merge(ExchangeLink(id=1, heard_at=seat.now, problem=""))
    session.get_one(User, seat.actor.id).extension = "101"
    session.commit()
    attempt = seat.dial()
    seat.wait(30)
    seat.settle(attempt, "no_answer")
    session.rollback()
    asked = session.scalars(select(LineCommand.kind).where(LineCommand.attempt_id == attempt).order_by(LineCommand.id))
    assert list(asked) == ["call", "hang_up"]


def test_a_number_that_a_colleague_has_in_use_is_not_dialled(session: Session, seat: Desk, client_id: int) -> None:
    seat.take()
    campaign = session.get_one(Campaign, seat.campaign_id)
    colleague = factories.member(session, campaign)
    other = factories.respondent(session, campaign)
    # Since he was shown the client has got a number that a client of hers has too.
    session.add(RespondentPhone(respondent_id=client_id, position=1, e164="+73412000001"))
    session.add(ClaimKey(key="p:+73412000001", respondent_id=other.id, operator_id=colleague.id))
    session.commit()
    with pytest.raises(DomainError, match=f"По номеру этого клиента сейчас работает {colleague.full_name}"):
        desk.dial(session, seat.actor, client_id, seat.now)


def test_what_is_marked_by_now_is_kept_when_the_client_asks_something(
    session: Session, seat: Desk, client_id: int
) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    desk.break_in(session, seat.actor, attempt, seat.now, ("rating", {"words": "подумаю"}))
    session.rollback()
    kept = session.scalars(select(Answer.value).where(Answer.attempt_id == attempt, Answer.step == "rating")).one()
    assert (kept["words"], kept["draft"]) == ("подумаю", True)


def test_the_minutes_that_the_operator_says_are_the_talk(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.wait(900)
    seat.settle(attempt, "refused", talk_minutes=2)
    assert session.get_one(CallAttempt, attempt).talk_ms == 120_000


def test_another_call_without_a_survey_leaves_the_form_as_it_is(session: Session, seat: Desk, client_id: int) -> None:
    call = surveyed(seat)
    form = session.scalars(select(Interview).where(Interview.respondent_id == client_id)).one().id
    session.rollback()
    operator = session.get_one(User, seat.actor.id)
    later = factories.attempt(session, session.get_one(Respondent, client_id), operator, None, at=seat.now).id
    seat.wait(30)
    seat.settle(later, "no_answer")
    standing = session.scalars(
        select(Interview).where(Interview.respondent_id == client_id, Interview.replaced_at.is_(None))
    ).one()
    assert (standing.id, standing.attempt_id) == (form, call.id)
