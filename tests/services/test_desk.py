"""One operator's walk through calls, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.models import (
    Answer,
    Appointment,
    AttemptOutcome,
    CallAttempt,
    ClaimKey,
    Interview,
    InterviewReason,
    Respondent,
    StopList,
    User,
)
from nps.services import call_queue, desk
from nps.services.call_queue import Nobody, Taken
from nps.services.desk import Result
from nps.services.form_keys import KeyReused, SentAgain
from tests import factories
from tests.factories import NOW
from tests.pressing import counted


class Desk:
    """The desk of one operator with a clock of its own; each press uses a fresh form key."""

    def __init__(self, session: Session, operator: User, campaign_id: int, now: datetime = NOW) -> None:
        self.session = session
        self.actor = Actor(operator.id, "operator", operator.full_name)
        self.campaign_id = campaign_id
        self.now = now
        desk.start_shift(session, self.actor, campaign_id, "Ольга", now)

    def take(self) -> Taken | Nobody:
        return call_queue.take_next(self.session, self.actor.id, self.campaign_id, self.now)

    def dial(self) -> UUID:
        taken = self.take()
        assert isinstance(taken, Taken), taken
        return desk.dial(self.session, self.actor, taken.respondent_id, self.now)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def answered(self) -> UUID:
        attempt = self.dial()
        self.wait(10)
        desk.answered(self.session, self.actor, attempt, self.now)
        return attempt

    def answer(self, attempt: UUID, step: str, value: object) -> None:
        self.wait(5)
        desk.answer(self.session, self.actor, attempt, step, value, self.now)

    def settle(self, attempt: UUID, disposition: str, **fields: object) -> None:
        self.wait(1)
        desk.settle(self.session, self.actor, attempt, Result(disposition, **fields), self.now)  # type: ignore[arg-type]

    def miss(self) -> None:
        attempt = self.dial()
        self.wait(30)
        self.settle(attempt, "no_answer")


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    return Desk(session, factories.member(session, campaign), campaign.id)


@pytest.fixture
def client_id(session: Session, seat: Desk) -> int:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    return factories.respondent(session, campaign).id


def state(session: Session, respondent_id: int) -> Respondent:
    session.rollback()
    return session.get_one(Respondent, respondent_id, populate_existing=True)


def test_a_survey_with_reasons_is_written_whole(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    seat.answer(attempt, "rating", "7")
    reasons = {"prompts": ["stock", "delivery"], "words": "Ждали неделю", "comment": ""}
    seat.answer(attempt, "reasons", reasons)
    seat.settle(attempt, "surveyed")

    client = state(session, client_id)
    assert (client.state, client.held_by, client.next_call_at) == ("surveyed", None, None)
    interview = session.scalars(select(Interview)).one()
    assert (interview.rating, interview.words, interview.cut_off) == (7, "Ждали неделю", False)
    assert session.scalars(select(InterviewReason.label).order_by(InterviewReason.position)).all() == [
        "наличие товара на складе",
        "срок доставки товара",
    ]
    call = session.get_one(CallAttempt, attempt)
    assert (call.disposition, call.ring_ms, call.talk_ms, call.survey_ms) == ("surveyed", 2_000, 16_000, 10_000)
    assert session.scalars(select(ClaimKey)).all() == []


def test_no_answer_counts_only_after_twenty_seconds_of_ringing(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.dial()
    seat.wait(26)
    with pytest.raises(DomainError, match="ещё 1 с"):
        seat.settle(attempt, "no_answer")
    seat.wait(1)
    seat.settle(attempt, "no_answer")
    assert state(session, client_id).misses == 1


def test_the_click_on_ringing_starts_the_twenty_seconds(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.dial()
    seat.wait(2)
    desk.ringing(session, seat.actor, attempt, seat.now)
    seat.wait(19)
    seat.settle(attempt, "no_answer")
    assert session.get_one(CallAttempt, attempt).ring_ms == 20_000


def test_three_misses_make_a_client_unsuccessful(session: Session, seat: Desk, client_id: int) -> None:
    seat.miss()
    waiting = state(session, client_id)
    assert waiting.next_call_at == seat.now + timedelta(hours=1)
    assert isinstance(seat.take(), Nobody)
    seat.now = waiting.next_call_at
    seat.miss()
    next_day = state(session, client_id).next_call_at
    assert next_day is not None and next_day.date() == seat.now.date() + timedelta(days=1)
    seat.now = next_day
    seat.miss()
    assert state(session, client_id).state == "unsuccessful"
    assert isinstance(seat.take(), Nobody)


def test_a_promised_call_is_kept_by_its_owner(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    at = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
    seat.settle(attempt, "callback", callback_at=at)
    client = state(session, client_id)
    assert (client.next_call_at, client.callback_owner_id) == (at, seat.actor.id)
    assert session.scalars(select(Appointment.at)).all() == [at]

    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    other = Desk(session, factories.member(session, campaign), seat.campaign_id, at)
    assert isinstance(other.take(), Nobody)
    seat.now = at
    assert seat.take() == Taken(client_id)


def test_a_promise_is_anyones_when_its_owner_is_away(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    at = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
    seat.settle(attempt, "callback", callback_at=at)
    desk.end_shift(session, seat.actor, seat.now)
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    other = Desk(session, factories.member(session, campaign), seat.campaign_id, at)
    assert other.take() == Taken(client_id)


def test_a_callback_outside_the_windows_is_refused(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    with pytest.raises(DomainError, match="звонить нельзя"):
        seat.settle(attempt, "callback", callback_at=datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
    assert session.get_one(CallAttempt, attempt).closed_at is None


def test_a_new_number_is_dialled_next(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.settle(
        attempt, "new_contact", number="8 912 345-67-89", person="Иванов Пётр Сергеевич", note="Теперь он закупает"
    )
    assert state(session, client_id).greeting_name == "Пётр Сергеевич"
    again = seat.dial()
    assert session.get_one(CallAttempt, again).e164 == "+79123456789"


def test_a_dead_number_gives_way_to_the_next_one(session: Session, seat: Desk) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    client_id = factories.respondent(session, campaign, phones=("+79170000001", "+79170000002")).id
    seat.settle(seat.dial(), "dead_number", note="не существует")
    attempt = seat.dial()
    assert session.get_one(CallAttempt, attempt).e164 == "+79170000002"
    seat.settle(attempt, "dead_number", note="не существует")
    assert state(session, client_id).state == "inactive"


def test_do_not_call_reaches_every_campaign_of_the_customer(session: Session, seat: Desk, client_id: int) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    wave = factories.campaign(session, contract_id=campaign.contract_id, title="Следующая волна")
    phone = session.scalars(select(factories.RespondentPhone.e164)).one()
    elsewhere = factories.respondent(session, wave, phones=(phone,)).id
    seat.settle(seat.answered(), "do_not_call")
    assert state(session, client_id).state == "refused"
    assert state(session, elsewhere).state == "refused"
    assert session.scalars(select(StopList.e164)).all() == [phone]


def test_a_refusal_for_the_organisation_makes_its_contacts_wait_for_the_manager(session: Session, seat: Desk) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    first = factories.respondent(session, campaign, inn="1831000001").id
    second = factories.respondent(session, campaign, inn="1831000001").id
    seat.settle(seat.answered(), "refused_org", note="Просили не звонить никому")
    assert state(session, first).state == "refused"
    assert state(session, second).state == "manager"


def test_back_keeps_the_old_answer_and_a_new_rating_closes_the_branch(
    session: Session, seat: Desk, client_id: int
) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    seat.answer(attempt, "rating", "6")
    seat.answer(attempt, "reasons", {"prompts": ["other"]})
    desk.step_back(session, seat.actor, attempt, "farewell", seat.now)
    desk.step_back(session, seat.actor, attempt, "reasons", seat.now)
    seat.answer(attempt, "rating", "9")
    seat.settle(attempt, "surveyed")
    assert session.scalars(select(Interview.rating)).one() == 9
    assert session.scalars(select(InterviewReason)).all() == []
    assert [value for step, value in session.execute(select(Answer.step, Answer.value)) if step == "rating"] == [6, 9]


def test_an_answer_to_a_step_that_is_over_is_stale(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    with pytest.raises(StaleError):
        seat.answer(attempt, "greeting", "no")


def test_the_same_form_counts_once(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    with counted(session, seat.actor.id, "same", {"disposition": "refused"}):
        desk.settle(session, seat.actor, attempt, Result("refused"), seat.now)
    with pytest.raises(SentAgain), counted(session, seat.actor.id, "same", {"disposition": "refused"}):
        desk.settle(session, seat.actor, attempt, Result("refused"), seat.now)
    assert len(session.scalars(select(AttemptOutcome)).all()) == 1
    with pytest.raises(KeyReused), counted(session, seat.actor.id, "same", {"disposition": "callback"}):
        desk.settle(session, seat.actor, attempt, Result("callback"), seat.now)


def test_the_last_result_can_be_taken_back_until_the_next_dial(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.settle(attempt, "refused")
    desk.reopen(session, seat.actor, attempt, seat.now)
    seat.answer(attempt, "greeting", "yes")
    seat.answer(attempt, "rating", "10")
    seat.settle(attempt, "surveyed")
    assert state(session, client_id).state == "surveyed"
    words = session.execute(select(AttemptOutcome.disposition, AttemptOutcome.source).order_by(AttemptOutcome.n)).all()
    assert [tuple(word) for word in words] == [("refused", "operator"), ("surveyed", "correction")]


def test_a_result_cannot_be_taken_back_after_the_next_dial(session: Session, seat: Desk, client_id: int) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    factories.respondent(session, campaign)
    attempt = seat.answered()
    seat.settle(attempt, "refused")
    seat.wait(1)
    seat.dial()
    with pytest.raises(StaleError):
        desk.reopen(session, seat.actor, attempt, seat.now)


def test_the_window_is_checked_again_at_the_dial(session: Session, seat: Desk, client_id: int) -> None:
    seat.now = datetime(2026, 11, 17, 7, 59, 30, tzinfo=UTC)
    taken = seat.take()
    assert isinstance(taken, Taken)
    seat.wait(40)
    with pytest.raises(DomainError, match="Окно звонков закрыто: у клиента 12:00"):
        desk.dial(session, seat.actor, client_id, seat.now)
    assert state(session, client_id).held_by is None


def test_a_talk_of_more_than_ten_minutes_asks_for_its_end(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    answered_at = seat.now
    seat.wait(3600)
    with pytest.raises(DomainError, match="дольше 10 минут"):
        seat.settle(attempt, "refused")
    seat.settle(attempt, "refused", ended_at=answered_at + timedelta(seconds=40))
    assert session.get_one(CallAttempt, attempt).talk_ms == 40_000


def test_a_lapsed_lease_frees_the_client_and_a_dialled_one_stays(session: Session, seat: Desk, client_id: int) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    other = Desk(session, factories.member(session, campaign), seat.campaign_id)
    assert seat.take() == Taken(client_id)
    assert isinstance(other.take(), Nobody)
    other.wait(151)
    assert other.take() == Taken(client_id)
    with pytest.raises(StaleError):
        desk.dial(session, seat.actor, client_id, other.now)
    other.dial()
    seat.now = other.now + timedelta(hours=1)
    assert isinstance(seat.take(), Nobody)


def test_break_in_lines_are_taken_off_the_survey_time(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    desk.break_in(session, seat.actor, attempt, seat.now)
    seat.wait(30)
    desk.resume_script(session, seat.actor, attempt, seat.now)
    seat.answer(attempt, "rating", "9")
    seat.settle(attempt, "surveyed")
    call = session.get_one(CallAttempt, attempt)
    assert (call.survey_ms, call.talk_ms) == (5_000, 41_000)


def test_from_ninety_five_percent_nobody_new_is_started(session: Session, seat: Desk, client_id: int) -> None:
    campaign = session.get_one(factories.Campaign, seat.campaign_id)
    contract = session.get_one(factories.Contract, campaign.contract_id)
    spoken = factories.respondent(session, campaign, state="surveyed", queue_class=None, next_call_at=None)
    operator = session.get_one(User, seat.actor.id)
    for days in range(1, 20):
        factories.attempt(session, spoken, operator, "surveyed", at=NOW - timedelta(days=days), talk_ms=60_000)
    contract.budget_s = 1200
    session.commit()
    nobody = seat.take()
    assert isinstance(nobody, Nobody) and (nobody.why, nobody.budget and nobody.budget.decide().level) == ("no_due", 95)
    contract.budget_s = 1201
    session.commit()
    assert seat.take() == Taken(client_id)


def test_a_note_is_kept_with_its_call_until_the_next_dial(session: Session, seat: Desk, client_id: int) -> None:
    attempt = seat.dial()
    desk.save_note(session, seat.actor, attempt, "Просит", seat.now)
    seat.settle(attempt, "technical")
    desk.save_note(session, seat.actor, attempt, "Просит звонить секретарю", seat.now)
    assert session.get_one(CallAttempt, attempt).note == "Просит звонить секретарю"
    seat.dial()
    with pytest.raises(StaleError, match="следующий звонок"):
        desk.save_note(session, seat.actor, attempt, "Поздно", seat.now)
