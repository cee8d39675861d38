"""Drafts and publishing: nobody's work is written over unseen, and a version never changes (R18)."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.errors import DomainError, NotFoundError, ScriptError, StaleError
from nps.domain.script import Script, editing
from nps.domain.script.repairs import repaired, repairs
from nps.models import CallAttempt, Campaign, Contract, Journal, ScriptDraft, ScriptVersion
from nps.queries import scripts as queries
from nps.queries.interviews import script_of
from nps.services import call_queue, desk, scripts
from nps.services.form_keys import Form, SentAgain
from nps.services.scripts import Edit
from tests import factories
from tests.factories import NOW
from tests.pressing import counted


class Studio:
    """A survey with its script, and the customer's specialists."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.campaign = factories.campaign(session)
        self.customer_id = session.get_one(Contract, self.campaign.contract_id).customer_id
        self.campaign_id = self.campaign.id
        self.irina, self.petr = self.author("Ирина"), self.author("Пётр")

    def author(self, name: str, **fields: int) -> Actor:
        customer = fields.get("customer_id", self.customer_id)
        user = factories.user(self.session, "specialist", full_name=name, customer_id=customer)
        return Actor(user.id, "specialist", name, customer)

    @property
    def version_id(self) -> int:
        self.session.rollback()
        return self.session.get_one(Campaign, self.campaign_id).script_version_id

    def save(self, edit: Edit, revision: int, actor: Actor | None = None) -> int:
        actor = actor or self.irina
        return scripts.save(self.session, actor, self.version_id, revision, edit, NOW)

    def publish(self, revision: int, actor: Actor | None = None, campaigns: set[int] | None = None) -> int:
        actor = actor or self.irina
        chosen = {row.id for row in self.callers()} if campaigns is None else campaigns
        return scripts.publish(self.session, actor, self.version_id, revision, chosen, NOW)

    def callers(self) -> list[queries.Caller]:
        return queries.callers(self.session, self.version_id)

    def wave(self, **fields: object) -> int:
        """Another campaign of the same customer."""
        contract = self.session.get_one(Campaign, self.campaign_id).contract_id
        values = {"contract_id": contract, "script_version_id": self.version_id} | fields
        return factories.campaign(self.session, **values).id

    def undo(self, revision: int, actor: Actor | None = None) -> None:
        actor = actor or self.irina
        scripts.undo(self.session, actor, self.version_id, revision, NOW)

    def shown(self) -> queries.Studio:
        return queries.studio(self.session, self.version_id)


@pytest.fixture
def studio(session: Session) -> Studio:
    return Studio(session)


def says(text: str) -> Edit:
    step = Script.from_dict(DEFAULT_SCRIPT).step("farewell")
    return partial(editing.with_step, step=replace(step, say=text))


def test_the_first_save_begins_the_draft_and_publishing_ends_it(studio: Studio) -> None:
    assert studio.shown().draft is None
    assert studio.save(says("До свидания!"), 0) == 1
    draft = studio.shown().draft
    assert draft is not None
    assert (draft.revision, draft.author, draft.script.step("farewell").say) == (1, "Ирина", "До свидания!")
    assert studio.publish(1) == 2
    assert studio.shown().draft is None
    assert [(line.no, line.author) for line in queries.versions(studio.session, studio.version_id)] == [
        (2, "Ирина"),
        (1, ""),
    ]
    assert studio.session.scalars(select(Journal.action).where(Journal.action == "script_published")).one()


def test_the_second_author_sees_what_the_first_has_saved(studio: Studio) -> None:
    assert studio.save(says("Ирина была первой"), 0) == 1
    with pytest.raises(StaleError, match="Ирина"):
        studio.save(says("Пётр опоздал"), 0, studio.petr)
    shown = studio.shown()
    assert (shown.revision, shown.script.step("farewell").say) == (1, "Ирина была первой")
    assert studio.save(says("Пётр прочитал и решил"), 1, studio.petr) == 2


def test_what_somebody_has_saved_since_is_neither_published_nor_thrown_away(studio: Studio) -> None:
    studio.save(says("раз"), 0)
    studio.save(says("два"), 1, studio.petr)
    with pytest.raises(StaleError, match="Пётр"):
        studio.publish(1)
    with pytest.raises(StaleError, match="Пётр"):
        scripts.discard(studio.session, studio.irina, studio.version_id, 1)
    scripts.discard(studio.session, studio.irina, studio.version_id, 2)
    assert studio.session.scalar(select(ScriptDraft.id)) is None


