"""Recordings from the watched folder to their calls, and what becomes of the rest (R12, R20)."""

from __future__ import annotations

import io
import os
import wave
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.models import Audio, CallAttempt, Campaign, Erasure, Journal, Recording, RecordingAbsence, User
from nps.queries.recordings import call_with_recording
from nps.queries.recordings.waiting import WaitingRecording, offered_calls, one_waiting, waiting
from nps.services import personal_data, recordings, sweep
from nps.services.personal_data import Order
from nps.services.recordings.places import places
from tests import factories, s3_server
from tests.conftest import make_app
from tests.factories import NOW

LATER = NOW + timedelta(minutes=10)


def wav(seconds: float, fill: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(fill.to_bytes(2, "little") * int(8000 * seconds))
    return file.getvalue()


class World:
    """A campaign with an operator, and the folder recordings come through."""

    def __init__(self, app: Flask, session: Session, purpose: str = "survey") -> None:
        self.app, self.session = app, session
        self.campaign_id = factories.campaign(session, purpose=purpose).id
        self.operator = factories.member(session, session.get_one(Campaign, self.campaign_id))
        self.manager = Actor(factories.user(session, "manager").id, "manager", "")
        self.inbox: Path = app.config["RECORDINGS_INBOX"]
        self.store: Path = app.config["RECORDINGS_FOLDER"]

    def call(
        self, phone: str, at: datetime = NOW, *, ring_s: int = 5, talk_s: int = 20, **fields: object
    ) -> CallAttempt:
        campaign = self.session.get_one(Campaign, self.campaign_id)
        client = factories.respondent(self.session, campaign, phones=(phone,))
        operator = self.session.get_one(User, self.operator.id)
        values = {"ring_ms": ring_s * 1000, "talk_ms": talk_s * 1000, **fields}
        disposition = values.pop("disposition", "refused")
        return factories.attempt(self.session, client, operator, disposition, at=at, **values)  # type: ignore[arg-type]

    def put(self, name: str, data: bytes, at: datetime = NOW) -> Path:
        file = self.inbox / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (at.timestamp(), at.timestamp()))
        return file

    def collect(self, now: datetime = LATER) -> Counter[str]:
        self.session.rollback()
        found = recordings.collect(db.session, now)
        self.session.rollback()
        return found

    def rows(self) -> list[Recording]:
        self.session.rollback()
        return list(self.session.scalars(select(Recording).order_by(Recording.id)))

    def files(self) -> list[Path]:
        return sorted(path for path in self.store.rglob("*") if path.is_file())


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    return World(app, session)


def name_of(phone: str, at: datetime) -> str:
    return f"out-{phone[1:]}-101-{int(at.timestamp())}.7.wav"


def test_our_id_in_the_name_brings_a_file_to_its_call(world: World) -> None:
    call = world.call("+79170000001")
    file = world.put(f"2026/11/17/{call.id}.wav", wav(20))

    assert world.collect() == {"matched": 1}

    (row,) = world.rows()
    assert (row.attempt_id, row.state, row.match_rule, row.source_name) == (call.id, "matched", "id", "")
    assert not file.exists() and len(world.files()) == 1
    assert world.session.scalars(select(Journal.action).where(Journal.action == "recording_received")).all()


def test_number_time_and_length_bring_a_file_to_the_only_call(world: World) -> None:
    call = world.call("+79170000002", ring_s=5, talk_s=20)
    world.call("+79170000003", ring_s=5, talk_s=20)
    world.put(name_of("+79170000002", NOW + timedelta(seconds=3)), wav(25))

    assert world.collect() == {"matched": 1}
    assert [(row.attempt_id, row.match_rule) for row in world.rows()] == [(call.id, "number_time_length")]


