"""The pages of recordings: the list with its filters, and those that wait for a manager."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AccessLog, Recording, RecordingAbsence
from tests.factories import NOW
from tests.services.test_recordings import World, name_of, wav

Login = Callable[..., FlaskClient]


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    return World(app, session)


def test_the_list_shows_recorded_calls_and_its_filters_find_the_others(world: World, login: Login) -> None:
    recorded, plain = world.call("+79170000001"), world.call("+79170000002", at=NOW - timedelta(minutes=5))
    world.put(f"{recorded.id}.wav", wav(20))
    world.collect()
    client, page = login("manager"), f"/campaigns/{world.campaign_id}/recordings"

    shown = client.get(page).text
    assert f"/calls/{recorded.id}/recording" in shown and str(plain.id) not in shown
    assert "1 из 2" in shown and 'id="player"' in shown
    missing = client.get(f"{page}?check=dials_without").text
    assert str(plain.id) in missing and str(recorded.id) not in missing
    found = client.post(f"{page}/search", data={"check": "dials", "text": "170000002"}, follow_redirects=True)
    assert str(plain.id) in found.text and "170000002" not in found.request.url
    narrow = {"check": "cut", "day": "2026-11-17", "rating": "3", "text": "%_"}
    nothing = client.post(f"{page}/search", data=narrow, follow_redirects=True)
    assert nothing.status_code == 200 and "Таких звонков нет" in nothing.text
    assert client.get(f"{page}?check=rubbish&rating=x&page=99&operator=-1").status_code == 200
    fragment = client.get(page, headers={"HX-Request": "true"}).text
    assert "player" not in fragment.replace("player-play", ""), "the player stands outside what is swapped"
    world.session.rollback()
    assert world.session.scalars(select(AccessLog).where(AccessLog.action == "calls_viewed")).all()


def test_a_manager_listens_chooses_the_call_and_the_list_is_empty(world: World, login: Login) -> None:
    call = world.call("+79170000003")
    world.put(name_of("+79170000003", NOW), wav(90, 1))
    world.put("проба.wav", wav(2, 2))
    world.collect()
    client, page = login("manager"), f"/campaigns/{world.campaign_id}/recordings/match"
    length, alone = sorted(world.rows(), key=lambda row: row.problem != "length")
    base = f"/campaigns/{world.campaign_id}/recordings"

    shown = client.get(f"{page}?recording={length.id}").text
    assert "длина расходится" in shown and "не подходит: расхождение" in shown and "Ждут решения: 2" in shown
    with client.get(f"/recordings/{length.id}") as played:
        assert played.status_code == 200
    empty = client.post(f"{base}/{length.id}/attach", data={"form_key": "a"})
    assert empty.status_code == 422 and "Выберите звонок" in empty.text
    chosen = {"form_key": "b", "attempt_id": str(call.id)}
    assert [client.post(f"{base}/{length.id}/attach", data=chosen).status_code for _ in range(2)] == [303, 303]
    again = client.post(f"{base}/{length.id}/attach", data={**chosen, "form_key": "c"})
    assert again.status_code == 409 and "уже есть звонок" in again.text
    assert client.post(f"{base}/{alone.id}/aside", data={"form_key": "d"}).status_code == 303
    assert "Разбирать нечего" in client.get(page).text
    aside = client.get(f"{page}?aside=1").text
    assert "Отложены: 1" in aside
    states = {row.id: row.state for row in world.rows()}
    assert states == {length.id: "matched", alone.id: "orphan"}


def test_a_manager_takes_a_wrong_recording_off_and_says_why_there_is_none(world: World, login: Login) -> None:
    call = world.call("+79170000004")
    call_id = call.id
    world.put(f"{call_id}.wav", wav(20)[:200_000])
    world.collect()
    client, page = login("manager"), f"/calls/{call_id}/recording"

    assert "файл обрезан" in client.get(page).text
    assert client.post(f"{page}/absence", data={"form_key": "x", "cause": "lost"}).status_code == 409
    assert client.post(f"{page}/detach", data={"form_key": "a"}).status_code == 303
    assert client.post(f"{page}/absence", data={"form_key": "b", "cause": "?"}).status_code == 422
    assert client.post(f"{page}/absence", data={"form_key": "c", "cause": "lost"}).status_code == 303
    assert "Файл потерян" in client.get(page).text
    found = client.get(f"/campaigns/{world.campaign_id}/recordings?check=absent").text
    assert str(call_id) in found and "Файл потерян" in found
    world.session.rollback()
    assert world.session.get_one(RecordingAbsence, call_id).cause == "lost"
    assert world.session.scalars(select(Recording.problem)).one() == "detached"
    assert client.get(f"/campaigns/{world.campaign_id}/recordings/match").text.count("Снята со звонка") == 1
