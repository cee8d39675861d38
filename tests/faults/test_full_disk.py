"""The disk is full in the middle of a call: nothing half written, everybody told, and on it goes when there is room."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.services import trouble
from tests import factories, live
from tests.faults.load import open_campaign

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
#: Enough for the database, its log and the files of the server; small enough to be filled in a moment.
SIZE_MB = 24


@dataclass
class SmallDisk:
    """A disk of its own in a mount namespace, for which nobody needs rights on the machine.

    `inside` is its path for a process started with `enter`, `outside` the same for this one. (SQLite would follow the
    latter to a folder on the large disk: the link in it means something to the kernel only.)
    """

    inside: Path
    outside: Path
    enter: tuple[str, ...]

    def fill(self) -> None:
        """Take all the room there is."""
        with (self.outside / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while file.write(b"\0" * 4096):
                pass

    def free(self) -> None:
        """Give it back."""
        (self.outside / "filler").unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    place = tmp_path / "small"
    place.mkdir()
    script = f'mount -t tmpfs -o size={SIZE_MB}m,mode=700 tmpfs "$0" && echo ready && exec cat'
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        namespaces = ("nsenter", "--target", str(holder.pid), "--user", "--mount", "--preserve-credentials")
        enter = (*namespaces, "sh", "-c", 'cd "$0" && exec "$@"', str(live.ROOT))
        yield SmallDisk(place, Path(f"/proc/{holder.pid}/root{place}"), enter)
        holder.stdin.close()


def test_a_full_disk_is_told_and_costs_no_answer(
    app: Flask, session: Session, small_disk: SmallDisk, tmp_path: Path
) -> None:
    campaign_id, (login,) = open_campaign(session, operators=1, clients=3)
    file = str(db.engine.url.database)
    with closing(sqlite3.connect(file)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, small_disk.outside)
    url = f"sqlite:///{small_disk.inside}/nps.sqlite3"
    with live.web_server(tmp_path / "web", url, before=small_disk.enter) as address:
        person = live.Person(address)
        person.log_in(login, factories.PASSWORD)
        person.get("/desk")
        person.post("/desk/shift", campaign_id=str(campaign_id), spoken_name="Ольга")
        person.post("/desk/dial")
        call = f"/desk/calls/{person.hidden('expect_attempt')}"
        person.post(f"{call}/answered")
        person.post(f"{call}/answer", answer="yes")
        desk = person.page
        small_disk.fill()
        refused = person.post(f"{call}/answer", answer="9")
        assert (refused.status, trouble.FULL in refused.text) == (503, True)
        assert person.get("/desk").status == 200, "reading goes on"
        assert person.state == "talk"
        assert ratings(small_disk, tmp_path) == []

        small_disk.free()
        person.page = desk
        assert person.post(f"{call}/answer", answer="9").status == 200, "the same form, sent again"
        person.post(f"{call}/answer", answer="end")
        assert person.state == "done"
    assert ratings(small_disk, tmp_path) == [9]
    with copied(small_disk, tmp_path) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert found.execute("PRAGMA foreign_key_check").fetchall() == []


@contextmanager
def copied(disk: SmallDisk, folder: Path) -> Iterator[sqlite3.Connection]:
    """The database as it lies on the small disk, its log included, opened from a copy."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for file in disk.outside.glob("nps.sqlite3*"):
            shutil.copy(file, place)
        with closing(sqlite3.connect(f"{place}/nps.sqlite3")) as found:
            yield found


def ratings(disk: SmallDisk, folder: Path) -> list[str]:
    with copied(disk, folder) as found:
        return [row[0] for row in found.execute("SELECT value FROM answer WHERE step = 'rating'")]