def test_a_file_waits_in_its_folder_for_the_result_of_its_call(world: World) -> None:
    call = world.call("+79170000004", disposition=None, talk_s=0, ring_s=0)
    file = world.put(name_of("+79170000004", NOW), wav(20))

    assert world.collect() == {"later": 1} and file.exists() and world.rows() == []
    # Its operator forgot it: after an hour the recording is taken in, and a person looks.
    assert world.collect(NOW + timedelta(hours=2)) == {"unmatched": 1}
    assert [(row.problem, row.named_attempt_id) for row in world.rows()] == [("length", call.id)]


def test_what_is_still_written_is_not_touched(world: World) -> None:
    call = world.call("+79170000005")
    files = [
        world.put(f"{call.id}.wav", wav(20), LATER - timedelta(seconds=5)),
        world.put(f".{call.id}.wav", wav(20)),
        world.put(f"{call.id}.wav.part", wav(20)),
    ]
    outside = world.inbox.parent / "secret.wav"
    outside.write_bytes(wav(20))
    (world.inbox / f"link-{call.id}.wav").symlink_to(outside)

    assert not recordings.is_anything_waiting(LATER)
    assert world.collect() == {} and all(file.exists() for file in files)
    assert recordings.is_anything_waiting(LATER + timedelta(seconds=10))


def test_what_an_exchange_left_half_done_is_the_calls_recording_after_an_hour_of_quiet(world: World) -> None:
    call, other = world.call("+79170000011"), world.call("+79170000012")
    world.put(f".{call.id}.wav", wav(20, 9000), at=LATER - timedelta(minutes=61))
    world.put(f".{other.id}.wav", wav(20, 9001), at=LATER - timedelta(minutes=59))
    world.put(".something.wav", wav(20, 9002), at=LATER - timedelta(days=2))

    assert world.collect() == {"matched": 1}
    assert [row.attempt_id for row in world.rows()] == [call.id]
    assert sorted(path.name for path in world.inbox.iterdir()) == sorted([f".{other.id}.wav", ".something.wav"])


def test_a_worker_that_died_before_it_took_the_file_away_leaves_one_recording(world: World) -> None:
    named, found = world.call("+79170000006"), world.call("+79170000007")
    files = {f"{named.id}.wav": wav(20, 1), name_of("+79170000007", NOW): wav(25, 2), "запись.wav": wav(7, 3)}
    for _ in range(2):
        for name, data in files.items():
            world.put(name, data)
        last = world.collect()

    assert last == {"repeat": 3}
    assert [(row.state, row.attempt_id) for row in world.rows()] == [
        ("matched", named.id), ("matched", found.id), ("unmatched", None),
    ]  # fmt: skip
    assert list(world.inbox.rglob("*.wav")) == []


def test_what_is_no_sound_is_put_aside_and_kept(world: World) -> None:
    world.put("a/readme.txt", b"hello")
    world.put("b/readme.txt", b"other")

    assert world.collect() == {"refused": 2}
    assert world.rows() == [] and world.collect() == {}
    assert sorted(path.read_bytes() for path in (world.inbox / "refused").iterdir()) == [b"hello", b"other"]


def test_a_recording_of_a_destroyed_client_is_not_kept(world: World) -> None:
    call = world.call("+79170000008")
    order = Order(None, "Требование человека", False, NOW)
    act = personal_data.erase_person(db.session, world.campaign_id, order, shown=None, phone="+79170000008")
    personal_data.finish(db.session, act, NOW)
    world.put(f"{call.id}.wav", wav(20))

    assert world.collect() == {"erased": 1}
    assert (world.rows(), world.files(), list(world.inbox.iterdir())) == ([], [], [])


