"""`flask nps backup` and `restore`: whole copies of a working system, and nothing half done."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.config import NAMES, PROJECT_ROOT
from nps.domain.actor import Actor
from nps.extensions import db
from nps.extensions import migrate as migrations
from nps.models import Audio, Erasure, Journal
from nps.services import escalations, recordings
from nps.supervisor.lock import DataLock
from tests import factories
from tests.infra.test_prepare import later_version
from tests.jobs.test_letters import FIELDS

GONE = 120


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["nps", *map(str, words)])


def told(app: Flask, *words: object) -> dict[str, Any]:
    result = run(app, *words, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def refusal(app: Flask, *words: object) -> str:
    result = run(app, *words, "--json")
    assert isinstance(result.exception, SystemExit), (words, result.exception)
    assert result.exit_code == 1, result.output
    return str(json.loads(result.stdout)["error"]["code"])


def settings(app: Flask) -> dict[str, str]:
    """The environment of a command of its own on the same installation."""
    given = dict.fromkeys(NAMES, "") | dict(app.config["SETTINGS_GIVEN"])
    return {**os.environ, **given}


def folder(app: Flask) -> Path:
    return Path(app.config["DATA_FOLDER"])


def contents(data: Path) -> dict[str, bytes]:
    """All files but those that say who works here."""
    files = [path for path in data.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {str(path.relative_to(data)): path.read_bytes() for path in files}


class Work:
    """What operators do: calls, each with a question and a recording. They have been dialled before."""

    def __init__(self, session: Session, calls: int) -> None:
        campaign = factories.campaign(session)
        self.campaign_id = campaign.id
        operator = factories.member(session, campaign)
        self.actor = Actor(operator.id, "operator", operator.full_name)
        clients = [factories.respondent(session, campaign) for _ in range(calls)]
        self.calls = [factories.attempt(session, client, operator, "surveyed").id for client in clients]
        session.rollback()

    def call(self, app: Flask, session: Session, sound: bytes = b"") -> None:
        call, now = self.calls.pop(), datetime.now(UTC)
        session.rollback()
        escalations.raise_escalation(session, self.actor, attempt_id=call, fields=FIELDS, now=now)
        recordings.add_recording(
            session,
            actor=self.actor,
            attempt_id=call,
            stream=io.BytesIO(b"ID3" + call.bytes + sound),
            source_name="talk.mp3",
            now=now,
        )


@pytest.fixture
def work(session: Session) -> Work:
    return Work(session, 3)


@pytest.fixture
def busy(app: Flask, session: Session) -> Iterator[threading.Semaphore]:
    """People at work during the test; the semaphore counts their calls."""
    stop, calls, work = threading.Event(), threading.Semaphore(0), Work(session, 150)

    def keep_working() -> None:
        with app.app_context():
            while work.calls and not stop.is_set():
                work.call(app, db.session())
                calls.release()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(keep_working)
        try:
            yield calls
        finally:
            stop.set()
        working.result()


def test_copies_of_a_working_system_are_whole_and_fit_together(
    app: Flask, session: Session, tmp_path: Path, busy: threading.Semaphore
) -> None:
    for number in range(4):
        assert busy.acquire(timeout=60), "nobody works"
        assert busy.acquire(timeout=60)
        session.rollback()
        made = told(app, "backup", tmp_path / f"copy-{number}.tar.gz")
        rows, file = made["rows"], Path(made["file"])
        assert made["missing"] == []
        assert 0 < rows["recording"] == rows["audio"] <= rows["escalation"] == rows["outbox"] <= rows["recording"] + 1
        assert told(app, "backup", "--check", file)["rows"] == rows
        with tarfile.open(file) as tar:
            assert sum(name.startswith("recordings/") for name in tar.getnames()) == rows["audio"]
        assert file.stat().st_mode & 0o777 == 0o600


def test_everything_comes_back_and_the_present_state_is_kept(
    app: Flask, session: Session, work: Work, login: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    data = folder(app)
    (data / "uploads").mkdir()
    work.call(app, session)
    login("manager")
    made = told(app, "backup", tmp_path / "copy.tar.gz")
    before = contents(data / "recordings")
    rows = {table: told(app, "backup", "--check", made["file"])["rows"][table] for table in ("call_attempt", "audio")}
    client = login("manager")
    for _ in range(2):
        work.call(app, session)
    key = (data / "secret_key").read_text()
    (data / "secret_key").write_text("1" * 64)
    session.add(Erasure(campaign_id=work.campaign_id, scope="person", at=factories.NOW, reason="Письмо", subjects=[],
                        counts={}, files=[], finished_at=factories.NOW))  # fmt: skip
    session.commit()
    app.config["SETTINGS_GIVEN"] = {**app.config["SETTINGS_GIVEN"], "PORT": "8001"}

    said = told(app, "restore", made["file"], "--yes")

    assert {name: said["rows"][name] for name in rows} == rows
    assert session.scalar(select(func.count()).select_from(Audio)) == 1
    assert contents(data / "recordings") == before
    assert (data / "secret_key").read_text() == key
    assert "PORT" not in Path(said["other_settings"]).read_text()
    assert client.get("/").status_code == 303, "the session is over"
    assert (said["letters_held"], said["sessions_ended"], said["lost_acts"]) == (1, 1, [1])
    assert session.scalars(select(Journal.after).where(Journal.action == "restored")).all() == [
        {"letters_held": 1, "sessions_ended": 1}
    ]
    aside = Path(said["aside"])
    assert len(contents(aside / "recordings")) == 3
    assert {path.name for path in aside.iterdir()} >= {"secret_key", "recordings"}
    assert not (data / "restore.unfinished").exists()
    session.rollback()
    assert told(app, "backup")["missing"] == []


def test_a_copy_without_sound_leaves_sound_alone_and_missing_sound_is_told(
    app: Flask, session: Session, work: Work, tmp_path: Path
) -> None:
    work.call(app, session)
    silent = told(app, "backup", tmp_path / "silent.tar.gz", "--without-audio")
    sound = next(path for path in (folder(app) / "recordings").rglob("*.mp3"))
    told(app, "restore", silent["file"], "--yes")
    assert sound.exists()
    sound.unlink()
    told_missing = run(app, "backup", tmp_path / "gap.tar.gz")
    assert "которых нет на диске: 1" in told_missing.stdout
    assert sound.name in told_missing.stdout


def test_only_the_last_copies_are_kept(app: Flask, tmp_path: Path) -> None:
    place = tmp_path / "copies"
    place.mkdir()
    old = [place / f"nps-2026010{day}T000000Z.tar.gz" for day in (1, 2, 3)]
    for path in (*old, place / "nps-mine.tar.gz"):
        path.touch()
    made = told(app, "backup", place, "--keep", 2)
    assert made["dropped"] == [old[1].name, old[0].name]
    assert sorted(path.name for path in place.iterdir()) == sorted(
        [old[2].name, "nps-mine.tar.gz", Path(made["file"]).name]
    )
    assert refusal(app, "backup", made["file"]) == "exists"


def test_a_database_that_does_not_answer_is_told_in_a_sentence(app: Flask, tmp_path: Path) -> None:
    file = told(app, "backup", tmp_path / "copy.tar.gz")["file"]
    gone = {"postgresql": f"postgresql://nps@/nps?host={tmp_path}", "sqlite": f"sqlite:///{file}/nps.sqlite3"}
    app.config["SETTINGS_GIVEN"] = {**app.config["SETTINGS_GIVEN"], "DATABASE_URL": gone[db.engine.dialect.name]}
    for words in (("backup",), ("restore", file, "--yes")):
        with command(app, *words) as process:
            _, errors = process.communicate(timeout=GONE)
        assert (process.returncode, errors.splitlines()[-1][:6]) in ((1, "Копия "), (1, "pg_dum")), errors


def test_nothing_is_restored_while_the_system_runs(app: Flask) -> None:
    data = folder(app)
    file = told(app, "backup")["file"]
    lock = DataLock(data / "supervisor.lock", data / "processes.lock")
    lock.publish("http://127.0.0.1:8000")
    assert refusal(app, "restore", file, "--yes") == "running"
    os.close(lock._own)
    assert refusal(app, "restore", file, "--yes") == "running", "one of its processes is still there"
    os.close(lock.shared)
    told(app, "restore", file, "--yes")


def remade(source: Path, target: Path, extra: tarfile.TarInfo | None = None, **changed: bytes) -> Path:
    """A copy's archive with members changed, and one more first, which the manifest lists."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        if extra is not None:
            new.addfile(extra, io.BytesIO(b"x" * extra.size))
        for entry in old:
            content = old.extractfile(entry).read()  # type: ignore[union-attr]
            if extra is not None and entry.name == "manifest.json":
                manifest = json.loads(content)
                manifest["sha256"].setdefault(extra.name, sha256(b"x" * extra.size).hexdigest())
                content = json.dumps(manifest).encode()
            content = changed.get(entry.name.partition(".")[0], content)
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    return target


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, 0 if link else 1
    return made


