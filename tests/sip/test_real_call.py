"""A call of the desk over real SIP: it rings, is answered and recorded, and its recording finds it (R12-R14)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import wave
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.local_time import to_local
from nps.domain.recording import LENGTH_TOLERANCE_MS
from nps.extensions import db
from nps.jobs import recordings as jobs
from nps.models import Audio, CallAttempt, Recording
from nps.services import sweep
from nps.services.recordings import COLLECT_JOB
from tests import factories
from tests.conftest import make_app
from tests.factories import NOW
from tests.sip import phones
from tests.web.test_desk import Seat

SECRET = "s3cret" * 8
NUMBER, TALK_S = "+79170003794", 3
RINGS, ANSWERS, ENDS = "CALL_RINGING", "CALL_ESTABLISHED", "CALL_CLOSED"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path / "data", database_url, TELEPHONY_SECRET=SECRET)
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """An hour when calls are allowed; it runs on as the telephones' does."""
    with time_machine.travel(NOW, tick=True) as coordinates:
        yield coordinates


@pytest.fixture
def ringing(
    app: Flask, session: Session, clock: time_machine.Coordinates, login: Callable[..., FlaskClient], tmp_path: Path
) -> Iterator[tuple[Seat, phones.Phone, phones.Client]]:
    """An operator who has pressed «Позвонить» and followed the card's link: the client's telephone rings."""
    with phones.client(tmp_path / "client", TALK_S) as client, phones.phone(tmp_path / "phone") as phone:
        link = f"sip:{{e164}}@127.0.0.1:{client.port}"
        campaign = factories.campaign(session, dial_link=link)
        factories.respondent(session, campaign, phones=(NUMBER,), organisation="ООО «Хлебокомбинат»")
        seat = Seat(login(factories.member(session, campaign, factories.user(session, extension="101"))))
        seat.post("/desk/shift", campaign_id=campaign.id, spoken_name="Ольга")
        seat.post("/desk/dial")
        href = re.search(r'href="(sip:[^"]+)"', seat.page)
        assert href
        phone.follow(unescape(href[1]))
        phone.wait_for(RINGS)
        yield seat, phone, client


def put(recording: Path, inbox: Path) -> None:
    """As a recorder does: the file appears whole under its name. The file system's clock is not the simulated one."""
    inbox.mkdir(parents=True, exist_ok=True)
    os.utime(recording, (datetime.now(UTC).timestamp(),) * 2)
    recording.rename(inbox / recording.name)


def collect(app: Flask, session: Session, clock: time_machine.Coordinates) -> Recording:
    """What sweeper and worker do a while later; the recording that is there then."""
    clock.shift(timedelta(seconds=15))
    session.rollback()
    assert COLLECT_JOB in [nudge.job for nudge in sweep.due(session, datetime.now(UTC))]
    jobs.collect(0)
    assert list(app.config["RECORDINGS_INBOX"].rglob("*.wav")) == []
    session.rollback()
    return session.scalars(select(Recording)).one()


def check_sound(app: Flask, audio: Audio) -> None:
    """The stored file is this conversation: both sides, each on its channel, as long as it was."""
    assert audio.duration_ms is not None and not audio.is_cut
    assert abs(audio.duration_ms - TALK_S * 1000) <= LENGTH_TOLERANCE_MS
    with wave.open(str(app.config["RECORDINGS_FOLDER"] / audio.path), "rb") as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    # Both begin and end a little apart; most of what is heard is the other's sound.
    assert abs(phones.pitch_hz(samples[::2]) - phones.OPERATOR_HZ) < phones.OPERATOR_HZ / 4
    assert abs(phones.pitch_hz(samples[1::2]) - phones.CLIENT_HZ) < phones.CLIENT_HZ / 4