@pytest.mark.parametrize(
    ("seconds", "fill", "talk_s"),
    [(1.0, 9000, 20), (30.0, 0, 20), (45.0, 9000, 0)],
    ids=["short", "silent", "unanswered"],
)
def test_two_calls_on_which_nobody_spoke_share_one_sound(world: World, seconds: float, fill: int, talk_s: int) -> None:
    disposition = "refused" if talk_s else "no_answer"
    calls = [world.call(f"+7917000030{n}", talk_s=talk_s, disposition=disposition) for n in range(3)]
    for call in calls:
        world.put(f"{call.id}.wav", wav(seconds, fill))

    assert world.collect() == {"matched": 3}
    assert {row.attempt_id for row in world.rows()} == {call.id for call in calls}
    assert len(world.files()) == 1
    world.put(f"{calls[0].id}.wav", wav(seconds, fill))
    assert world.collect() == {"repeat": 1}


UNSETTLED = ("second", "several", "length", "no_call", "duplicate")


def test_two_hundred_recordings_of_all_states_are_settled_and_nothing_is_lost(world: World) -> None:
    """Twenty of each state come in; a manager settles what waits; every sound that came is still there."""
    contents: set[bytes] = set()

    def put(name: str, data: bytes) -> None:
        contents.add(data)
        world.put(name, data)

    for n in range(20):
        at, phone = NOW - timedelta(minutes=10 * n), f"+7917100{n:04d}"
        named, found, second, several = (
            world.call(f"{phone[:-5]}{kind}{phone[-4:]}", at, talk_s=20) for kind in range(1, 5)
        )
        world.call(several.e164, at + timedelta(seconds=20), talk_s=20)
        late = world.call(f"{phone[:-5]}5{phone[-4:]}", at - timedelta(days=2))
        length = world.call(f"{phone[:-5]}6{phone[-4:]}", at)
        empty = world.call(f"{phone[:-5]}7{phone[-4:]}", at, talk_s=0, disposition="no_answer")
        put(f"{named.id}.wav", wav(20, 301 + n))
        put(name_of(found.e164, at), wav(25, 1001 + n))
        put(f"{second.id}.wav", wav(20, 2001 + n))
        put(f"{second.id}-again.wav", wav(19, 3001 + n))
        put(name_of(several.e164, at + timedelta(seconds=10)), wav(25, 4001 + n))
        put(f"{late.id}.wav", wav(20, 5001 + n))
        put(name_of(length.e164, at), wav(90, 6001 + n))
        put(f"{empty.id}.wav", wav(0))
        put(name_of("+79990000000", at), wav(3, 7001 + n))
        cut = wav(20, 8001 + n)[:200_000]
        put(f"{world.call(f'{phone[:-5]}8{phone[-4:]}', at).id}.wav", cut)
        # Whichever of the two comes first keeps the sound, the other is the one to look at.
        put(f"{world.call(f'{phone[:-5]}9{phone[-4:]}', at).id}.wav", wav(20, 301 + n))
    assert len(list(world.inbox.rglob("*.wav"))) == 220

    first = world.collect()
    assert first.total() == 220 and first == {"matched": 100, "unmatched": 100, "empty": 20}
    assert Counter(row.problem for row in world.rows() if row.state == "unmatched") == dict.fromkeys(UNSETTLED, 20)
    assert sum(row.is_late for row in world.rows()) == 20

    def all_waiting() -> list[WaitingRecording]:
        whose = (world.campaign_id, 1), (world.campaign_id, 2), (None, 1)
        return [row for campaign_id, page in whose for row in waiting(world.session, campaign_id, page).rows]

    assert Counter(row.problem for row in waiting(world.session, None).rows) == {"no_call": 20}
    assert len({row.id for row in all_waiting()}) == 100
    for row in all_waiting():
        chosen = one_waiting(world.session, None if row.problem == "no_call" else world.campaign_id, row.id)
        assert chosen is not None
        calls = offered_calls(world.session, chosen)
        free = [call for call in calls if not call.has_recording]
        if row.problem in ("several", "length") and free:
            recordings.attach(db.session, world.manager, row.id, free[0].row.id, LATER)
        else:
            recordings.set_aside(db.session, world.manager, row.id, LATER)

    states = Counter(row.state for row in world.rows())
    assert states == {"matched": 140, "rejected": 40, "orphan": 20, "empty": 20}
    assert all_waiting() == [] and list(world.inbox.rglob("*.wav")) == []
    assert {path.read_bytes() for path in world.files()} == contents
    matched = [row.attempt_id for row in world.rows() if row.state == "matched"]
    assert len(set(matched)) == len(matched), "one call, one recording"
    assert world.session.scalar(select(func.count()).where(Audio.is_cut)) == 20


