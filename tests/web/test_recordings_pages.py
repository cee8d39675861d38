"""The pages of recordings: the list with its filters, and those that wait for a manager."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import AccessLog, Campaign, Journal, Recording, RecordingAbsence
from nps.queries.recordings.reconciliation import reconcile
from nps.services import recordings
from tests import factories
from tests.factories import NOW
from tests.services.test_recordings import LATER, World, name_of, wav

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
    assert "длина расходится" in shown and "не подходит: расхождение" in shown and "Ждут решения: 1" in shown
    with client.get(f"/recordings/{length.id}") as played:
        assert played.status_code == 200
    empty = client.post(f"{base}/{length.id}/attach", data={"form_key": "a"})
    assert empty.status_code == 422 and "Выберите звонок" in empty.text
    chosen = {"form_key": "b", "attempt_id": str(call.id)}
    assert [client.post(f"{base}/{length.id}/attach", data=chosen).status_code for _ in range(2)] == [303, 303]
    again = client.post(f"{base}/{length.id}/attach", data={**chosen, "form_key": "c"})
    assert again.status_code == 409 and "уже есть звонок" in again.text
    assert "Разбирать нечего" in client.get(page).text
    nobodys = f"{base}/nobodys"
    assert "не относятся ни к одному проекту" in client.get(nobodys).text
    kept = client.post(f"{base}/{alone.id}/aside", data={"form_key": "d"})
    assert kept.status_code == 303 and kept.location == nobodys
    assert "Записей без проекта нет" in client.get(nobodys).text
    assert "Отложены: 1" in client.get(f"{nobodys}?show=aside").text
    assert "Отложены: 0" not in client.get(f"{page}?show=aside").text
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


def test_recordings_of_no_campaign_are_one_list_that_no_campaign_counts(world: World, login: Login) -> None:
    """A client's number makes it his campaign's though no call fits; a stranger's number or none makes it nobody's."""
    world.call("+79170000005")
    other = factories.campaign(world.session, title="Другая волна").id
    for n, name in enumerate(("out-89170000005-101-20261101-151205.wav", name_of("+79990000000", NOW), "проба.wav")):
        world.put(name, wav(3, n + 1))
    assert world.collect() == {"unmatched": 3}
    client = login("manager")

    def told(campaign_id: int) -> tuple[int, int]:
        found = reconcile(world.session, campaign_id, "Europe/Samara", LATER)
        return found.waiting, found.extra

    assert [told(world.campaign_id), told(other)] == [(1, 1), (0, 0)]
    for campaign_id in (world.campaign_id, other):
        base = f"/campaigns/{campaign_id}/recordings"
        shown = client.get(f"{base}/nobodys").text
        assert "Ждут решения: 2" in shown and "+7 999 000-00-00" in shown.replace("\u00a0", " ")

    days = client.get(f"/campaigns/{world.campaign_id}/recordings/days").text
    assert f'href="/campaigns/{world.campaign_id}/recordings/nobodys">2</a>' in days

    page = f"/campaigns/{other}/recordings/nobodys"
    up_to = max(row.id for row in world.rows() if row.e164 != "+79170000005")
    for _ in range(2):
        form = {"form_key": "a", "up_to": str(up_to)}
        assert client.post(f"{page}/aside", data=form).location == page
    world.put("ещё.wav", wav(3, 9))
    world.collect()
    assert "Ждут решения: 1" in client.get(page).text, "it came after the page was shown"
    states = Counter(row.state for row in world.rows())
    assert states == {"unmatched": 2, "orphan": 2}
    lines = world.session.scalars(select(Journal.after).where(Journal.action == "recordings_set_aside")).all()
    assert lines == [{"recordings": 2}]


def test_a_recording_of_no_campaign_is_given_to_a_call_of_any(world: World, login: Login) -> None:
    call = world.call("+79170000006")
    call_id = call.id
    world.put("проба.wav", wav(20))
    world.collect()
    (row,) = world.rows()
    other = factories.campaign(world.session, title="Другая волна").id
    client, page = login("manager"), f"/campaigns/{other}/recordings"
    row_id = row.id

    assert f'value="{call_id}"' in client.get(f"{page}/nobodys?recording={row_id}").text
    chosen = {"form_key": "a", "attempt_id": str(call_id)}
    answers = [client.post(f"{page}/{row_id}/attach", data=chosen) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, f"{page}/nobodys")] * 2
    assert [(row.state, row.attempt_id) for row in world.rows()] == [("matched", call_id)]


def test_what_was_destroyed_waits_for_nobody_and_is_still_counted(world: World, login: Login) -> None:
    call = world.call("+79170000007")
    world.put(name_of("+79170000007", NOW), wav(90))
    world.put("проба.wav", wav(3, 2))
    world.collect()
    campaign_id, call_id = call.campaign_id, call.id
    assert recordings.purge(db.session, 0, NOW + timedelta(days=100)) == 2

    client, page = login("manager"), f"/campaigns/{campaign_id}/recordings"
    for name in ("match", "nobodys"):
        assert "Ждут решения: 0" in (shown := client.get(f"{page}/{name}").text) or "нечего" in shown
        aside = client.get(f"{page}/{name}?show=aside").text
        assert "удалена" in aside and "data-play=" not in aside
    world.session.rollback()
    found = reconcile(world.session, campaign_id, "Europe/Samara", LATER)
    assert (found.waiting, found.extra) == (0, 1) and client.get(f"/calls/{call_id}/recording").status_code == 200


def test_a_call_whose_file_came_empty_says_so_until_it_has_a_recording(world: World, login: Login) -> None:
    call_id = world.call("+79170000008", disposition="no_answer", talk_s=0, ring_s=21).id
    client, page = login("manager"), f"/calls/{call_id}/recording"
    assert "звука в нём нет" not in client.get(page).text

    world.put(f"{call_id}.wav", wav(0))
    assert world.collect() == {"empty": 1}
    assert "звука в нём нет" in client.get(page).text
    world.put(f"{call_id}-2.wav", wav(21))
    assert world.collect() == {"matched": 1}
    assert "звука в нём нет" not in client.get(page).text


def test_a_recording_whose_time_is_over_is_offered_nowhere(world: World, login: Login) -> None:
    call = world.call("+79170000009")
    call_id, campaign_id = call.id, world.campaign_id
    world.put(f"{call_id}.wav", wav(20))
    world.collect()
    client = login("manager")
    pages = [
        f"/campaigns/{campaign_id}{tail}" for tail in ("", "/calls", "/recordings", f"/operators/quality/{call_id}")
    ]
    pages.append(f"/calls/{call_id}/recording")
    offer = f'="/recordings/{world.rows()[0].id}"'
    assert [offer in client.get(page).text for page in pages] == [True] * 5

    factories.fresh(world.session)
    world.session.get_one(Campaign, campaign_id).recordings_until = NOW.date()
    world.session.commit()
    assert recordings.purge(db.session, campaign_id, NOW + timedelta(days=2)) == 1

    shown = {page: client.get(page) for page in pages}
    assert [page for page, answer in shown.items() if answer.status_code != 200 or f"{offer} data-title" in answer.text
            or f"src{offer}" in answer.text] == []  # fmt: skip
    assert "удалена по сроку" in shown[pages[1]].text


def test_an_empty_file_that_several_calls_may_mean_says_so_of_none(world: World, login: Login) -> None:
    ids = [world.call("+79170000010", NOW + timedelta(seconds=20 * n), talk_s=0, ring_s=9).id for n in range(2)]
    world.put(name_of("+79170000010", NOW), wav(0))

    assert world.collect() == {"empty": 1}
    assert [row.named_attempt_id for row in world.rows()] == [None]
    client = login("manager")
    assert not any("звука в нём нет" in client.get(f"/calls/{call_id}/recording").text for call_id in ids)
