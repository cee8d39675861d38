"""Reviews: the reason is stored with the first save, the operator sees the finished one and answers (R20: words go)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.quality import Criterion, Plan, Rate
from nps.models import Answer, AttemptOutcome, CallAttempt, Campaign, Journal, QualityMark, QualityReview
from nps.queries import clients, day
from nps.queries import quality as queries
from nps.services import desk, quality, supervision
from nps.services.personal_data.overwriting import overwrite_clients
from nps.services.supervision import Correction
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW

GOOD: list[int | None] = [2, 1, 2, None, 2]


class House:
    """A survey, an operator with one interview, two managers."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.campaign = factories.campaign(session)
        self.campaign_id = self.campaign.id
        operator = factories.member(session, self.campaign)
        self.operator = Actor(operator.id, "operator", operator.full_name)
        self.managers = [self.manager(name) for name in ("Нина", "Пётр")]
        self.call = self.interview()

    def manager(self, name: str) -> Actor:
        return Actor(factories.user(self.session, "manager", full_name=name).id, "manager", name)

    def interview(self, *, campaign: Campaign | None = None, rated_after_s: int = 25, **fields: object) -> UUID:
        """A call with consent after nine seconds, and a rating."""
        campaign = campaign or self.session.get_one(Campaign, self.campaign_id)
        client = factories.respondent(self.session, campaign)
        operator = self.session.get_one(factories.User, self.operator.id)
        at = NOW - timedelta(hours=1)
        values = {"at": at, "answered_at": at, "survey_ms": 40_000, "talk_ms": 60_000} | fields
        call = factories.attempt(self.session, client, operator, "surveyed", **values)  # type: ignore[arg-type]
        for step, value, seconds in (("greeting", "yes", 9), ("rating", 10, 9 + rated_after_s)):
            self.session.add(Answer(attempt_id=call.id, step=step, value=value, at=at + timedelta(seconds=seconds)))
        self.session.commit()
        return call.id

    def save(
        self,
        call: UUID | None = None,
        who: int = 0,
        marks: list[int | None] = GOOD,
        note: str = "",
        finish: bool = True,
    ) -> None:
        actor = self.managers[who]
        quality.save_review(
            self.session, actor, self.campaign_id, call or self.call, marks=marks, note=note, finish=finish,
            now=NOW,
        )  # fmt: skip

    def correct(self, disposition: str, who: int = 0, reason: str = "Слышно отказ", call: UUID | None = None) -> None:
        actor = self.managers[who]
        quality.correct_result(
            self.session, actor, self.campaign_id, call or self.call, Correction(disposition, reason), NOW
        )

    def said(self) -> list[tuple[str, str, str]]:
        """All words about the call: the result, where it comes from, why."""
        self.session.rollback()
        words = self.session.execute(
            select(AttemptOutcome.disposition, AttemptOutcome.source, AttemptOutcome.reason)
            .where(AttemptOutcome.attempt_id == self.call)
            .order_by(AttemptOutcome.n)
        )
        return [(row.disposition, row.source, row.reason) for row in words]

    def review(self) -> QualityReview:
        self.session.rollback()
        return self.session.scalars(select(QualityReview)).one()

    def waiting(self) -> dict[UUID, str]:
        return {found.row.id: found.reason for found in queries.candidates(self.session, self.campaign_id, NOW)}

    def plan(self, **fields: int) -> None:
        quality.save_plan(self.session, self.managers[0].id, self.campaign_id, Plan(**fields), NOW)


@pytest.fixture
def house(session: Session) -> House:
    return House(session)


def test_a_newcomers_calls_are_all_on_the_list_and_an_experienced_ones_by_rule(house: House) -> None:
    assert house.waiting() == {house.call: "newcomer"}
    fast = house.interview(rated_after_s=2)
    long = house.interview(survey_ms=61_000)
    complaint = house.interview(break_ms=5_000)
    house.plan(newcomer_calls=0, share_percent=0)
    assert house.waiting() == {fast: "speed", long: "length", complaint: "complaint"}


def test_experience_is_counted_without_training(house: House) -> None:
    house.plan(newcomer_calls=1, share_percent=0)
    training = factories.campaign(house.session, purpose="training", contract_id=house.campaign.contract_id)
    house.interview(campaign=training, at=NOW - timedelta(days=1), answered_at=NOW - timedelta(days=1))
    assert house.waiting() == {house.call: "newcomer"}