def test_a_manager_gives_a_call_another_recording_and_the_first_is_put_aside(world: World) -> None:
    call = world.call("+79170000010")
    world.put(f"{call.id}.wav", wav(20, 1))
    world.put(f"{call.id}-b.wav", wav(20, 2))
    world.collect()
    first, second = world.rows()
    if first.state != "matched":
        first, second = second, first
    first_id, second_id, call_id = first.id, second.id, call.id

    recordings.attach(db.session, world.manager, second_id, call_id, LATER)

    rows = {row.id: row for row in world.rows()}
    assert (rows[second_id].state, rows[second_id].attempt_id) == ("matched", call_id)
    assert (rows[first_id].state, rows[first_id].named_attempt_id) == ("rejected", call_id)
    with pytest.raises(StaleError):
        recordings.attach(db.session, world.manager, second_id, call_id, LATER)
    with pytest.raises(NotFoundError):
        recordings.attach(db.session, world.manager, first_id, uuid4(), LATER)

    recordings.detach(db.session, world.manager, second_id, LATER)
    recordings.attach(db.session, world.manager, first_id, call_id, LATER)
    assert [(row.state, row.problem) for row in world.rows() if row.id == second_id] == [("unmatched", "detached")]


def test_a_word_on_a_missing_recording_holds_until_one_comes(world: World) -> None:
    call = world.call("+79170000011")
    call_id = call.id
    with pytest.raises(DomainError, match="почему"):
        recordings.tell_absence(db.session, world.manager, call_id, "other", LATER)
    for cause in ("lost", "not_recorded"):
        recordings.tell_absence(db.session, world.manager, call_id, cause, LATER)
    world.session.rollback()
    assert world.session.get_one(RecordingAbsence, call_id).cause == "not_recorded"

    world.put(f"{call_id}.wav", wav(20))
    world.collect(LATER + timedelta(days=1))

    assert world.session.get(RecordingAbsence, call_id) is None
    assert world.rows()[0].is_late
    with pytest.raises(StaleError, match="уже есть запись"):
        recordings.tell_absence(db.session, world.manager, call_id, "lost", LATER)


def test_recordings_whose_last_day_is_over_are_destroyed_with_a_line_in_the_journal(world: World) -> None:
    call = world.call("+79170000012")
    call_id = call.id
    for n, name in enumerate((f"{call_id}.wav", f"{call_id}-b.wav", "проба.wav")):
        world.put(name, wav(20, n + 1))
    world.collect()
    world.session.get_one(Campaign, world.campaign_id).recordings_until = date(2026, 12, 1)
    world.session.commit()
    due = datetime(2026, 12, 2, 8, tzinfo=UTC)

    assert recordings.campaigns_to_purge(world.session, due - timedelta(days=1)) == []
    assert [nudge.id for nudge in sweep.due(world.session, due) if nudge.job == recordings.PURGE_JOB] == [
        world.campaign_id
    ]
    assert recordings.purge(db.session, world.campaign_id, due) == 2
    assert recordings.purge(db.session, world.campaign_id, due) == 0

    world.session.rollback()
    assert recordings.campaigns_to_purge(world.session, due) == []
    assert len(world.files()) == 1, "the recording of no call has its own time"
    shown = call_with_recording(world.session, world.manager, call_id)
    assert shown is not None and shown.is_destroyed and shown.duration_ms == 20_000
    line = world.session.scalars(select(Journal).where(Journal.action == "recordings_purged")).one()
    assert (line.campaign_id, line.after) == (world.campaign_id, {"recordings": 2})

    much_later = NOW + timedelta(days=91)
    assert recordings.campaigns_to_purge(world.session, much_later) == [0]
    assert recordings.purge(db.session, 0, much_later) == 1 and world.files() == []