def test_a_save_on_a_draft_that_was_published_meanwhile_begins_nothing(studio: Studio) -> None:
    studio.save(says("раз"), 0)
    studio.publish(1)
    with pytest.raises(StaleError, match="опубликован"):
        studio.save(says("два"), 1)


def test_the_same_press_twice_saves_once(studio: Studio) -> None:
    with counted(studio.session, studio.irina.id, "key"):
        assert studio.save(says("раз"), 0) == 1
    with pytest.raises(SentAgain), counted(studio.session, studio.irina.id, "key"):
        studio.save(says("раз"), 1)
    assert studio.shown().revision == 1


def test_a_script_with_a_problem_is_kept_and_not_published(studio: Studio) -> None:
    studio.save(partial(editing.without_step, step_id="farewell"), 0)
    with pytest.raises(DomainError, match="исправьте"):
        studio.publish(1)
    assert studio.session.scalar(select(func.count()).select_from(ScriptVersion)) == 1


def test_nothing_new_is_not_published(studio: Studio) -> None:
    studio.save(lambda script: script, 0)
    with pytest.raises(DomainError, match="не отличается"):
        studio.publish(1)


def test_what_is_too_large_is_not_even_kept(studio: Studio) -> None:
    with pytest.raises(ScriptError, match="Прощание"):
        studio.save(says("я" * 2001), 0)
    assert studio.session.scalar(select(ScriptDraft.id)) is None


@pytest.mark.parametrize("role", ["manager", "admin", "customer"])
def test_only_a_specialist_of_this_customer_writes_and_publishes(studio: Studio, role: str) -> None:
    foreign = studio.author("Чужая", customer_id=factories.customer(studio.session, "Другой").id)
    other = replace(studio.irina, role=role)
    studio.save(says("раз"), 0)
    for actor in (foreign, other):
        with pytest.raises(NotFoundError):
            studio.save(says("два"), 1, actor)
        with pytest.raises(NotFoundError):
            studio.publish(1, actor)


def test_a_press_mends_a_problem_and_another_takes_it_back(studio: Studio) -> None:
    studio.save(partial(editing.without_step, step_id="callback"), 0)
    broken = studio.shown().script
    offered = [repair for row in repairs(broken, broken.problems()) for repair in row]
    assert [repair.label for repair in offered] == [
        "«неудобно» → «Отказ»", "Вести сюда: «Приветствие», «неудобно»", "Удалить шаг",
    ]  # fmt: skip
    assert studio.save(partial(repaired, key=offered[0].key), 1) == 2
    assert studio.shown().script == offered[0].script
    assert offered[0].script.problems() == []
    with pytest.raises(StaleError, match="исправили иначе"):
        studio.save(partial(repaired, key=offered[0].key), 2)
    studio.undo(2)
    assert studio.shown().script == broken
    with pytest.raises(DomainError, match="Отменять нечего"):
        studio.undo(3)


def test_the_first_change_is_taken_back_to_what_is_published(studio: Studio) -> None:
    studio.save(says("раз"), 0)
    studio.undo(1)
    draft = studio.shown().draft
    assert draft is not None and not draft.can_undo
    assert draft.script == studio.shown().latest.script


def test_nobody_takes_back_what_he_has_not_seen(studio: Studio) -> None:
    studio.save(says("раз"), 0)
    studio.save(says("два"), 1, studio.petr)
    with pytest.raises(StaleError, match="Пётр"):
        studio.undo(1)
    with pytest.raises(NotFoundError):
        studio.undo(2, replace(studio.irina, role="manager"))
    studio.undo(2)
    assert studio.shown().script.step("farewell").say == "раз"


def test_a_file_comes_into_the_draft_and_publishes_nothing(studio: Studio) -> None:
    script = says("Из файла")(Script.from_dict(DEFAULT_SCRIPT))
    file = io.BytesIO(scripts.as_file(script, "Опрос"))
    who = studio.irina
    scripts.replace_draft(studio.session, who, studio.version_id, 0, file, NOW)
    assert studio.shown().script == script
    assert studio.shown().latest.no == 1


