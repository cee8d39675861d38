"""The training desk: invented clients on the real desk, and the time that passes for them alone (R9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.training import SCENARIOS
from nps.models import (
    Appointment,
    CallAttempt,
    Campaign,
    Contract,
    Outbox,
    Respondent,
    RespondentPhone,
    Shift,
    TrainingClient,
    User,
    UserSession,
)
from nps.queries import admission, campaigns
from nps.queries import training as queries
from nps.queries.desk import Person, desk_view
from nps.services import call_queue, desk, escalations, training
from nps.services import campaigns as campaign_services
from nps.services.desk import Result
from nps.services.form_keys import Form, SentAgain, counting
from tests import factories
from tests.factories import NOW


class Trainee:
    """Somebody at the training desk, with a clock of the test's own."""

    def __init__(self, session: Session, operator: User, campaign_id: int) -> None:
        self.session = session
        self.actor = Actor(operator.id, "operator", operator.full_name, spoken_name="Ольга")
        self.campaign_id = campaign_id
        self.now: datetime = NOW

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def begin(self, scenario: str) -> Respondent:
        training.begin(self.session, self.actor, self.campaign_id, scenario, self.now)
        return self.card()

    def card(self) -> Respondent:
        return self.session.scalars(select(Respondent).where(Respondent.held_by == self.actor.id)).one()

    def dial(self) -> UUID:
        return desk.dial(self.session, self.actor, self.card().id, self.later(2))

    def settle(self, call: UUID, code: str, **fields: Any) -> None:
        desk.settle(self.session, self.actor, call, Result(code, **fields), self.later(3))

    def answers(self, call: UUID, step: str, value: Any, after_s: float = 20) -> None:
        desk.answer(self.session, self.actor, call, step, value, self.later(after_s))

    def survey(self, rating: int) -> UUID:
        """A call that goes by the script to its end."""
        call = self.dial()
        desk.answered(self.session, self.actor, call, self.later(10))
        self.answers(call, "greeting", "yes")
        self.answers(call, "rating", rating)
        if rating <= 8:
            self.answers(call, "reasons", {"prompts": ["delivery"]})
        self.settle(call, "surveyed")
        return call

    def is_not_answered(self) -> UUID:
        call = self.dial()
        self.later(40)
        self.settle(call, "no_answer")
        return call

    def review(self, call: UUID) -> queries.Review:
        found = queries.review(self.session, self.actor.id, call)
        assert found is not None
        return found

    def progress(self) -> queries.Progress:
        contract = campaigns.campaign_row(self.session, self.campaign_id).contract_id
        return queries.progress(self.session, self.actor.id, contract)

    def view(self) -> Any:
        return desk_view(self.session, Person(self.actor, "Europe/Samara"), self.now)


@pytest.fixture
def trainee(session: Session) -> Trainee:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign, admitted_at=None)
    return Trainee(session, operator, campaign.id)


@pytest.fixture
def another(trainee: Trainee) -> Trainee:
    operator = factories.member(trainee.session, trainee.session.get_one(Campaign, trainee.campaign_id))
    return Trainee(trainee.session, operator, trainee.campaign_id)


def test_an_invented_client_lies_on_the_real_desk(trainee: Trainee) -> None:
    client = trainee.begin("ready")
    view = trainee.view()
    assert view.state == "ready"
    assert (view.campaign.purpose, view.practice.scenario) == ("training", SCENARIOS["ready"].title)
    phones = trainee.session.scalars(select(RespondentPhone.e164).where(RespondentPhone.respondent_id == client.id))
    assert all(phone.startswith("+7000") for phone in phones)
    trainee.dial()
    assert trainee.view().number.link is None
    assert "взял трубку" in trainee.view().practice.says


def test_the_client_speaks_at_each_step(trainee: Trainee) -> None:
    trainee.begin("at_a_loss")
    call = trainee.dial()
    desk.answered(trainee.session, trainee.actor, call, trainee.later(8))
    assert trainee.view().practice.says == "Ну давайте, только быстро."
    trainee.answers(call, "greeting", "yes")
    assert trainee.view().practice.says == "Шесть, наверное."


def test_a_scenario_that_went_well_counts(trainee: Trainee) -> None:
    trainee.begin("ready")
    call = trainee.survey(10)
    assert trainee.review(call).feedback.is_passed
    progress = trainee.progress()
    assert (progress.passed, progress.required, progress.is_complete) == (1, 6, False)
    assert next(line for line in progress.lines if line.is_passed).best_s == 20
    assert progress.next.code == "at_a_loss"


def test_a_corrected_call_is_judged_anew(trainee: Trainee) -> None:
    trainee.begin("ready")
    call = trainee.survey(10)
    desk.correct(trainee.session, trainee.actor, call, Result("refused"), trainee.later(5))
    assert not trainee.review(call).feedback.is_good
    assert trainee.progress().passed == 0


