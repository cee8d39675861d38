"""What a manager mends in calls, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.models import (
    AttemptOutcome,
    CallAttempt,
    Campaign,
    CaseEvent,
    Interview,
    Journal,
    Respondent,
    StopList,
)
from nps.queries import campaigns, clients, operators
from nps.services import call_queue, cases, desk, stop_list, supervision
from nps.services.desk import Result
from nps.services.form_keys import SentAgain
from nps.services.supervision import Correction
from tests import factories
from tests.factories import NOW
from tests.pressing import counted


class Floor:
    """A campaign with one client, one operator on shift, one manager."""

    def __init__(self, session: Session) -> None:
        self.session = session
        campaign = factories.campaign(session)
        self.campaign_id = campaign.id
        self.operator = factories.member(session, campaign)
        self.actor = Actor(self.operator.id, "operator", self.operator.full_name)
        self.manager = factories.user(session, "manager").id
        self.boss = Actor(self.manager, "manager", "")
        self.client_id = factories.respondent(session, campaign).id
        desk.start_shift(session, self.actor, campaign.id, "Ольга", NOW)

    def dial(self, at: datetime = NOW) -> UUID:
        call_queue.take_next(self.session, self.operator.id, self.campaign_id, at)
        return desk.dial(self.session, self.actor, self.client_id, at)

    def survey(self, rating: int = 10) -> UUID:
        attempt = self.dial()
        at = NOW + timedelta(seconds=30)
        desk.answered(self.session, self.actor, attempt, at)
        for step, value in (("greeting", "yes"), ("rating", str(rating))):
            desk.answer(self.session, self.actor, attempt, step, value, at)
        desk.settle(self.session, self.actor, attempt, Result("surveyed"), at + timedelta(seconds=40))
        return attempt

    def correct(
        self, attempt: UUID, disposition: str, at: datetime = NOW + timedelta(hours=1), **fields: object
    ) -> None:
        word = Correction(disposition, "Прослушали запись", **fields)  # type: ignore[arg-type]
        supervision.correct_result(self.session, self.manager, attempt, word, at)

    def client(self) -> Respondent:
        self.session.rollback()
        return self.session.get_one(Respondent, self.client_id, populate_existing=True)


@pytest.fixture
def floor(session: Session) -> Floor:
    return Floor(session)


def in_force(session: Session) -> list[int]:
    return list(session.scalars(select(Interview.rating).where(Interview.replaced_at.is_(None))))


def test_a_corrected_survey_leaves_the_form_and_keeps_the_first_word(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    assert in_force(session) == [10]

    floor.correct(attempt, "refused")

    assert floor.client().state == "refused"
    assert in_force(session) == []
    words = session.execute(
        select(AttemptOutcome.disposition, AttemptOutcome.source, AttemptOutcome.reason).order_by(AttemptOutcome.n)
    )
    assert [tuple(row) for row in words] == [("surveyed", "operator", ""), ("refused", "manager", "Прослушали запись")]
    assert session.get_one(CallAttempt, attempt).disposition == "refused"
    assert session.scalars(select(Journal.before).where(Journal.action == "call_corrected")).one() == {
        "disposition": "surveyed"
    }


def test_a_call_corrected_back_to_a_survey_makes_the_form_from_its_answers(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "refused")
    floor.correct(attempt, "surveyed", NOW + timedelta(hours=2))
    assert floor.client().state == "surveyed"
    assert in_force(session) == [10]


def test_a_call_without_a_rating_cannot_become_a_survey(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.settle(session, floor.actor, attempt, Result("busy"), NOW)
    with pytest.raises(DomainError, match="нет оценки"):
        floor.correct(attempt, "surveyed")
    assert session.get_one(CallAttempt, attempt).disposition == "busy"


def test_a_rating_without_its_reason_becomes_a_cut_off_talk_only(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    at = NOW + timedelta(seconds=30)
    desk.answered(session, floor.actor, attempt, at)
    for step, value in (("greeting", "yes"), ("rating", "6")):
        desk.answer(session, floor.actor, attempt, step, value, at)
    desk.settle(session, floor.actor, attempt, Result("refused"), at)
    with pytest.raises(DomainError, match="Разговор прерван"):
        floor.correct(attempt, "surveyed")
    floor.correct(attempt, "partial")
    assert session.scalars(select(Interview.cut_off)).one() is True


def test_a_corrected_miss_takes_its_place_in_the_ladder(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.settle(session, floor.actor, attempt, Result("technical"), NOW)
    assert floor.client().misses == 0
    floor.correct(attempt, "busy")
    assert (floor.client().misses, floor.client().next_reason["code"]) == (1, "hour_later")


def test_a_corrected_result_needs_a_reason_and_another_result(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    with pytest.raises(DomainError, match="причину"):
        supervision.correct_result(session, floor.manager, attempt, Correction("refused", " "), NOW)
    with pytest.raises(DomainError, match="уже записан"):
        floor.correct(attempt, "surveyed")


def test_a_correction_to_a_callback_takes_only_an_allowed_time(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.settle(session, floor.actor, attempt, Result("busy"), NOW)
    with pytest.raises(DomainError, match="Укажите день"):
        floor.correct(attempt, "callback")
    night = NOW.replace(hour=22)
    with pytest.raises(DomainError, match="звонить нельзя"):
        floor.correct(attempt, "callback", callback_at=night)
    allowed = NOW + timedelta(days=1)
    floor.correct(attempt, "callback", callback_at=allowed)
    assert (floor.client().next_call_at, floor.client().callback_owner_id) == (allowed, floor.operator.id)


def test_a_correction_to_do_not_call_stops_the_phone(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "do_not_call")
    assert session.scalars(select(StopList.reason)).one() == "Прослушали запись"
    assert floor.client().state == "refused"


def test_nothing_is_corrected_while_the_client_is_on_the_line(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    with pytest.raises(StaleError, match="нет итога"):
        floor.correct(attempt, "busy")


def test_a_forgotten_call_is_settled_with_the_end_that_was_told(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.answered(session, floor.actor, attempt, NOW + timedelta(seconds=20))
    later = NOW + timedelta(hours=2)
    result = Result("refused", note="Оператор ушёл", ended_at=NOW + timedelta(seconds=65))

    supervision.settle_for_operator(session, floor.manager, attempt, result, later)

    call = session.get_one(CallAttempt, attempt)
    assert (call.disposition, call.talk_ms, call.closed_at) == ("refused", 45_000, later)
    assert (floor.client().state, floor.client().held_by) == ("refused", None)
    outcome = session.scalars(select(AttemptOutcome)).one()
    assert (outcome.source, outcome.by) == ("manager", floor.manager)
    with pytest.raises(StaleError):
        supervision.settle_for_operator(session, floor.manager, attempt, result, later)


def test_a_conversation_nobody_marked_counts_as_talk_from_the_first_ring(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    result = Result("refused", ended_at=NOW + timedelta(seconds=50))
    supervision.settle_for_operator(session, floor.manager, attempt, result, NOW + timedelta(hours=1))
    assert session.get_one(CallAttempt, attempt).talk_ms == 50_000


def test_corrected_seconds_enter_the_budget_and_the_journal(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    supervision.correct_seconds(session, floor.manager, attempt, 200, "Трубку забыли положить", NOW)

    call = session.get_one(CallAttempt, attempt)
    assert call.talk_ms == 200_000
    campaign = campaigns.campaign_row(session, floor.campaign_id)
    assert campaigns.budget(session, campaign).used_s == 240
    card = clients.card(session, floor.campaign_id, floor.client_id)
    assert card is not None
    mend, _ = card.calls[0].mends[0]
    assert (mend.before, mend.after) == ({"talk_ms": 40_000}, {"talk_ms": 200_000, "reason": "Трубку забыли положить"})
    with pytest.raises(DomainError):
        supervision.correct_seconds(session, floor.manager, attempt, 100_000, "Много", NOW)


def test_a_card_tells_every_call_with_its_answers_and_corrections(session: Session, floor: Floor) -> None:
    attempt = floor.survey(9)
    floor.correct(attempt, "refused")
    card = clients.card(session, floor.campaign_id, floor.client_id)
    assert card is not None
    call = card.calls[0]
    assert [word.disposition for word in call.words] == ["surveyed", "refused"]
    assert [(said.title, said.text) for said in call.said] == [("Приветствие", "Да, удобно"), ("Оценка", "9")]
    assert [(found.rating, found.replaced_at is not None) for found, _ in card.forms] == [(9, True)]
    assert clients.card(session, floor.campaign_id + 1, floor.client_id) is None


def test_operators_are_shown_with_what_they_do_now(session: Session, floor: Floor) -> None:
    campaign = campaigns.campaign_row(session, floor.campaign_id)
    idle = factories.member(session, session.get_one(Campaign, floor.campaign_id))

    def lines(at: datetime) -> dict[int, operators.OperatorLine]:
        return {line.id: line for line in operators.operators(session, campaign, at.date(), at)}

    assert [lines(NOW)[floor.operator.id].state, lines(NOW)[idle.id].state] == ["ready", "off"]
    attempt = floor.dial()
    assert lines(NOW)[floor.operator.id].state == "ringing"
    desk.answered(session, floor.actor, attempt, NOW + timedelta(seconds=9))
    talking = lines(NOW + timedelta(minutes=31))[floor.operator.id]
    assert (talking.state, talking.since, talking.region, talking.forgotten) == (
        "talk", NOW + timedelta(seconds=9), "Удмуртия", True,
    )  # fmt: skip
    desk.settle(session, floor.actor, attempt, Result("refused"), NOW + timedelta(seconds=69))
    done = lines(NOW)[floor.operator.id]
    assert (done.state, done.today.calls, done.today.talk_s, done.forgotten) == ("ready", 1, 60, False)
    desk.pause(session, floor.actor, "lunch", NOW + timedelta(minutes=5))
    assert (lines(NOW)[floor.operator.id].state, lines(NOW)[floor.operator.id].pause_reason) == ("pause", "lunch")


def test_the_queue_counts_classes_by_region_and_who_is_late(session: Session, floor: Floor) -> None:
    row = session.get_one(Campaign, floor.campaign_id)
    factories.respondent(session, row, region="perm", queue_class=2, next_call_at=NOW + timedelta(hours=1))
    factories.respondent(session, row, region="perm", next_call_at=None)
    factories.respondent(session, row, region=None, next_call_at=None)
    campaign = campaigns.campaign_row(session, floor.campaign_id)
    found = operators.queue(session, campaign.id, campaigns.calendars(session, campaign), NOW)
    perm, udmurtia = found
    assert (perm.name, perm.repeats, perm.fresh, perm.late, perm.due_now) == ("Пермский край", 1, 0, 1, 0)
    assert (udmurtia.fresh, udmurtia.due_now, udmurtia.closes_at) == (1, 1, NOW.replace(hour=14, minute=0))


@pytest.mark.parametrize(
    "text", ["кузнецова", "КУЗНЕЦОВА светлана", "917 000-99", "8 (917) 000-99-88", "1800099", "энерГомаш"]
)
def test_clients_are_found_by_any_part_in_any_case(session: Session, floor: Floor, text: str) -> None:
    row = session.get_one(Campaign, floor.campaign_id)
    wanted = factories.respondent(
        session, row, phones=("+79170009988",), inn="1800099123", organisation="ООО «Энергомаш»"
    )
    factories.respondent(session, row, phones=("+73412555555",), contact="Иванов Пётр", organisation="ЗАО «Другие»")
    found = clients.lines(session, floor.campaign_id, clients.ClientFilter(text=text), 1)
    rows = [row.Respondent for row, _ in found.rows]
    assert wanted.id in [row.id for row in rows]
    assert "ЗАО «Другие»" not in [row.organisation for row in rows]


def test_parts_of_the_list_add_up_to_the_base(session: Session, floor: Floor) -> None:
    row = session.get_one(Campaign, floor.campaign_id)
    factories.respondent(session, row, state="inactive", next_call_at=None, queue_class=None)
    factories.respondent(session, row, state="manager", next_call_at=None, queue_class=None)
    factories.respondent(session, row, region=None, next_call_at=None)
    counts = clients.counts(session, floor.campaign_id)
    assert (counts["all"], counts["to_call"], counts["inactive"], counts["manager"], counts["no_region"]) == (
        4,
        3,
        1,
        1,
        1,
    )
    assert len(clients.lines(session, floor.campaign_id, clients.ClientFilter(view="no_region"), 1).rows) == 1


def test_a_number_sent_twice_is_one_event_and_frees_the_card_that_names_another(session: Session, floor: Floor) -> None:
    call_queue.take_next(session, floor.operator.id, floor.campaign_id, NOW)
    with counted(session, floor.boss, "k"):
        cases.give_number(session, floor.manager, floor.client_id, "8 917 111-22-33", NOW)
    assert floor.client().held_by is None
    with pytest.raises(StaleError, match="уже не у вас"):
        desk.dial(session, floor.actor, floor.client_id, NOW)
    call_queue.take_next(session, floor.operator.id, floor.campaign_id, NOW)
    with pytest.raises(SentAgain), counted(session, floor.boss, "k"):
        cases.give_number(session, floor.manager, floor.client_id, "8 917 111-22-33", NOW)
    assert floor.client().held_by == floor.operator.id
    assert list(session.scalars(select(CaseEvent.kind))) == ["number_added"]


def test_a_card_freed_once_is_not_freed_again_by_the_same_form(session: Session, floor: Floor) -> None:
    call_queue.take_next(session, floor.operator.id, floor.campaign_id, NOW)
    with counted(session, floor.boss, "k"):
        cases.free(session, floor.manager, floor.client_id, NOW)
    assert floor.client().held_by is None
    call_queue.take_next(session, floor.operator.id, floor.campaign_id, NOW)
    with pytest.raises(SentAgain), counted(session, floor.boss, "k"):
        cases.free(session, floor.manager, floor.client_id, NOW)
    assert floor.client().held_by == floor.operator.id


def test_a_client_reopened_once_is_not_reopened_again_by_the_same_form(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "refused")
    at = NOW + timedelta(hours=2)
    with counted(session, floor.boss, "k"):
        cases.decide_case(session, floor.manager, floor.client_id, "reopened", "Передумал", at)
    assert floor.client().state == "waiting"
    with pytest.raises(SentAgain), counted(session, floor.boss, "k"):
        cases.decide_case(session, floor.manager, floor.client_id, "reopened", "Передумал", at)
    assert floor.client().state == "waiting"
    assert list(session.scalars(select(CaseEvent.kind))) == ["reopened"]


def test_an_answered_call_becomes_no_answer_only_with_a_mark(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "refused")
    assert clients.card(session, floor.campaign_id, floor.client_id).calls[0].contradiction == ""  # type: ignore[union-attr]
    floor.correct(attempt, "no_answer", NOW + timedelta(hours=2))
    card = clients.card(session, floor.campaign_id, floor.client_id)
    assert card is not None and card.calls[0].contradiction == "answered"


def test_a_short_ring_corrected_to_no_answer_is_marked(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.settle(session, floor.actor, attempt, Result("busy"), NOW + timedelta(seconds=9))
    floor.correct(attempt, "no_answer")
    card = clients.card(session, floor.campaign_id, floor.client_id)
    assert card is not None and card.calls[0].contradiction == "ring_short"
    floor.correct(attempt, "refused", NOW + timedelta(hours=2))
    card = clients.card(session, floor.campaign_id, floor.client_id)
    assert card is not None and card.calls[0].contradiction == "not_answered"


def test_the_questionnaire_of_an_earlier_call_comes_back_with_its_survey(session: Session, floor: Floor) -> None:
    first = floor.survey(9)
    later = NOW + timedelta(hours=1)
    second = desk.take_inbound(session, floor.actor, floor.client_id, later)
    for step, value in (("greeting", "yes"), ("rating", "10")):
        desk.answer(session, floor.actor, second, step, value, later)
    desk.settle(session, floor.actor, second, Result("surveyed"), later)
    assert in_force(session) == [10]
    floor.correct(second, "refused", later + timedelta(minutes=1))
    assert (floor.client().state, in_force(session)) == ("surveyed", [9])
    floor.correct(first, "refused", later + timedelta(minutes=2))
    assert (floor.client().state, in_force(session)) == ("refused", [])


def test_an_excluded_client_is_made_no_survey_of(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "hung_up")
    cases.decide_case(session, floor.manager, floor.client_id, "withdrawn", "Просили", NOW, letter="17")
    with pytest.raises(StaleError, match="исключён из базы"):
        floor.correct(attempt, "surveyed")
    assert (floor.client().state, in_force(session)) == ("withdrawn", [])


def test_a_stop_listed_client_is_not_reopened_in_vain(session: Session, floor: Floor) -> None:
    attempt = floor.survey()
    floor.correct(attempt, "do_not_call")
    at = NOW + timedelta(hours=3)
    assert "сначала снимите запись" in cases.why_not_back(session, floor.client_id, "reopened", at)
    with pytest.raises(StaleError, match="стоп-листе"):
        cases.decide_case(session, floor.manager, floor.client_id, "reopened", "Просил", at)
    assert session.scalars(select(CaseEvent.kind)).all() == ["stop_listed"]
    entry = session.scalars(select(StopList.id)).one()
    stop_list.lift(session, floor.manager, floor.campaign_id, entry, "Ошибка", at)
    assert cases.why_not_back(session, floor.client_id, "reopened", at) == ""
    cases.decide_case(session, floor.manager, floor.client_id, "reopened", "Просил", at)
    assert floor.client().state == "waiting"


def test_a_client_without_a_live_number_needs_one_first(session: Session, floor: Floor) -> None:
    attempt = floor.dial()
    desk.settle(session, floor.actor, attempt, Result("dead_number", note="Нет"), NOW)
    assert floor.client().state == "inactive"
    with pytest.raises(StaleError, match="внесите новый номер"):
        cases.decide_case(session, floor.manager, floor.client_id, "reopened", "Верный", NOW)
