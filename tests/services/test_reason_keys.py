"""What clients said is counted under the words in which they said it, however the script is edited between (R18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.script import Answer, Prompt, Script, Step, StepKind
from nps.domain.script.editing import with_step
from nps.models import CallAttempt, Campaign, Contract, InterviewReason, Journal
from nps.queries.reports import AnswerFilter, answers, reason_labels
from nps.queries.reports.answers import ratings_by_place, score_of_groups
from nps.queries.reports.reasons import reasons_of
from nps.services import scripts
from tests import factories
from tests.factories import NOW
from tests.services.test_desk import Desk


class Wave:
    """A campaign with an operator whose clients name reasons, and the specialist who edits the script."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.campaign = factories.campaign(session, purpose="demo", always_open=True)
        self.campaign_id = self.campaign.id
        customer_id = session.get_one(Contract, self.campaign.contract_id).customer_id
        user = factories.user(session, "specialist", customer_id=customer_id)
        self.author = Actor(user.id, "specialist", "Ирина", customer_id)
        self.operator = factories.member(session, self.campaign)
        self.seat = Desk(session, self.operator, self.campaign_id)

    @property
    def version_id(self) -> int:
        self.session.rollback()
        return self.session.get_one(Campaign, self.campaign_id).script_version_id

    @property
    def step(self) -> Step:
        body = self.session.get_one(factories.ScriptVersion, self.version_id).body
        return next(step for step in Script.from_dict(body).steps if step.kind is StepKind.REASONS)

    def edit(self, prompts: Sequence[Prompt]) -> None:
        """The form of the step is saved with these rows, and published."""
        step = replace(self.step, prompts=tuple(prompts))
        self.publish(lambda script: with_step(script, step))

    def publish(self, change: Callable[[Script], Script]) -> None:
        args = self.session, self.author, self.version_id
        revision = scripts.save(*args, 0, change, NOW)
        scripts.publish(*args, revision, {self.campaign_id}, NOW)

    def answered(self) -> UUID:
        """A new client takes the call."""
        factories.respondent(self.session, self.session.get_one(Campaign, self.campaign_id))
        self.session.commit()
        return self.seat.answered()

    def says(self, *labels: str, rating: int = 5) -> None:
        """A client agrees with these reasons."""
        keys = {prompt.label: prompt.id for prompt in self.step.prompts}
        attempt = self.answered()
        self.seat.answer(attempt, "greeting", "yes")
        self.seat.answer(attempt, "rating", str(rating))
        said = {"prompts": [keys[label] for label in labels], "words": "" if labels else "своё", "comment": ""}
        self.seat.answer(attempt, "reasons", said)
        self.seat.settle(attempt, "surveyed")

    def report(self) -> dict[str, int]:
        score = score_of_groups(ratings_by_place(self.session, self.campaign_id))
        rows = reasons_of(self.session, self.campaign_id, score).rows
        return {row.label: row.mentions for row in rows if row.is_prompt}

    def listed(self, label: str) -> int:
        wanted = AnswerFilter(reasons=reason_labels(self.session, self.campaign_id)[label])
        return answers(self.session, self.campaign_id, wanted, 1).total


@pytest.fixture
def wave(session: Session) -> Wave:
    return Wave(session)


def typed_over(step: Step, index: int, label: str, **fields: tuple[str, ...]) -> list[Prompt]:
    return [replace(one, label=label, **fields) if n == index else one for n, one in enumerate(step.prompts)]


def test_other_words_are_another_reason(wave: Wave) -> None:
    old = wave.step.prompts[0]
    for _ in range(3):
        wave.says(old.label)
    wave.edit(typed_over(wave.step, 0, "вежливость менеджера"))
    new = wave.step.prompts[0]
    assert new.id != old.id
    for _ in range(2):
        wave.says(new.label)
    assert wave.report() == {old.label: 3, new.label: 2}
    assert (wave.listed(old.label), wave.listed(new.label)) == (3, 2)


def test_the_same_reason_in_other_words_is_one_and_both_stay_in_history(wave: Wave, session: Session) -> None:
    old = wave.step.prompts[0]
    wave.says(old.label)
    wave.edit(typed_over(wave.step, 0, "склад и наличие", was=(old.label,)))
    assert wave.step.prompts[0].id == old.id
    wave.says("склад и наличие")
    assert wave.report() == {"склад и наличие": 2}
    assert wave.listed("склад и наличие") == 2
    assert sorted(session.scalars(select(InterviewReason.label))) == sorted([old.label, "склад и наличие"])
    told = session.scalars(select(Journal.after).where(Journal.action == "script_published")).one()
    assert told["same_reasons"] == [[old.label, "склад и наличие"]]