def test_the_question_about_cable_needs_an_escalation_that_stays_in_the_house(trainee: Trainee) -> None:
    trainee.begin("cable")
    call = trainee.dial()
    desk.answered(trainee.session, trainee.actor, call, trainee.later(8))
    trainee.answers(call, "greeting", "yes")
    assert "кабель" in trainee.view().practice.says
    fields = {
        "organisation": "ООО «Учебный склад»", "inn": "", "contact": "Тренькин", "phone": "+7 000 000-00-01",
        "email": "", "text": "Кабель ВВГнг 3х2,5, 200 метров, в Березники", "wished_time": "",
    }  # fmt: skip
    escalations.raise_escalation(trainee.session, trainee.actor, fields=fields, now=trainee.later(20), attempt_id=call)
    assert "восемь" in trainee.view().practice.says
    trainee.answers(call, "rating", 8)
    trainee.answers(call, "reasons", {"prompts": ["stock"]})
    trainee.settle(call, "surveyed")
    assert trainee.review(call).feedback.is_passed
    assert not trainee.session.scalars(select(Outbox.outside)).one()


def test_the_ladder_is_lived_through_in_minutes(trainee: Trainee) -> None:
    client_id = trainee.begin("third_call").id
    for number in (1, 2):
        review = trainee.review(trainee.is_not_answered())
        assert (review.number, review.feedback.is_good, review.feedback.is_passed) == (number, True, False)
        assert review.waits_until is not None and review.waits_until > trainee.now
        training.wait(trainee.session, trainee.actor, trainee.later(5))
        assert trainee.card().id == client_id
        assert trainee.view().card.attempt_no == number + 1
    review = trainee.review(trainee.survey(9))
    assert (review.number, review.feedback.is_passed, review.waits_until) == (3, True, None)


def test_time_passes_for_the_invented_client_alone(trainee: Trainee, another: Trainee) -> None:
    session = trainee.session
    real = factories.respondent(session, session.get_one(Campaign, trainee.campaign_id))
    desk.start_shift(session, another.actor, trainee.campaign_id, "Мария", NOW)
    call_queue.take_next(session, another.actor.id, trainee.campaign_id, NOW)
    held_until = session.get_one(Respondent, real.id).held_until
    sessions = session.scalar(select(func.count()).select_from(UserSession))
    trainee.begin("third_call")
    trainee.is_not_answered()
    training.wait(session, trainee.actor, trainee.now)
    session.expire_all()
    assert session.get_one(Respondent, real.id).held_by == another.actor.id
    assert session.get_one(Respondent, real.id).held_until == held_until
    assert session.scalar(select(func.count()).select_from(UserSession)) == sessions


def test_nobody_is_given_the_invented_client_of_somebody_else(trainee: Trainee, another: Trainee) -> None:
    trainee.begin("third_call")
    trainee.is_not_answered()
    another.begin("ready")
    practice = another.session.scalars(select(TrainingClient.campaign_id)).first()
    assert practice is not None
    call_queue.return_client(another.session, another.actor.id, another.card().id, "other", another.now)
    later = another.now + timedelta(hours=2)
    taken = call_queue.take_next(another.session, another.actor.id, practice, later)
    assert isinstance(taken, call_queue.Taken)
    owner = another.session.get_one(TrainingClient, taken.respondent_id).operator_id
    assert owner == another.actor.id
    call_queue.return_client(another.session, another.actor.id, taken.respondent_id, "other", later)
    desk.end_shift(another.session, another.actor, later)
    campaign, operator = another.session.get_one(Campaign, practice), another.session.get_one(User, another.actor.id)
    factories.on_shift(another.session, campaign, operator)
    nobody = call_queue.take_next(another.session, another.actor.id, practice, later + timedelta(hours=1))
    assert isinstance(nobody, call_queue.Nobody)
    assert nobody.why == "no_due"


def test_a_promise_of_training_does_not_follow_the_operator_to_work(trainee: Trainee) -> None:
    trainee.begin("busy")
    call = trainee.dial()
    desk.answered(trainee.session, trainee.actor, call, trainee.later(8))
    trainee.settle(call, "callback", callback_at=trainee.now.replace(hour=8, minute=0, second=0) + timedelta(days=1))
    assert trainee.review(call).feedback.is_passed
    assert trainee.session.scalars(select(Appointment.state)).all() == ["open"]
    desk.start_shift(trainee.session, trainee.actor, trainee.campaign_id, "Ольга", trainee.later(5))
    assert trainee.session.scalars(select(Appointment.state)).all() == ["dropped"]


def test_own_figures_of_the_day_leave_training_out(trainee: Trainee) -> None:
    trainee.begin("ready")
    trainee.survey(10)
    assert trainee.view().operator.surveyed_today == 0


def test_training_goes_on_when_the_minutes_are_used_up(trainee: Trainee) -> None:
    session = trainee.session
    campaign = session.get_one(Campaign, trainee.campaign_id)
    session.get_one(Contract, campaign.contract_id).budget_s = 0
    session.commit()
    trainee.begin("ready")
    assert trainee.review(trainee.survey(10)).feedback.is_passed


