"""Recordings over HTTP: sent to their call, played by those who may hear them (R12)."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import AccessLog, Audio, CallAttempt, Campaign, Contract, Journal, Recording, User
from tests import factories

Login = Callable[..., FlaskClient]

OGG = b"OggS" + bytes(200)
MP3 = b"\xff\xfb\x90\x00" + bytes(200)
ID3 = b"ID3\x03\x00<script>alert(1)</script>" + bytes(200)
M4A = b"\x00\x00\x00\x20ftypM4A " + bytes(200)


def wav(seconds: float = 2, fill: bytes = b"\x01\x02") -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(fill * int(8000 * seconds))
    return file.getvalue()


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def operator(session: Session, campaign: Campaign) -> User:
    return factories.member(session, campaign)


@pytest.fixture
def call(session: Session, campaign: Campaign, operator: User) -> CallAttempt:
    return factories.attempt(session, factories.respondent(session, campaign), operator, "surveyed", talk_ms=2_000)


@pytest.fixture
def store(app: Flask) -> Path:
    folder: Path = app.config["RECORDINGS_FOLDER"]
    return folder


def send(client: FlaskClient, call: CallAttempt, data: bytes, name: str = "запись.wav") -> Any:
    # Put together here: the test client would leave a temporary file open for a large body.
    head = f'--B\r\nContent-Disposition: form-data; name="audio"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--B--\r\n"
    return client.post(f"/calls/{call.id}/recording", data=body, content_type="multipart/form-data; boundary=B")


def kept(session: Session) -> Recording:
    session.rollback()
    return session.scalars(select(Recording)).one()


def files(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file()) if store.exists() else []


def heard(client: FlaskClient, recording_id: int, **headers: str) -> Any:
    with client.get(f"/recordings/{recording_id}", headers=headers) as response:
        response.get_data()
        return response


def test_an_operator_sends_the_recording_of_his_own_call_and_hears_it(
    session: Session, call: CallAttempt, operator: User, login: Login, store: Path
) -> None:
    client = login(operator)

    assert "Загрузить запись" in client.get(f"/calls/{call.id}/recording").text
    assert send(client, call, wav()).status_code == 303

    recording = kept(session)
    audio = session.get_one(Audio, recording.audio_sha256)
    assert (recording.attempt_id, recording.state, recording.added_by) == (call.id, "matched", operator.id)
    assert (audio.mime, audio.duration_ms, audio.size) == ("audio/wav", 2000, len(wav()))
    assert [path.relative_to(store).as_posix() for path in files(store)] == [audio.path]
    assert "запись" not in audio.path
    assert (store / audio.path).stat().st_mode & 0o077 == 0
    page = client.get(f"/calls/{call.id}/recording").text
    assert f"/recordings/{recording.id}" in page and "0:02" in page
    session.rollback()
    assert session.scalars(select(Journal).where(Journal.action == "recording_added")).one().object_id == str(call.id)


@pytest.mark.parametrize(
    ("data", "mime"),
    [(wav(), "audio/wav"), (OGG, "audio/ogg"), (MP3, "audio/mpeg"), (ID3, "audio/mpeg"), (M4A, "audio/mp4")],
)
def test_a_recording_is_what_its_bytes_say_whatever_its_name(
    session: Session, call: CallAttempt, login: Login, data: bytes, mime: str
) -> None:
    client = login("manager")

    send(client, call, data, "page.html")
    played = heard(client, kept(session).id)

    assert (played.status_code, played.mimetype, played.data) == (200, mime, data)
    assert played.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in played.headers["Content-Security-Policy"]
    assert played.headers["Content-Disposition"].startswith("inline")
    assert "html" not in played.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><script>alert(1)</script>", "Это не запись разговора"),
        (b"\xff\xff\xff\xff" + bytes(50), "Это не запись разговора"),
        (b"", "Это не запись разговора"),
        (wav(0), "нет звука"),
        (b"OggS" + bytes(50 * 1024 * 1024), "больше 50 МБ"),
    ],
    ids=["html", "no frame", "nothing", "header only", "too large"],
)  # fmt: skip
def test_what_is_no_recording_is_refused_in_words_and_leaves_nothing(
    session: Session, call: CallAttempt, login: Login, store: Path, data: bytes, words: str
) -> None:
    response = send(login("manager"), call, data)

    assert response.status_code == 422 and words in response.text
    assert files(store) == []
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Audio)) == 0


def test_a_form_without_a_file_says_so(call: CallAttempt, login: Login) -> None:
    response = login("manager").post(f"/calls/{call.id}/recording", data={})

    assert response.status_code == 422 and "Выберите файл" in response.text


def test_a_second_recording_of_a_call_is_refused_and_the_first_stays(
    session: Session, call: CallAttempt, login: Login, store: Path
) -> None:
    client = login("manager")
    send(client, call, wav())

    response = send(client, call, OGG)

    assert response.status_code == 422 and "уже есть запись" in response.text
    assert session.get_one(Audio, kept(session).audio_sha256).mime == "audio/wav"
    assert len(files(store)) == 1


def test_the_same_file_sent_twice_counts_once(session: Session, call: CallAttempt, login: Login) -> None:
    client = login("manager")

    assert send(client, call, wav()).status_code == send(client, call, wav()).status_code == 303
    assert kept(session).attempt_id == call.id


def test_two_calls_may_share_a_file(
    session: Session, campaign: Campaign, call: CallAttempt, operator: User, login: Login, store: Path
) -> None:
    other = factories.attempt(session, factories.respondent(session, campaign), operator, "no_answer")
    client = login("manager")

    send(client, call, wav())
    send(client, other, wav())

    session.rollback()
    assert session.scalar(select(func.count()).select_from(Recording)) == 2
    assert len(files(store)) == 1


def test_a_part_of_the_sound_is_served_and_a_play_is_written_down_once(
    session: Session, call: CallAttempt, operator: User, login: Login
) -> None:
    client = login(operator)
    send(client, call, wav())
    recording = kept(session)

    begun = heard(client, recording.id, Range="bytes=0-")
    part = heard(client, recording.id, Range="bytes=44-1043")
    beyond = heard(client, recording.id, Range="bytes=99999999-")

    assert (begun.status_code, part.status_code, beyond.status_code) == (206, 206, 416)
    assert part.data == wav()[44:1044]
    assert part.headers["Content-Range"] == f"bytes 44-1043/{len(wav())}"
    session.rollback()
    line = session.scalars(select(AccessLog).where(AccessLog.action == "recording_played")).one()
    assert (line.user_id, line.object_id) == (operator.id, str(recording.id))


def test_another_operators_call_looks_absent(
    session: Session, campaign: Campaign, call: CallAttempt, operator: User, login: Login, store: Path
) -> None:
    send(login(operator), call, wav())
    recording_id = kept(session).id
    stranger = login(factories.member(session, campaign))

    assert stranger.get(f"/calls/{call.id}/recording").status_code == 404
    assert send(stranger, call, OGG).status_code == 404
    assert heard(stranger, recording_id).status_code == 404
    assert heard(stranger, 999_999).status_code == 404
    assert len(files(store)) == 1


def test_the_customers_people_hear_nothing_unless_the_campaign_says_so(
    session: Session, campaign: Campaign, call: CallAttempt, login: Login
) -> None:
    send(login("manager"), call, wav())
    recording_id, page = kept(session).id, f"/campaigns/{campaign.id}/recordings"
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    customer, specialist, stranger = (
        login("customer", customer_id=owner), login("specialist", customer_id=owner), login("customer"),
    )  # fmt: skip

    assert [heard(client, recording_id).status_code for client in (customer, stranger)] == [404, 404]
    assert customer.get(page).status_code == 404 and page not in customer.get(f"/campaigns/{campaign.id}").text

    factories.fresh(session)
    session.get_one(Campaign, campaign.id).customer_hears = True
    session.commit()
    assert heard(customer, recording_id).status_code == 200
    assert f'href="{page}"' in customer.get(f"/campaigns/{campaign.id}").text
    assert f"/recordings/{recording_id}" in customer.get(page).text
    assert "Открыть" not in customer.get(page).text
    assert [heard(stranger, recording_id).status_code, stranger.get(page).status_code] == [404, 404]
    assert [heard(specialist, recording_id).status_code, specialist.get(page).status_code] == [403, 403]
    assert customer.get(f"/calls/{call.id}/recording").status_code == 403


def test_a_file_that_is_gone_is_said_in_words(session: Session, call: CallAttempt, login: Login, store: Path) -> None:
    client = login("manager")
    send(client, call, wav())
    for path in files(store):
        path.unlink()

    response = heard(client, kept(session).id)

    assert response.status_code == 404 and "больше нет" in response.text


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
def test_the_length_of_a_file_whose_header_was_never_finished_comes_from_its_size(
    session: Session, call: CallAttempt, login: Login, declared: int
) -> None:
    data = bytearray(wav(3))
    data[40:44] = declared.to_bytes(4, "little")

    send(login("manager"), call, bytes(data))

    assert session.get_one(Audio, kept(session).audio_sha256).duration_ms == 3000
