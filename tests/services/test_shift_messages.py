"""Help on the line: who asks whom, what counts once, and what is left of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.models import Campaign, Journal, Shift, ShiftMessage, ShiftMessageReader, User
from nps.queries.shift_messages import help_of, messages_of
from nps.services import call_queue, desk, shift_messages
from nps.services.form_keys import SentAgain
from nps.services.personal_data.overwriting import overwrite_clients
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW
from tests.pressing import counted

ZONE = "Europe/Samara"


def actor(user: User) -> Actor:
    return Actor(user.id, user.role, user.full_name)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def manager(session: Session) -> Actor:
    return actor(factories.user(session, "manager", full_name="Марина Орлова"))


def on_shift(session: Session, campaign: Campaign) -> Actor:
    found = actor(factories.member(session, campaign))
    desk.start_shift(session, found, campaign.id, "Ольга", NOW)
    return found


def open_shift(session: Session, operator: Actor) -> Shift:
    session.rollback()
    return session.scalars(select(Shift).where(Shift.user_id == operator.id, Shift.ended_at.is_(None))).one()


def messages(session: Session) -> list[ShiftMessage]:
    session.rollback()
    return list(session.scalars(select(ShiftMessage).order_by(ShiftMessage.id)))


def at_once(app: Flask, act: Callable[[], None], presses: int = 4) -> list[BaseException]:
    start, errors = threading.Barrier(presses), []

    def press() -> None:
        with app.app_context():
            start.wait()
            try:
                act()
            except BaseException as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_a_request_carries_the_card_is_answered_and_read(session: Session, campaign: Campaign, manager: Actor) -> None:
    client = factories.respondent(session, campaign, organisation="ООО «Кабель»").id
    olga = on_shift(session, campaign)
    call_queue.take_next(session, olga.id, campaign.id, NOW)

    shift_messages.ask(session, olga, " просит  скидку ", NOW)
    (request,) = messages_of(session, campaign.id).requests
    assert (request.respondent_id, request.organisation, request.text) == (client, "ООО «Кабель»", "просит скидку")
    assert help_of(session, open_shift(session, olga), ZONE).asked_at == "15:15"

    shift_messages.answer(session, manager, campaign.id, request.id, "Передайте специалисту", NOW)
    shown = help_of(session, open_shift(session, olga), ZONE)
    assert shown.unread and (shown.unread.author, shown.unread.text) == ("Марина Орлова", "Передайте специалисту")
    assert shown.asked_at == "" and messages_of(session, campaign.id).requests == []

    for minutes in (1, 2):
        shift_messages.mark_read(session, olga.id, shown.unread.id, NOW + timedelta(minutes=minutes))
    assert help_of(session, open_shift(session, olga), ZONE).unread is None
    session.rollback()
    assert session.scalars(select(ShiftMessageReader.read_at)).one() == NOW + timedelta(minutes=1)
    assert messages_of(session, campaign.id).last[0].read == 1


def test_while_a_request_is_open_another_one_changes_nothing(session: Session, campaign: Campaign) -> None:
    olga = on_shift(session, campaign)
    for text in ("", "ещё раз"):
        shift_messages.ask(session, olga, text, NOW)
    assert [row.text for row in messages(session)] == [""]
    assert session.scalars(select(Journal.action).where(Journal.object_kind == "shift_message")).all() == ["help_asked"]


def test_four_presses_at_once_make_one_request_one_answer_and_one_message(
    app: Flask, session: Session, campaign: Campaign, manager: Actor
) -> None:
    olga = on_shift(session, campaign)
    assert at_once(app, lambda: shift_messages.ask(db.session, olga, "", NOW)) == []
    (request,) = messages(session)
    number, campaign_id = request.id, campaign.id

    def answer() -> None:
        with counted(db.session(), manager, "answer"):
            shift_messages.answer(db.session, manager, campaign_id, number, "Предложите перезвон", NOW)

    def tell() -> None:
        with counted(db.session(), manager, "note"):
            shift_messages.tell(db.session, manager, campaign_id, None, "Обед в 13:00", NOW)

    assert [type(error) for error in at_once(app, answer)] == [SentAgain] * 3
    assert [type(error) for error in at_once(app, tell)] == [SentAgain] * 3

    assert [row.kind for row in messages(session)] == ["request", "answer", "note"]


def test_two_managers_who_answer_at_once_give_one_answer(app: Flask, session: Session, campaign: Campaign) -> None:
    olga = on_shift(session, campaign)
    shift_messages.ask(session, olga, "", NOW)
    (request,) = messages(session)
    number, campaign_id = request.id, campaign.id
    managers = [actor(factories.user(session, "manager")) for _ in range(2)]
    session.rollback()

    def answer() -> None:
        one = managers.pop()
        shift_messages.answer(db.session, one, campaign_id, number, "Иду", NOW)

    (refused,) = at_once(app, answer, 2)

    assert isinstance(refused, StaleError) and "уже ответили" in refused.message
    assert [row.kind for row in messages(session)] == ["request", "answer"]


def test_a_message_reaches_those_on_shift_in_the_campaign_and_nobody_else(
    session: Session, campaign: Campaign, manager: Actor
) -> None:
    olga, timur = on_shift(session, campaign), on_shift(session, campaign)
    other = factories.campaign(session, contract_id=campaign.contract_id)
    stranger, resting = on_shift(session, other), actor(factories.member(session, campaign))

    def tell(to: int | None) -> None:
        shift_messages.tell(session, manager, campaign.id, to, "Обед в 13:00", NOW)

    tell(None)
    tell(olga.id)
    with pytest.raises(DomainError, match="не на смене"):
        tell(resting.id)
    with pytest.raises(NotFoundError):
        tell(stranger.id)

    seen = {who.id: help_of(session, open_shift(session, who), ZONE) for who in (olga, timur, stranger)}
    assert [seen[who.id].unread is not None for who in (olga, timur, stranger)] == [True, True, False]
    assert (seen[olga.id].more, seen[timur.id].more) == (1, 0)
    number = seen[timur.id].unread.id  # type: ignore[union-attr]
    with pytest.raises(NotFoundError):
        shift_messages.mark_read(session, stranger.id, number, NOW)
    with pytest.raises(NotFoundError):
        shift_messages.answer(session, manager, other.id, number, "Да", NOW)


def test_without_a_shift_nobody_asks_and_its_end_ends_the_request(
    session: Session, campaign: Campaign, manager: Actor
) -> None:
    olga = on_shift(session, campaign)
    shift_messages.ask(session, olga, "", NOW)
    (request,) = messages(session)
    number = request.id
    desk.end_shift(session, olga, NOW)

    assert messages_of(session, campaign.id).requests == []
    with pytest.raises(StaleError):
        shift_messages.answer(session, manager, campaign.id, number, "Иду", NOW)
    with pytest.raises(DomainError, match="Смена не начата"):
        shift_messages.ask(session, olga, "", NOW)
    with pytest.raises(DomainError, match="никого нет"):
        shift_messages.tell(session, manager, campaign.id, None, "Обед", NOW)
    desk.start_shift(session, olga, campaign.id, "Ольга", NOW + timedelta(minutes=1))
    shift_messages.ask(session, olga, "", NOW + timedelta(minutes=1))
    assert len(messages_of(session, campaign.id).requests) == 1


def test_nothing_personal_is_journalled_and_erasure_takes_the_way_to_the_card(
    session: Session, campaign: Campaign, manager: Actor
) -> None:
    client = factories.respondent(session, campaign).id
    olga = on_shift(session, campaign)
    call_queue.take_next(session, olga.id, campaign.id, NOW)
    shift_messages.ask(session, olga, "Светлана Ильинична просит скидку", NOW)
    (request,) = messages(session)
    say = ("Светлане Ильиничне — перезвон", NOW)
    shift_messages.answer(session, manager, campaign.id, request.id, *say)

    session.rollback()
    lines = session.scalars(select(Journal).where(Journal.object_kind == "shift_message")).all()
    assert [(line.action, line.before, line.after) for line in lines] == [
        ("help_asked", {}, {}),
        ("help_answered", {}, {"readers": 1}),
    ]
    with write(session) as s:
        overwrite_clients(s, select(ShiftMessage.respondent_id).where(ShiftMessage.respondent_id == client), NOW)
    assert all(row.respondent_id is None and "Светлан" not in row.text for row in messages(session))