def spoilt(file: Path, place: Path) -> Iterator[Path]:
    whole = file.read_bytes()
    for number, part in enumerate((b"", whole[:100], whole[: len(whole) // 2], whole[:-4], b"x" * 1000)):
        yield place / f"cut-{number}"
        (place / f"cut-{number}").write_bytes(part)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x10
    (place / "flipped").write_bytes(flipped)
    yield place / "flipped"
    yield remade(file, place / "changed", secret_key=b"2" * 64)
    yield remade(file, place / "no-manifest", manifest=b"{}")
    yield remade(file, place / "no-database", entry("database.other"))
    for number, extra in enumerate(
        (
            entry("../../../outside"),
            entry(str(place.parent / "outside")),
            entry("recordings/../../../../outside"),
            entry("recordings/.hidden"),
            entry("uploads/link", tarfile.SYMTYPE, "/etc/passwd"),
            entry("uploads/hard", tarfile.LNKTYPE, "secret_key"),
            entry("recordings/pipe", tarfile.FIFOTYPE),
            entry("secret_key"),
        )
    ):
        yield remade(file, place / f"member-{number}", extra)


def test_a_spoilt_copy_is_refused_before_anything_is_touched(
    app: Flask, session: Session, work: Work, tmp_path: Path
) -> None:
    # Most of the archive is noise: no bit of it can be another without being noticed.
    work.call(app, session, os.urandom(1_000_000))
    file = Path(told(app, "backup", tmp_path / "whole.tar.gz")["file"])
    before = contents(folder(app))
    rows = session.scalar(select(func.count()).select_from(Journal))
    session.rollback()
    place = tmp_path / "spoilt"
    place.mkdir()
    bad = list(spoilt(file, place))
    for path in bad:
        assert refusal(app, "backup", "--check", path) == "bad_archive", path
        assert refusal(app, "restore", path, "--yes") == "bad_archive", path
    assert contents(folder(app)) == before
    assert not (tmp_path / "outside").exists()
    assert session.scalar(select(func.count()).select_from(Journal)) == rows
    assert refusal(app, "restore", tmp_path / "none.tar.gz", "--yes") == "disk"


def test_an_older_copy_is_migrated_and_a_newer_one_refused(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = factories.campaign(session).id
    session.rollback()
    old = told(app, "backup", tmp_path / "old.tar.gz")
    present = migrations.directory
    monkeypatch.setattr(migrations, "directory", str(later_version(tmp_path)))
    upgrade(directory=migrations.directory)
    session.execute(sa.text("INSERT INTO later (id, campaign_id) VALUES (1, :id)"), {"id": campaign_id})
    session.commit()
    new = told(app, "backup", tmp_path / "new.tar.gz")
    told(app, "restore", old["file"], "--yes")
    assert session.execute(sa.text("SELECT count(*) FROM later")).scalar_one() == 0
    session.rollback()
    told(app, "restore", new["file"], "--yes")
    assert session.execute(sa.text("SELECT campaign_id FROM later")).scalar_one() == campaign_id
    session.rollback()
    monkeypatch.setattr(migrations, "directory", present)
    assert refusal(app, "restore", new["file"], "--yes") == "newer"


def command(app: Flask, *words: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-X", "utf8", "-m", "flask", "nps", *map(str, words)],
        cwd=PROJECT_ROOT,
        env=settings(app),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_full_disk_leaves_no_half_copy(app: Flask, session: Session, work: Work, tmp_path: Path) -> None:
    work.call(app, session, os.urandom(4_000_000))
    session.rollback()
    place = tmp_path / "copies"
    place.mkdir()
    # No file may grow over 3 MB, which the database does not and the archive does.
    limited = ("sh", "-c", 'ulimit -f 6000; exec "$@"', "sh")
    with command(app, "backup", place, before=limited) as process:
        _, errors = process.communicate(timeout=GONE)
    assert process.returncode == 1
    assert errors.endswith("Копия не сделана: на диске нет места.\n"), errors
    assert list(place.iterdir()) == []
    told(app, "backup", place)


def test_a_killed_backup_leaves_no_copy_and_the_next_one_clears_up(
    app: Flask, session: Session, work: Work, tmp_path: Path
) -> None:
    work.call(app, session)
    place, sound = tmp_path / "copies", next((folder(app) / "recordings").rglob("*.mp3"))
    place.mkdir()
    # Reading a pipe waits for its writer: the backup stands in the middle of its archive.
    content = sound.read_bytes()
    sound.unlink()
    os.mkfifo(sound)
    session.rollback()
    with command(app, "backup", place) as process:
        writer = opened(sound, process)
        assert [path.name[:5] for path in place.iterdir()] == [".nps-"]
        process.kill()
        process.communicate(timeout=GONE)
    os.close(writer)
    assert [path.name[:5] for path in place.iterdir()] == [".nps-"]
    sound.unlink()
    sound.write_bytes(content)
    made = told(app, "backup", place)
    assert list(place.iterdir()) == [Path(made["file"])]


def opened(pipe: Path, process: subprocess.Popen[str]) -> int:
    """The writing end, once somebody reads."""
    deadline = time.monotonic() + GONE
    while True:
        assert process.poll() is None and time.monotonic() < deadline, "the backup did not come to the recording"
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def test_a_restore_that_was_cut_off_keeps_the_system_from_starting(app: Flask) -> None:
    file = told(app, "backup")["file"]
    (folder(app) / "restore.unfinished").touch()
    start = [sys.executable, "-X", "utf8", "-m", "nps.supervisor.prepare"]
    started = subprocess.run(start, cwd=PROJECT_ROOT, env=settings(app), capture_output=True, text=True, check=False)
    assert (started.returncode, "повторите flask nps restore" in started.stderr) == (1, True)
    told(app, "restore", file, "--yes")
    subprocess.run(start, cwd=PROJECT_ROOT, env=settings(app), capture_output=True, check=True)
