"""The disk is full in the middle of a call: nothing half written, everybody told, and on it goes when there is room."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from nps.services import trouble
from tests import factories, live
from tests.faults.load import open_campaign

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
#: Enough for the database, its log and the files of the server; small enough to be filled in a moment.
SIZE_MB = 24


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, seen by this process too. A mount namespace needs no rights on the machine."""
    place = tmp_path / "small"
    place.mkdir()
    script = f'mount -t tmpfs -o size={SIZE_MB}m,mode=700 tmpfs "$1" && echo ready && exec cat'
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        yield Path(f"/proc/{holder.pid}/root{place}")
        holder.stdin.close()


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(b"\0" * 4096):
            pass
    return filler


def test_a_full_disk_is_told_and_costs_no_answer(
    app: Flask, session: Session, small_disk: Path, tmp_path: Path
) -> None:
    campaign_id, (login,) = open_campaign(session, operators=1, clients=3)
    database = small_disk / "nps.sqlite3"
    with closing(sqlite3.connect(tmp_path / "nps.sqlite3")) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)
    with live.web_server(tmp_path / "web", f"sqlite:///{database}") as address:
        person = live.Person(address)
        person.log_in(login, factories.PASSWORD)
        person.get("/desk")
        person.post("/desk/shift", campaign_id=str(campaign_id), spoken_name="Ольга")
        person.post("/desk/dial")
        call = f"/desk/calls/{person.hidden('expect_attempt')}"
        person.post(f"{call}/answered")
        person.post(f"{call}/answer", answer="yes")
        desk = person.page
        filler = fill(small_disk)
        refused = person.post(f"{call}/answer", answer="9")
        assert (refused.status, trouble.FULL in refused.text) == (503, True)
        assert person.get("/desk").status == 200, "reading goes on"
        assert person.state == "talk"
        assert ratings(database) == []

        filler.unlink()
        person.page = desk
        assert person.post(f"{call}/answer", answer="9").status == 200, "the same form, sent again"
        person.post(f"{call}/answer", answer="end")
        assert person.state == "done"
    assert ratings(database) == ["9"]
    with closing(sqlite3.connect(database)) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert found.execute("PRAGMA foreign_key_check").fetchall() == []


def ratings(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as found:
        return [row[0] for row in found.execute("SELECT value FROM answer WHERE step = 'rating'")]
