"""Every letter arrives, whoever is killed and whatever becomes of Redis, at each point of its way: counted at its end.

A case: the way stops at a named point; there somebody is killed and Redis is left alone, stopped, emptied or put back
to an older state; the house goes on with new processes in their places. Every two of point, victim, fault of Redis and
database meet in some case. A second copy is allowed only when the text may have gone, under the same Message-ID.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select as sql_select

from nps.adapters import queue
from nps.config import NAMES, PROJECT_ROOT
from nps.extensions import db
from nps.models import Campaign, Outbox
from nps.services import letters
from nps.services.transaction import write
from nps.supervisor.leash import _children
from tests import factories, postgres_server, redis_server, smtp_server
from tests.conftest import ENGINES, make_app
from tests.faults.house import COMMITS, FAILURE_TTL_S, MAIL_TIMEOUT_S
from tests.services.test_letters import PAYLOAD
from tests.smtp_server import FaultyServer

#: Where the sender stops: inside its own process, or with the server about to answer.
OWN_POINTS = tuple(f"{name} {when}" for name in COMMITS for when in ("before", "after")) + ("redis before",)
SERVER_POINTS = ("banner", "mail", "rcpt", "data", "text", "quit")
SWEEPER_POINTS = ("sweeper before", "sweeper after")
VICTIMS = ("child", "worker", "worker and child")
REDIS_FAULTS = ("none", "stopped", "emptied", "older")
#: Points after which the text may have gone: only there a second copy is forgiven.
AFTER_PHASE_DATA = ("data after", "record before", "data", "text", "quit")

AT_ONCE = 4
LONG_ENOUGH_S = 180


@dataclass(frozen=True)
class Case:
    point: str
    victim: str
    redis: str
    engine: str

    def __str__(self) -> str:
        return f"{self.point}, {self.victim} killed, redis {self.redis}, {self.engine}"


def _cases() -> list[Case]:
    found = [
        Case(point, VICTIMS[(i + j) % len(VICTIMS)], fault, ENGINES[(i + j) % len(ENGINES)])
        for (i, point), (j, fault) in product(enumerate(OWN_POINTS + SERVER_POINTS), enumerate(REDIS_FAULTS))
    ]
    found += [
        Case(point, "sweeper", fault, ENGINES[(i + j) % len(ENGINES)])
        for (i, point), (j, fault) in product(enumerate(SWEEPER_POINTS), enumerate(REDIS_FAULTS))
    ]
    return found


CASES = _cases()


class House:
    """The processes of all cases are forked from one that has loaded the application."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", "tests.faults.house"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_ROOT,
            env=os.environ | dict.fromkeys(NAMES, ""),
        )

    def start(self, **order: Any) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


