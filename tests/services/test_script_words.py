"""What clients really said becomes a part of the draft by one press (R18)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.script import Script
from nps.models import Campaign, ScriptDraft, UnsuitableAnswer, UnsuitableUse
from nps.queries import unsuitable
from nps.queries.personal_data import ERASED
from nps.services import scripts
from tests import factories
from tests.factories import NOW
from tests.services.test_scripts import Studio, says


class Inbox(Studio):
    """A studio to which operators have sent words."""

    def said(self, step: str, words: str) -> int:
        campaign = self.session.get_one(Campaign, self.campaign_id)
        operator = factories.member(self.session, campaign)
        call = factories.attempt(self.session, factories.respondent(self.session, campaign), operator, "hung_up")
        row = UnsuitableAnswer(
            attempt_id=call.id, script_version_id=call.script_version_id, step=step, words=words, by=operator.id, at=NOW
        )
        self.session.add(row)
        self.session.commit()
        return row.id

    def use(self, unsuitable_id: int, used_as: str) -> str:
        return scripts.use_words(self.session, self.irina, unsuitable_id, used_as, NOW)

    def draft(self) -> Script:
        return Script.from_dict(self.session.scalars(select(ScriptDraft.body)).one())


@pytest.fixture
def inbox(session: Session) -> Inbox:
    return Inbox(session)


def test_words_become_an_answer_that_still_needs_its_way(inbox: Inbox) -> None:
    assert inbox.use(inbox.said("greeting", "Пришлите  вопросы\nна почту"), "answer") == "greeting"
    answer = inbox.draft().step("greeting").answers[-1]
    assert (answer.label, answer.next) == ("Пришлите вопросы на почту", "")
    assert [problem.step_id for problem in inbox.draft().problems()] == ["greeting"]


def test_words_become_a_prompt_an_objection_and_a_question(inbox: Inbox) -> None:
    assert inbox.use(inbox.said("reasons", "цена выше, чем у соседей"), "prompt") == "reasons"
    assert inbox.use(inbox.said("rating", "Вы и так всё знаете"), "objection") == "complaint"
    assert inbox.use(inbox.said("question", "Есть ли скидки?"), "question") == "question"
    draft = inbox.draft()
    assert draft.step("reasons").prompts[-2].label == "цена выше, чем у соседей"
    assert draft.complaint.objections[-1].complaint == "Вы и так всё знаете"
    assert draft.questions[-1].ask == "Есть ли скидки?"


def test_they_are_added_to_what_somebody_is_writing(inbox: Inbox) -> None:
    inbox.save(says("До свидания!"), 0, inbox.petr)
    inbox.use(inbox.said("reasons", "цена"), "prompt")
    assert inbox.draft().step("farewell").say == "До свидания!"
    assert inbox.shown().revision == 2


def test_the_studio_counts_what_nobody_has_looked_at(inbox: Inbox) -> None:
    rows = [inbox.said("rating", "Не скажу"), inbox.said("rating", "А зачем?"), inbox.said("reasons", "Цена")]
    assert unsuitable.waiting(inbox.session, inbox.campaign_id) == {"rating": 2, "reasons": 1}
    inbox.use(rows[0], "dismissed")
    inbox.use(rows[2], "prompt")
    assert unsuitable.waiting(inbox.session, inbox.campaign_id) == {"rating": 1}


def test_words_are_used_once(inbox: Inbox) -> None:
    row = inbox.said("rating", "Не скажу")
    assert inbox.use(row, "dismissed") == ""
    assert inbox.session.scalar(select(ScriptDraft.id)) is None
    with pytest.raises(StaleError, match="уже разобраны"):
        inbox.use(row, "objection")


@pytest.mark.parametrize(
    ("step", "words", "used_as", "error"),
    [
        ("rating", "Звоните на 8 917 000-11-22", "objection", DomainError),
        ("rating", ERASED, "objection", NotFoundError),
        ("rating", "Не скажу", "result", NotFoundError),
        ("rating", "Не скажу", "answer", StaleError),
    ],
)
def test_what_can_not_be_used_stays_in_the_inbox(
    inbox: Inbox, step: str, words: str, used_as: str, error: type[Exception]
) -> None:
    row = inbox.said(step, words)
    with pytest.raises(error):
        inbox.use(row, used_as)
    assert inbox.session.scalar(select(UnsuitableUse.unsuitable_id)) is None


def test_words_of_another_customers_client_are_not_there(inbox: Inbox) -> None:
    row = inbox.said("rating", "Не скажу")
    foreign = inbox.author("Чужая", customer_id=factories.customer(inbox.session, "Другой").id)
    with pytest.raises(NotFoundError):
        scripts.use_words(inbox.session, foreign, row, "objection", NOW)