def test_a_call_by_the_link_is_recorded_by_the_telephone_and_found_by_number_time_and_length(
    app: Flask,
    session: Session,
    clock: time_machine.Coordinates,
    ringing: tuple[Seat, phones.Phone, phones.Client],
    login: Callable[..., FlaskClient],
    tmp_path: Path,
) -> None:
    seat, phone, client = ringing
    call_id = UUID(seat.field("expect_attempt"))
    seat.post(seat.call + "/ringing")
    phone.wait_for(ANSWERS)
    began = to_local(datetime.now(UTC), app.config["OFFICE_ZONE"])
    seat.post(seat.call + "/answered")
    assert seat.state() == "talk"
    phone.wait_for(ENDS)
    seat.post(seat.call + "/hang-up")
    assert client.has_hung_up(), client.complaint()
    assert seat.post(seat.call + "/outcome", code="refused").status_code == 200

    recording = tmp_path / f"{NUMBER[1:]}-{began:%Y%m%d-%H%M%S}.wav"
    phones.both_sides(recording, *phone.leave())
    put(recording, app.config["RECORDINGS_INBOX"])
    row = collect(app, session, clock)

    assert (row.state, row.attempt_id, row.match_rule) == ("matched", call_id, "number_time_length")
    audio = session.get_one(Audio, row.audio_sha256)
    check_sound(app, audio)
    call = session.get_one(CallAttempt, call_id)
    assert call.source == "operator" and call.ring_ms > 0
    assert audio.duration_ms is not None and abs(call.talk_ms - audio.duration_ms) <= LENGTH_TOLERANCE_MS
    manager = login("manager")
    campaign_id, row_id = call.campaign_id, row.id
    for page in (f"/campaigns/{campaign_id}/recordings", f"/calls/{call_id}/recording"):
        shown = manager.get(page).text
        assert "ООО «Хлебокомбинат»" in shown and f"/recordings/{row_id}" in shown


def test_a_call_that_its_exchange_reports_takes_the_lines_times_and_its_recording_by_our_id(
    app: Flask,
    session: Session,
    clock: time_machine.Coordinates,
    ringing: tuple[Seat, phones.Phone, phones.Client],
    client: FlaskClient,
    tmp_path: Path,
) -> None:
    seat, phone, called = ringing
    call_id = UUID(seat.field("expect_attempt"))

    def report(kind: str) -> None:
        """What an exchange between the two would send at this moment, in our own format."""
        at = datetime.now(UTC)
        event = {"id": f"{call_id}-{kind}", "call": str(call_id), "type": kind, "at": at.isoformat(), "cause": 16}
        body, timestamp = json.dumps({"events": [event]}).encode(), str(int(at.timestamp()))
        signed = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-NPS-Timestamp": timestamp, "X-NPS-Signature": f"sha256={signed}"}
        assert client.post("/telephony/events", data=body, headers=headers, csrf=False).json == {"new": 1}

    for event, kind, state in (
        (RINGS, "ringing", "ringing"),
        (ANSWERS, "answered", "talk"),
        (ENDS, "hung_up", "ended"),
    ):
        phone.wait_for(event)
        report(kind)
        seat.page = seat.client.get("/desk").text
        assert seat.state() == state, "the card follows the line without a press"
    assert called.has_hung_up(), called.complaint()
    assert seat.post(seat.call + "/outcome", code="refused").status_code == 200

    recording = tmp_path / f"{call_id}.wav"
    phones.both_sides(recording, *phone.leave())
    put(recording, app.config["RECORDINGS_INBOX"])
    row = collect(app, session, clock)

    assert (row.state, row.attempt_id, row.match_rule) == ("matched", call_id, "id")
    audio = session.get_one(Audio, row.audio_sha256)
    check_sound(app, audio)
    call = session.get_one(CallAttempt, call_id)
    assert call.source == "exchange" and call.ring_ms > 0
    assert audio.duration_ms is not None and abs(call.talk_ms - audio.duration_ms) <= LENGTH_TOLERANCE_MS
    page = seat.client.get(f"/calls/{call_id}/recording").text
    assert f"/recordings/{row.id}" in page