class RedisServer:
    """A Redis that can be killed and given an older state."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._older, self._stack = folder, folder / "older", stack
        self.url = self._start()

    def _start(self) -> str:
        return self._stack.enter_context(redis_server.running(self.folder))

    def remember(self) -> None:
        """Keep the present state as the older one."""
        shutil.copytree(self.folder / "redis", self._older, ignore=shutil.ignore_patterns("*.sock"))

    def kill(self) -> None:
        with Redis.from_url(self.url) as client:
            pid = int(client.info("server")["process_id"])
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        _gone(handle)

    def suffer(self, fault: str) -> Callable[[], object]:
        """Do it; what brings Redis back is returned."""
        if fault == "emptied":
            with Redis.from_url(self.url) as client:
                client.flushall()
        if fault in ("stopped", "older"):
            self.kill()
            if fault == "older":
                shutil.rmtree(self.folder / "redis")
                shutil.copytree(self._older, self.folder / "redis")
            return self._start
        return lambda: None


def _gone(handle: int) -> None:
    """Wait until the process of this handle has ended, for as long as any machine may need."""
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    ended = poller.poll(LONG_ENOUGH_S * 1000)
    os.close(handle)
    assert ended, "a process does not end"


class Way:
    """One letter's way from the row to the mailbox, in one case."""

    def __init__(self, case: Case, house: House, folder: Path, database_url: str, smtp: FaultyServer) -> None:
        self.case, self.house, self.folder, self.smtp = case, house, folder, smtp
        self.environ = {
            "NPS_DATA": str(folder / "data"),
            "DATABASE_URL": database_url,
            "MAIL_SERVER": smtp.host,
            "MAIL_PORT": str(smtp.port),
            "MAIL_TIMEOUT": str(MAIL_TIMEOUT_S),
            "MAIL_DEFAULT_SENDER": "opros@example.ru",
        }
        self.app = make_app(folder / "data", database_url)
        self.running: dict[str, int] = {}
        self.handles: dict[str, int] = {}

    def write_letter(self) -> int:
        with self.app.app_context():
            campaign_id = factories.campaign(db.session()).id
            with write(db.session) as s:
                return letters.add(
                    s,
                    campaign=s.get_one(Campaign, campaign_id),
                    kind="test",
                    subject_id=campaign_id,
                    dedupe="one",
                    payload=PAYLOAD,
                    now=datetime.now(UTC),
                )

    def go(self) -> Outbox:
        """Walk it; the row as it is in the end."""
        number = self.write_letter()
        with ExitStack() as stack:
            (self.folder / "queue").mkdir(mode=0o700)
            redis = RedisServer(self.folder / "queue", stack)
            self.environ["REDIS_URL"] = redis.url
            if self.case.point not in SWEEPER_POINTS:
                # In the sweeper's cases the request's nudge was lost.
                queue.JobQueue(redis.url).enqueue(queue.LETTERS, letters.SEND_JOB, number)
            redis.remember()
            if self.case.point in SERVER_POINTS:
                self.smtp.faults.append(f"wait_{self.case.point}")
            self.keep_running()
            self.wait_for(self.reached)
            held = self.kill()
            bring_back = redis.suffer(self.case.redis)
            self.smtp.go_on.set()
            (self.folder / "go").touch()
            bring_back()
            self.wait_for(lambda: self.row(number).state in ("sent", "failed"))
            self.end(held)
        return self.row(number)

    def reached(self) -> bool:
        return (self.folder / "reached").exists() or self.smtp.reached.is_set()

    def keep_running(self) -> None:
        """Start what does not run, as the supervisor does."""
        for name in ("letters", "sweeper"):
            handle = self.handles.get(name)
            if handle is not None:
                if not _has_ended(handle):
                    continue
                os.close(handle)
            pid = self.house.start(name=name, environ=self.environ, folder=str(self.folder), point=self.case.point)
            self.running[name], self.handles[name] = pid, os.pidfd_open(pid)

    def kill(self) -> list[int]:
        """Kill whoever the case says; handles of the sender's child, which may go on alone."""
        name = "sweeper" if self.case.victim == "sweeper" else "letters"
        parent = self.running[name]
        children = _children(parent) if name == "letters" else []
        handles = [os.pidfd_open(child) for child in children]
        if self.case.victim != "child":
            os.kill(parent, signal.SIGKILL)
        if "child" in self.case.victim:
            for child in children:
                os.kill(child, signal.SIGKILL)
        return handles

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until it holds; meanwhile what has ended is started again."""
        pause, until = Event(), time.monotonic() + LONG_ENOUGH_S
        while not condition():
            assert time.monotonic() < until, f"{self.case}: nothing happens any more"
            if self.reached():
                self.keep_running()
            pause.wait(0.05)

    def row(self, number: int) -> Outbox:
        with self.app.app_context():
            row = db.session.execute(sql_select(Outbox).where(Outbox.id == number)).scalar_one()
            db.session.expunge(row)  # what it holds is read after the session
            return row

    def end(self, held: list[int]) -> None:
        """Let all finish what they do, whoever lost his parent too."""
        for handle in held:
            _gone(handle)
        for name in ("sweeper", "letters"):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handles[name], signal.SIGTERM)
            _gone(self.handles[name])

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def _has_ended(handle: int) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(0))


@dataclass(frozen=True)
class Arrived:
    """What the receiving end has, and what the row says."""

    message_ids: list[str]
    row: Outbox


def _has_case(item: pytest.Item) -> bool:
    return item.path == Path(__file__) and "case" in getattr(getattr(item, "callspec", None), "params", {})


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Case, Future[Arrived]]]:
    """All cases, a few at a time: most of their time is waiting."""
    house, numbers = House(), iter(range(len(CASES)))
    sqlite_template: Path = request.getfixturevalue("sqlite_template")
    postgres: postgres_server.PostgresServer | None = None
    if "postgres" in ENGINES:
        postgres = request.getfixturevalue("postgres")
        template = request.getfixturevalue("postgres_template")
    making = Lock()

    def database(case: Case, folder: Path, number: int) -> str:
        if case.engine == "sqlite":
            shutil.copy(sqlite_template, folder / "nps.sqlite3")
            return f"sqlite:///{folder}/nps.sqlite3"
        assert postgres is not None
        with making:
            postgres.create(f"matrix{number}", template)
        return postgres.url(f"matrix{number}")

    def run(case: Case) -> Arrived:
        with making:
            number = next(numbers)
        folder = tmp_path_factory.mktemp(f"case{number}", numbered=False)
        with smtp_server.running() as smtp:
            url = database(case, folder, number)
            with (
                making
            ):  # threads in `ast`, by which routes are built, break CPython 3.11's count of its depth: gh-106905
                way = Way(case, house, folder, url, smtp)
            try:
                row = way.go()
            finally:
                way.close()
            return Arrived([str(taken.message["Message-ID"]) for taken in smtp.taken], row)

    with ThreadPoolExecutor(AT_ONCE) as pool, pytest.MonkeyPatch.context() as patch:
        # The nudges of this process too are forgotten as soon as those of the house.
        patch.setattr(queue, "FAILURE_TTL_S", FAILURE_TTL_S)
        try:
            asked = [item.callspec.params["case"] for item in request.session.items if _has_case(item)]
            yield {case: pool.submit(run, case) for case in asked}
        finally:
            pool.shutdown(cancel_futures=True)
            house.close()


def test_every_two_of_point_victim_fault_and_database_meet() -> None:
    assert len(CASES) <= 60
    factors = (OWN_POINTS + SERVER_POINTS, VICTIMS, REDIS_FAULTS, ENGINES)
    rows = [(case.point, case.victim, case.redis, case.engine) for case in CASES if case.victim != "sweeper"]
    for one, other in combinations(range(len(factors)), 2):
        assert {(row[one], row[other]) for row in rows} == set(product(factors[one], factors[other]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_letter_arrives(case: Case, outcomes: dict[Case, Future[Arrived]]) -> None:
    arrived = outcomes[case].result()
    assert arrived.row.state == "sent"
    assert set(arrived.message_ids) == {f"<{arrived.row.message_id}>"}
    if len(arrived.message_ids) > 1:
        assert case.point in AFTER_PHASE_DATA and arrived.row.doubts > 0
    assert len(arrived.message_ids) <= 2