def test_one_training_campaign_serves_a_contract_by_the_script_of_each_wave(trainee: Trainee, another: Trainee) -> None:
    trainee.begin("ready")
    another.begin("busy")
    session = trainee.session
    found = session.scalars(select(Campaign).where(Campaign.purpose == "training")).one()
    assert found.script_version_id == session.get_one(Campaign, trainee.campaign_id).script_version_id
    assert found.title.startswith("Тренировка, договор")


def test_training_does_not_begin_over_an_open_call(trainee: Trainee) -> None:
    session = trainee.session
    factories.respondent(session, session.get_one(Campaign, trainee.campaign_id))
    desk.start_shift(session, trainee.actor, trainee.campaign_id, "Ольга", NOW)
    call_queue.take_next(session, trainee.actor.id, trainee.campaign_id, NOW)
    trainee.dial()
    with pytest.raises(StaleError, match="итог"):
        trainee.begin("ready")


@pytest.mark.parametrize(
    "act", [lambda t: t.begin("no_such"), lambda t: setattr(t, "campaign_id", 99) or t.begin("ready")]
)
def test_what_is_not_there_is_not_begun(trainee: Trainee, act: Callable[[Trainee], object]) -> None:
    with pytest.raises(NotFoundError):
        act(trainee)
    assert trainee.session.scalar(select(Shift.id)) is None


def test_there_is_nothing_to_wait_for_outside_of_training(trainee: Trainee) -> None:
    with pytest.raises(StaleError):
        training.wait(trainee.session, trainee.actor, NOW)
    trainee.begin("ready")
    trainee.survey(10)
    with pytest.raises(StaleError, match="следующий сценарий"):
        training.wait(trainee.session, trainee.actor, trainee.now)


def test_the_same_press_twice_begins_once(trainee: Trainee) -> None:
    def press() -> None:
        with counting(trainee.session, Form("k", trainee.actor.id, "training.begin"), NOW):
            training.begin(trainee.session, trainee.actor, trainee.campaign_id, "ready", NOW)

    press()
    with pytest.raises(SentAgain):
        press()
    assert trainee.session.scalar(select(func.count()).select_from(TrainingClient)) == 1


# -- admission


def admission_of(session: Session, campaign_id: int, how: str) -> None:
    session.get_one(Campaign, campaign_id).admission = how
    session.commit()


def test_admission_is_asked_where_it_is_required(trainee: Trainee) -> None:
    admission_of(trainee.session, trainee.campaign_id, "required")
    with pytest.raises(DomainError, match="Пройдите тренировку"):
        desk.start_shift(trainee.session, trainee.actor, trainee.campaign_id, "Ольга", NOW)
    campaign_services.admit(trainee.session, None, trainee.campaign_id, None, "Прошла тренировку", NOW)
    assert desk.start_shift(trainee.session, trainee.actor, trainee.campaign_id, "Ольга", NOW)


def test_the_desk_warns_where_admission_is_warned(trainee: Trainee) -> None:
    assert trainee.view().unadmitted == ["Уралэнерго, ноябрь 2026"]
    assert desk.start_shift(trainee.session, trainee.actor, trainee.campaign_id, "Ольга", NOW)
    desk.end_shift(trainee.session, trainee.actor, NOW)
    admission_of(trainee.session, trainee.campaign_id, "off")
    assert trainee.view().unadmitted == []


@pytest.mark.parametrize(
    ("purpose", "result", "counts"),
    [
        ("survey", "refused", True),
        ("survey", "no_answer", False),
        ("survey", "technical", False),
        ("training", "refused", False),
        ("demo", "refused", False),
    ],
)
def test_conversations_count_as_admission(trainee: Trainee, purpose: str, result: str, counts: bool) -> None:
    session = trainee.session
    contract = session.get_one(Campaign, trainee.campaign_id).contract_id
    other = factories.campaign(session, contract_id=contract, purpose=purpose)
    operator = session.get_one(User, trainee.actor.id)
    factories.attempt(session, factories.respondent(session, other), operator, result)
    assert admission.is_admitted(session, trainee.campaign_id, operator.id) is counts


def test_conversations_with_another_customers_clients_are_no_admission(trainee: Trainee) -> None:
    session = trainee.session
    elsewhere = factories.contract(session, customer_id=factories.customer(session, "Другой заказчик").id)
    other = factories.campaign(session, contract_id=elsewhere.id)
    operator = session.get_one(User, trainee.actor.id)
    factories.attempt(session, factories.respondent(session, other), operator, "refused")
    assert not admission.is_admitted(session, trainee.campaign_id, operator.id)
    assert admission.unadmitted(session, [trainee.campaign_id], operator.id) == {trainee.campaign_id}


def test_practice_calls_are_rows_of_training(trainee: Trainee) -> None:
    trainee.begin("ready")
    trainee.survey(10)
    assert trainee.session.scalars(select(CallAttempt.purpose)).all() == ["training"]
