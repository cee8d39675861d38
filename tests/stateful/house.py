"""The real application behind a real HTTP server on a small base that is put back before each example."""

from __future__ import annotations

import shutil
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from unittest.mock import patch

from flask import Flask, got_request_exception
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from nps.extensions import db
from tests import factories, live, postgres_server
from tests.conftest import make_app
from tests.e2e.system import server_of

#: Tuesday, 10:15 in Moscow's zone; the next day is a holiday.
START = datetime(2026, 11, 3, 7, 15, tzinfo=UTC)
OPERATORS, MANAGER = ("anna", "boris", "vera"), "manager"


class StoodClock:
    """A clock that goes on only when it is told to: an example runs the same way each time."""

    at = START

    def now(self, zone: tzinfo) -> datetime:
        """As `datetime.now`."""
        return self.at.astimezone(zone)


class Person(live.Person):
    """One who can also send a form that is no longer on his page."""

    def send(self, path: str, fields: list[tuple[str, str]]) -> live.Answer:
        """Post these fields, following the redirect."""
        self.page = self._request(path, urllib.parse.urlencode(fields).encode())
        return self.page


@dataclass
class House:
    """The running system; `errors` holds what the application raised while it served."""

    app: Flask
    clock: StoodClock
    put_back: Callable[[], None]
    database: Callable[[], Session]
    people: dict[str, Person] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)


def fill(session: Session) -> None:
    """Six clients in three zones: two of one organisation, two with one phone, one without a region."""
    campaign = factories.campaign(session)
    for login in OPERATORS:
        factories.member(session, campaign, factories.user(session, login=login, full_name=login.title()))
    factories.user(session, "manager", login=MANAGER)
    for region, inn, phones in (
        ("udmurtia", "1800000001", ("+79170000001", "+79170000002")),
        ("udmurtia", "1800000001", ("+79170000003",)),
        ("tatarstan", "1600000001", ("+79170000004",)),
        ("perm", "5900000001", ("+79170000004",)),
        ("perm", "5900000002", ("+79170000005", "+79170000006")),
        (None, "5900000003", ("+79170000007",)),
    ):
        due = {"loaded_at": START, "next_call_at": START if region else None}
        factories.respondent(session, campaign, region=region, inn=inn, phones=phones, **due)


@contextmanager
def standing(folder: Path, url: str, keep: Callable[[], Callable[[], None]]) -> Iterator[House]:
    """The system on the empty database at `url`; `keep` takes it as it is and returns what puts it back."""
    clock = StoodClock()
    app = make_app(folder / "data", url)
    app.testing = False
    own = create_engine(url, poolclass=NullPool)
    with patch("nps.web.clock.datetime", clock):
        server = server_of(app)
        house = House(app, clock, lambda: None, lambda: Session(own))

        def remember(_: Flask, exception: BaseException, **__: object) -> None:
            house.errors.append(exception)

        got_request_exception.connect(remember, app)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="web")
        thread.start()
        try:
            with app.app_context():
                fill(db.session())
                db.session.remove()
            for login in (*OPERATORS, MANAGER):
                house.people[login] = Person(f"http://127.0.0.1:{server.server_port}")
                house.people[login].log_in(login, factories.PASSWORD)
            _let_go(app)
            put_back = keep()

            def anew() -> None:
                _let_go(app)
                put_back()
                clock.at = START

            house.put_back = anew
            yield house
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            _let_go(app)


def _let_go(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def keep_sqlite(file: Path) -> Callable[[], None]:
    """Take the file as it is; nobody has it open."""
    kept = shutil.copy(file, file.with_suffix(".kept"))

    def put_back() -> None:
        for rest in ("-wal", "-shm"):
            file.with_name(file.name + rest).unlink(missing_ok=True)
        shutil.copy(kept, file)

    return put_back


def keep_postgres(server: postgres_server.PostgresServer, name: str) -> Callable[[], None]:
    """Take the database as it is; nobody is connected to it."""
    server.create(f"{name}_kept", name)

    def put_back() -> None:
        server.drop(name)
        server.create(name, f"{name}_kept")

    return put_back