class TestStorage:
    """Recordings on a storage that speaks S3."""

    @pytest.fixture
    def storage(self) -> object:
        with s3_server.running() as settings:
            yield settings

    @pytest.fixture
    def far(self, storage: dict[str, str], database_url: str, tmp_path: Path) -> object:
        app = make_app(tmp_path / "data", database_url, **storage)
        with app.app_context():
            yield World(app, db.session())
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
            recordings.connect(recordings.Places(tmp_path, tmp_path, "UTC"))

    def test_files_move_there_are_heard_by_parts_and_are_destroyed_there(
        self, far: World, storage: dict[str, str]
    ) -> None:
        call = far.call("+79170000020")
        far.put(f"{call.id}.wav", wav(20, 5))
        far.collect()
        assert [nudge.job for nudge in sweep.due(far.session, LATER)] == [recordings.MOVE_JOB]

        assert recordings.move(db.session) == 1
        assert recordings.move(db.session) == 0 and not recordings.is_anything_to_move(far.session)

        (row,) = far.rows()
        audio = far.session.get_one(Audio, row.audio_sha256)
        assert (audio.place, far.files(), s3_server.paths(storage)) == ("s3", [], [audio.path])
        manager = far.session.get_one(User, far.manager.id)
        client = far.app.test_client()
        assert client.post("/login", data={"login": manager.login, "password": factories.PASSWORD}).status_code == 303
        heard = [client.get(f"/recordings/{row.id}", headers=headers) for headers in ({}, {"Range": "bytes=44-1043"})]
        assert [answer.status_code for answer in heard] == [200, 206]
        assert (heard[0].data, heard[1].data) == (wav(20, 5), wav(20, 5)[44:1044])
        assert heard[1].headers["Content-Range"] == f"bytes 44-1043/{audio.size}"
        assert heard[0].headers["Accept-Ranges"] == "bytes" and heard[0].mimetype == "audio/wav"
        assert "sandbox" in heard[1].headers["Content-Security-Policy"]
        for answer in heard:
            answer.close()

        order = Order(None, "Требование человека", False, NOW)
        connected = places()
        recordings.connect(replace(connected, remote=None))
        with pytest.raises(DomainError, match="настройки убраны"):
            personal_data.erase_person(db.session, far.campaign_id, order, shown=None, phone="+79170000020")
        recordings.connect(connected)
        act = personal_data.erase_person(db.session, far.campaign_id, order, shown=None, phone="+79170000020")
        assert personal_data.finish(db.session, act, NOW)
        assert s3_server.paths(storage) == []

    def test_a_storage_that_is_away_stops_nobody_and_destroying_waits_for_it(
        self, database_url: str, tmp_path: Path
    ) -> None:
        away = {"S3_ENDPOINT": "http://127.0.0.1:9", **s3_server.KEYS}
        app = make_app(tmp_path / "data", database_url, **away)
        with app.app_context():
            world = World(app, db.session())
            call = world.call("+79170000021")
            world.put(f"{call.id}.wav", wav(20, 5))
            assert world.collect() == {"matched": 1} and len(world.files()) == 1
            from nps.jobs import recordings as jobs

            jobs.move(0)
            assert len(world.files()) == 1, "it is still heard from here"

            order = Order(None, "Требование человека", False, NOW)
            act = personal_data.erase_person(db.session, world.campaign_id, order, shown=None, phone="+79170000021")
            assert not personal_data.finish(db.session, act, NOW)
            world.session.rollback()
            assert world.session.get_one(Erasure, act).finished_at is None
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
            recordings.connect(recordings.Places(tmp_path, tmp_path, "UTC"))
