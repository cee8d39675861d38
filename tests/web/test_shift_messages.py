"""Help on the line over HTTP: the desk, the manager's page, their small polls, with and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import Campaign, Shift, ShiftMessage, User
from tests import factories
from tests.factories import NOW

Login = Callable[..., FlaskClient]
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def olga(session: Session, campaign: Campaign) -> User:
    return on_shift(session, campaign, "Ольга Максимова")


def on_shift(session: Session, campaign: Campaign, name: str) -> User:
    operator = factories.member(session, campaign, factories.user(session, full_name=name))
    session.add(Shift(user_id=operator.id, campaign_id=campaign.id, spoken_name="Ольга", started_at=NOW))
    session.commit()
    return operator


def polled(page: str) -> str:
    """The address that the place of help, or the manager's panel, asks again and again."""
    found = re.search(r'id="(?:help-words|messages)"[^>]*hx-get="([^"]+)"', page)
    assert found
    return unescape(found[1])


def key_of(page: str, action: str) -> str:
    """The form key printed into the form that posts to `action`."""
    form = page[page.index(f'action="{action}"') :]
    found = re.search(r'name="form_key" value="([^"]+)"', form)
    assert found
    return found[1]


def test_a_request_is_answered_and_put_away_without_a_script(campaign: Campaign, olga: User, login: Login) -> None:
    operator, manager = login(olga), login("manager")
    board = f"/campaigns/{campaign.id}/operators"
    key = key_of(operator.get("/desk").text, "/desk/help")
    for _ in range(2):
        assert operator.post("/desk/help", data={"text": "просит скидку", "form_key": key}).status_code == 303

    page = manager.get(board).text
    assert "Просят помощи: 1" in page and "Ольга Максимова" in page and "просит скидку" in page
    address = re.search(r'action="(/campaigns/\d+/messages/\d+/answer)"', page)
    assert address
    data = {"text": "Передайте специалисту", "form_key": key_of(page, address[1])}
    assert [manager.post(address[1], data=data).status_code for _ in range(2)] == [303, 303]
    assert "Просят помощи: 0" in manager.get(board).text

    desk = operator.get("/desk").text
    assert "Передайте специалисту" in desk and 'aria-live="polite"' in desk
    read = re.search(r'action="(/desk/help/\d+/read)"', desk)
    assert read and operator.post(read[1]).status_code == 303
    assert 'data-key="KeyH" data-keeps-focus aria-label="Прочитано"' not in operator.get("/desk").text


def test_the_answer_to_a_press_brings_a_new_key_so_the_next_request_counts(
    session: Session, campaign: Campaign, olga: User, login: Login
) -> None:
    operator, manager = login(olga), login("manager")
    page = operator.get("/desk").text
    for _ in range(2):
        page = operator.post(
            "/desk/help", data={"form_key": key_of(page, "/desk/help")}, headers=FRAGMENT | {"HX-Target": "help-words"}
        ).text
        assert page.lstrip().startswith('<div id="help-words"') and 'id="help-ask"' in page, "nothing else of the desk"
        session.rollback()
        number = session.scalars(
            select(ShiftMessage.id).where(ShiftMessage.kind == "request", ShiftMessage.closed_at.is_(None))
        ).one()
        manager.post(f"/campaigns/{campaign.id}/messages/{number}/answer", data={"text": "Иду"})
    session.rollback()
    assert session.scalars(select(ShiftMessage.kind).order_by(ShiftMessage.id)).all() == ["request", "answer"] * 2


def test_polls_are_small_and_silent_while_nothing_has_changed(
    app: Flask, session: Session, campaign: Campaign, olga: User, login: Login
) -> None:
    operator, manager = login(olga), login("manager")
    desk = polled(operator.get("/desk").text)
    board = polled(manager.get(f"/campaigns/{campaign.id}/operators").text)

    for client, address in ((operator, desk), (manager, board)):
        statements: list[str] = []
        listen = lambda *args: statements.append(args[2])  # noqa: E731, B023
        event.listen(db.engine, "before_cursor_execute", listen)
        assert client.get(address, headers=FRAGMENT).status_code == 204
        event.remove(db.engine, "before_cursor_execute", listen)
        assert len([text for text in statements if text.lstrip().upper().startswith("SELECT")]) <= 5

    operator.post("/desk/help", data={})
    answer = manager.get(board, headers=FRAGMENT)
    assert answer.status_code == 200 and "Ольга Максимова" in answer.text
    assert operator.get(desk, headers=FRAGMENT).status_code == 200
    manager.post(f"/campaigns/{campaign.id}/messages", data={"to": "all", "text": "Обед в 13:00"})
    assert "Обед в 13:00" in operator.get(desk, headers=FRAGMENT).text


def test_a_personal_or_empty_text_is_refused_in_words_and_kept(campaign: Campaign, olga: User, login: Login) -> None:
    operator, manager = login(olga), login("manager")
    said = "перезвонить на 89120000122"
    for headers in ({}, FRAGMENT):
        answer = operator.post("/desk/help", data={"text": said}, headers=headers)
        assert answer.status_code == 422 and "без имён, телефонов, ИНН" in answer.text
    assert said in operator.post("/desk/help", data={"text": said}).text

    operator.post("/desk/help", data={})
    page = manager.get(f"/campaigns/{campaign.id}/operators").text
    address = re.search(r'action="(/campaigns/\d+/messages/\d+/answer)"', page)
    assert address
    for target, data in ((address[1], {}), (f"/campaigns/{campaign.id}/messages", {"to": str(olga.id)})):
        refused = manager.post(target, data={**data, "text": said})
        assert refused.status_code == 422 and "без имён, телефонов, ИНН" in refused.text and said in refused.text
        assert manager.post(target, data={**data, "text": " "}).status_code == 422
    manager.post(address[1], data={"text": "Иду"})
    late = manager.post(address[1], data={"text": "Я тоже"})
    assert late.status_code == 409 and "уже ответили" in late.text and "Я тоже" in late.text


def test_people_of_another_campaign_are_not_found(
    session: Session, campaign: Campaign, olga: User, login: Login
) -> None:
    other = factories.campaign(session)
    stranger = on_shift(session, other, "Чужой Оператор")
    operator, manager = login(olga), login("manager")
    operator.post("/desk/help", data={})
    session.rollback()
    number = session.scalars(select(ShiftMessage.id)).one()

    assert manager.post(f"/campaigns/{other.id}/messages/{number}/answer", data={"text": "Иду"}).status_code == 404
    told = manager.post(f"/campaigns/{campaign.id}/messages", data={"to": str(stranger.id), "text": "Обед"})
    assert told.status_code == 404
    assert login(stranger).post(f"/desk/help/{number}/read").status_code == 404
    assert "Ольга Максимова" not in manager.get(f"/campaigns/{other.id}/operators").text