def test_the_reason_is_stored_when_the_review_is_begun(house: House) -> None:
    house.save(finish=False)
    assert house.waiting() == {}
    house.plan(newcomer_calls=0, share_percent=0)
    house.save(note="Дочитывайте вопрос")
    review = house.review()
    assert (review.reason, review.points, review.most, review.finished_at) == ("newcomer", 7, 8, NOW)
    assert [mark.mark for mark in house.session.scalars(select(QualityMark).order_by(QualityMark.position))] == GOOD
    assert [rate for _, rate in queries.rates(house.session, house.campaign_id)] == [Rate(1, 7, 8)]


def test_the_jumps_lead_to_the_answered_steps(house: House) -> None:
    call = queries.call_to_review(house.session, house.campaign_id, house.call)
    assert call is not None
    assert [(jump.title, jump.said, jump.at_s, jump.took_s) for jump in call.jumps] == [
        ("Приветствие", "удобно", 0, 9),
        ("Оценка", "10", 9, 25),
    ]


def test_a_call_belongs_to_the_reviewer_who_began_it(house: House) -> None:
    house.save(finish=False)
    with pytest.raises(StaleError, match="Нина"):
        house.save(who=1)


@pytest.mark.parametrize(
    ("marks", "error"), [([None] * 5, DomainError), ([2, 2], StaleError), ([2, 2, 2, 2, 3], StaleError)]
)
def test_a_review_without_a_mark_or_with_others_is_not_sent(
    house: House, marks: list[int | None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        house.save(marks=marks)
    assert house.session.scalar(select(QualityReview.id)) is None


def test_a_call_of_another_campaign_is_not_there(house: House) -> None:
    foreign = house.interview(campaign=factories.campaign(house.session))
    with pytest.raises(NotFoundError):
        house.save(foreign)


def test_the_operator_reads_the_finished_review_and_answers(house: House) -> None:
    house.save(finish=False)
    assert queries.reviews_of(house.session, house.operator.id) == []
    review_id = house.review().id
    with pytest.raises(NotFoundError):
        quality.reply(house.session, house.operator, review_id, "Рано", NOW)
    house.save(note="Отлично")
    assert queries.begun(house.session, house.campaign_id) == []
    quality.reply(house.session, house.operator, review_id, "Спасибо", NOW)
    (review,) = queries.reviews_of(house.session, house.operator.id)
    assert (review.row.note, review.row.reply, review.reviewer) == ("Отлично", "Спасибо", "Нина")
    somebody = Actor(factories.user(house.session).id, "operator", "Другой")
    with pytest.raises(NotFoundError):
        quality.reply(house.session, somebody, review_id, "Не моё", NOW)


def test_criteria_belong_to_the_campaign_and_old_reviews_keep_their_words(house: House) -> None:
    house.save()
    plan = Plan(5, 3, (Criterion("Имя назвал"), Criterion("Не перебивал", "пауза до ответа")))
    quality.save_plan(house.session, house.managers[0].id, house.campaign_id, plan, NOW)
    assert queries.plan(house.session, house.campaign_id) == plan
    (review,) = queries.reviews_of(house.session, house.operator.id)
    assert review.marks[0] == ("Приветствие дословно", 2)
    for broken in ((), (Criterion("А"), Criterion("А")), (Criterion("А" * 81),)):
        with pytest.raises(DomainError):
            quality.save_plan(house.session, house.managers[0].id, house.campaign_id, Plan(5, 3, broken), NOW)


def test_words_about_an_erased_client_go_and_the_figures_stay(house: House) -> None:
    house.save(note="Клиент Кузнецова просила не звонить")
    quality.reply(house.session, house.operator, house.review().id, "Светлана", NOW)
    client = house.session.get_one(CallAttempt, house.call).respondent_id
    with write(house.session) as s:
        overwrite_clients(s, select(factories.Respondent.id).where(factories.Respondent.id == client), NOW)
    review = house.review()
    assert (review.note, review.reply, review.points) == ("", "", 7)
    with pytest.raises(StaleError, match="удалены"):
        house.save()


# -- another result, heard in the call


def test_a_result_corrected_in_a_review_says_so_and_keeps_the_first_word(house: House) -> None:
    house.correct("refused")

    assert house.said() == [("surveyed", "operator", ""), ("refused", "review", "Слышно отказ")]
    client_id = house.session.get_one(CallAttempt, house.call).respondent_id
    card = clients.card(house.session, house.campaign_id, client_id)
    assert card is not None and card.client.state == "refused"
    assert [(word.disposition, word.source, word.by) for word in card.calls[0].words][-1] == (
        "refused",
        "review",
        "Нина",
    )
    corrected = house.session.execute(select(Journal.action, Journal.before).where(Journal.action.like("call_corr%")))
    assert [tuple(row) for row in corrected] == [("call_corrected_by_review", {"disposition": "surveyed"})]
    (call,) = day.last_calls(house.session, house.operator.id)
    assert [(word.source, word.reason) for word in call.words][-1] == ("review", "Слышно отказ")


def test_a_managers_correction_is_not_taken_for_a_reviewers(house: House) -> None:
    house.correct("refused")
    manager = house.managers[1]
    correction = Correction("hung_up", "Письмо заказчика")
    supervision.correct_result(house.session, manager.id, house.call, correction, NOW)
    assert [source for _, source, _ in house.said()] == ["operator", "review", "manager"]


def test_a_correction_begins_the_review_and_belongs_to_its_reviewer(house: House) -> None:
    house.correct("refused")
    assert house.waiting() == {}
    review = house.review()
    assert (review.reason, review.reviewer_id, review.finished_at) == ("newcomer", house.managers[0].id, None)
    # Begun and not sent, it stands on a list of its own.
    assert [(found.row.attempt_id, found.reviewer) for found in queries.begun(house.session, house.campaign_id)] == [
        (house.call, "Нина")
    ]
    with pytest.raises(StaleError, match="проверяет Нина"):
        house.correct("hung_up", who=1)
    with pytest.raises(StaleError, match="проверяет Нина"):
        house.save(who=1)
    assert len(house.said()) == 2


def test_a_refused_correction_begins_no_review(house: House) -> None:
    with pytest.raises(DomainError, match="уже записан"):
        house.correct("surveyed")
    with pytest.raises(DomainError, match="Напишите причину"):
        house.correct("refused", reason=" ")
    house.session.rollback()
    assert house.session.scalar(select(QualityReview.id)) is None
    foreign = house.interview(campaign=factories.campaign(house.session))
    with pytest.raises(NotFoundError):
        house.correct("refused", call=foreign)


def test_the_operator_takes_no_word_of_others_back(house: House) -> None:
    house.correct("refused")
    with pytest.raises(StaleError, match="исправил руководитель"):
        desk.reopen(house.session, house.operator, house.call, NOW)
    assert [source for _, source, _ in house.said()] == ["operator", "review"]


# -- the operator's own page, and how long steps really take


def test_own_figures_of_the_day(house: House) -> None:
    house.interview(survey_ms=50_000)
    figures = day.today(house.session, house.operator.id, "Europe/Samara", NOW)
    assert (figures.calls, figures.surveyed, figures.refused, figures.talk_s) == (2, 2, 0, 120)
    assert figures.median_survey_s == 50
    assert [call.words for call in day.last_calls(house.session, house.operator.id)] == [(), ()]


def test_what_is_missing_is_shared_by_operators_and_days(house: House) -> None:
    campaign = house.session.get_one(Campaign, house.campaign_id)
    for _ in range(19):
        factories.respondent(house.session, house.session.get_one(Campaign, house.campaign_id))
    factories.member(house.session, campaign)
    (target,) = day.targets(house.session, house.operator, NOW)
    # 17, 18, 19, 24, 25, 26 November.
    assert (target.missing, target.days, target.operators, target.share) == (15, 6, 2, 2)


def test_the_real_median_of_each_step(house: House) -> None:
    house.interview(rated_after_s=15)
    house.interview(rated_after_s=19)
    version = house.session.get_one(Campaign, house.campaign_id).script_version_id
    assert queries.medians(house.session, version) == {"greeting": (9, 3), "rating": (19, 3)}