def test_a_key_that_was_given_up_is_not_given_again(wave: Wave) -> None:
    first, *others = wave.step.prompts
    wave.says(first.label)
    wave.edit(others)
    wave.edit([Prompt(first.id, "упаковка"), *others])
    assert wave.step.prompts[0].id != first.id
    wave.says("упаковка")
    assert wave.report() == {first.label: 1, "упаковка": 1}
    # The words come back: so does their key.
    wave.edit([Prompt("p77", first.label), *others])
    assert wave.step.prompts[0].id == "p77"
    wave.says(first.label)
    assert wave.report() == {first.label: 2, "упаковка": 1}


def test_reasons_that_change_places_by_typing_keep_their_keys(wave: Wave) -> None:
    one, two, *others = wave.step.prompts
    wave.edit([replace(one, label=two.label), replace(two, label=one.label), *others])
    assert [prompt.id for prompt in wave.step.prompts[:2]] == [two.id, one.id]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_edited_in_three_waves_each_word_is_found_where_it_was_said(wave: Wave, seed: int) -> None:
    random, said = Random(seed), Counter[str]()
    words = [f"причина {letter}" for letter in "абвгдежз"]
    for _ in range(3):
        for _ in range(4):
            chosen = random.sample([prompt.label for prompt in wave.step.prompts], random.randint(0, 2))
            wave.says(*chosen, rating=random.randint(1, 8))
            said.update(chosen)
        rows = list(wave.step.prompts)
        for _ in range(3):
            match random.randrange(4):
                case 0 if len(rows) > 2:
                    rows.pop(random.randrange(len(rows)))
                case 1:
                    rows.insert(random.randrange(len(rows)), Prompt(f"p{random.randint(1, 3)}x", random.choice(words)))
                case 2:
                    random.shuffle(rows)
                case _:
                    at = random.randrange(len(rows))
                    rows[at] = replace(rows[at], label=random.choice(words), was=())
        unique = {row.label: row for row in reversed(rows)}
        keyed = {row.id: row for row in unique.values()}
        if tuple(keyed.values()) != wave.step.prompts:
            wave.edit(list(keyed.values()))
    assert wave.report() == dict(said)
    assert {label: wave.listed(label) for label in said} == dict(said)


def test_two_questions_for_reasons_may_have_the_same_keys(wave: Wave, session: Session) -> None:
    first = wave.step
    key = first.prompts[0].id
    second = Step(
        "why_not", StepKind.REASONS, "Ещё", say="Что ещё?", prompts=(Prompt(key, "упаковка"),), next=first.next
    )

    def edit(script: Script) -> Script:
        linked = with_step(script, replace(first, next=second.id))
        return replace(linked, steps=(*linked.steps, second))

    wave.publish(edit)
    attempt = wave.answered()
    wave.seat.answer(attempt, "greeting", "yes")
    wave.seat.answer(attempt, "rating", "5")
    for step_id in (first.id, second.id):
        wave.seat.answer(attempt, step_id, {"prompts": [key], "words": "", "comment": ""})
    wave.seat.settle(attempt, "surveyed")
    assert wave.report() == {first.prompts[0].label: 1}


def test_the_survey_lasts_from_the_consent_whatever_is_asked_between(wave: Wave, session: Session) -> None:
    """R14: a question before the rating, whose one answer ends the talk as «not a client», is a part of the survey."""
    asked = Step(
        "bought", StepKind.CHOICE, "Покупали?", say="Вы покупали у нас в этом году?",
        answers=(Answer("yes", "Да", "покупал", "rating"), Answer("no", "Нет", "не покупал", "stranger")),
    )  # fmt: skip
    end = Step("stranger", StepKind.END, "Не клиент", say="Извините за беспокойство.", disposition="not_client")

    def edit(script: Script) -> Script:
        greeting = script.step("greeting")
        leads = tuple(replace(one, next="bought") if one.next == "rating" else one for one in greeting.answers)
        linked = with_step(script, replace(greeting, answers=leads))
        return replace(linked, steps=(*linked.steps, asked, end))

    wave.publish(edit)
    attempt = wave.answered()
    wave.seat.answer(attempt, "greeting", "yes")
    wave.seat.wait(60)
    wave.seat.answer(attempt, "bought", "yes")
    wave.seat.answer(attempt, "rating", "10")
    wave.seat.settle(attempt, "surveyed")
    assert session.get_one(CallAttempt, attempt).survey_ms == 70_000