def open_call(studio: Studio) -> tuple[Actor, UUID]:
    operator = factories.member(studio.session, studio.session.get_one(Campaign, studio.campaign_id))
    factories.respondent(studio.session, studio.session.get_one(Campaign, studio.campaign_id))
    actor = Actor(operator.id, "operator", operator.full_name)
    desk.start_shift(studio.session, actor, studio.campaign_id, "Ольга", NOW)
    taken = call_queue.take_next(studio.session, actor.id, studio.campaign_id, NOW)
    assert isinstance(taken, call_queue.Taken)
    return actor, desk.dial(studio.session, actor, taken.respondent_id, Form("", actor.id, "test"), NOW)


def test_an_open_call_keeps_its_version_and_the_next_one_has_the_new(studio: Studio) -> None:
    _, first = open_call(studio)
    studio.save(says("По-новому"), 0)
    studio.publish(1)
    _, second = open_call(studio)
    lines = [
        script_of(studio.session, studio.session.get_one(CallAttempt, call).script_version_id).step("farewell").say
        for call in (first, second)
    ]
    assert lines == ["Будем рады дальнейшему сотрудничеству! Всего доброго!", "По-новому"]


def test_a_closed_campaign_and_another_customer_keep_theirs(studio: Studio) -> None:
    session = studio.session
    old = studio.version_id
    closed = studio.wave(closed_at=NOW)
    foreign = factories.campaign(session)
    foreign_id, foreign_version = foreign.id, foreign.script_version_id
    studio.save(says("По-новому"), 0)
    studio.publish(1, campaigns={studio.campaign_id, closed, foreign_id})
    session.expire_all()
    assert session.get_one(Campaign, closed).script_version_id == old
    assert session.get_one(Campaign, foreign_id).script_version_id == foreign_version
    assert studio.version_id != old


def numbers(studio: Studio) -> dict[int, int]:
    """Which version each open campaign calls by."""
    return {row.id: row.version_no for row in studio.callers()}


def test_only_the_chosen_campaigns_take_the_new_version(studio: Studio) -> None:
    other = studio.wave(title="Декабрь 2026")
    studio.save(says("По-новому"), 0)
    studio.publish(1, campaigns={other})
    assert numbers(studio) == {studio.campaign_id: 1, other: 2}
    taken = studio.session.execute(
        select(Journal.campaign_id, Journal.before, Journal.after).where(Journal.action == "script_taken")
    )
    assert [tuple(row) for row in taken] == [(other, {"version": 1}, {"version": 2})]
    assert (studio.shown().in_use.no, studio.shown().latest.no) == (1, 2)


def test_a_campaign_that_stayed_goes_on_later_and_its_open_call_keeps_its_version(studio: Studio) -> None:
    old = studio.version_id
    studio.save(says("По-новому"), 0)
    studio.publish(1, campaigns=set())
    _, call = open_call(studio)
    assert studio.callers()[0].open_calls == 1
    who = studio.irina
    with pytest.raises(DomainError, match="Отметьте проекты"):
        scripts.adopt(studio.session, who, old, set(), NOW)
    with counted(studio.session, who.id, "key"):
        assert scripts.adopt(studio.session, who, old, {studio.campaign_id}, NOW) == 1
    with pytest.raises(SentAgain), counted(studio.session, who.id, "key"):
        scripts.adopt(studio.session, who, old, {studio.campaign_id}, NOW)
    assert numbers(studio) == {studio.campaign_id: 2}
    assert studio.session.get_one(CallAttempt, call).script_version_id == old


def test_nobody_else_moves_campaigns(studio: Studio) -> None:
    studio.save(says("По-новому"), 0)
    studio.publish(1, campaigns=set())
    foreign = studio.author("Чужая", customer_id=factories.customer(studio.session, "Другой").id)
    for actor in (foreign, replace(studio.irina, role="manager")):
        with pytest.raises(NotFoundError):
            scripts.adopt(studio.session, actor, studio.version_id, {studio.campaign_id}, NOW)
    assert numbers(studio) == {studio.campaign_id: 1}


def test_training_is_no_choice_and_follows_its_campaign(studio: Studio) -> None:
    studio.wave(purpose="training", title="Тренировка")
    assert [row.id for row in studio.callers()] == [studio.campaign_id]
