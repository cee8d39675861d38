"""The operator's press on «Передать специалисту» with everything behind it broken, against everything at work.

Broken: a Redis that is stopped and does not answer, a mail server that takes connections and says nothing. Both web
servers stand on one database and are pressed in turn, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from redis import Redis
from sqlalchemy import func, select

from bench.data import Base
from nps.config import PROJECT_ROOT
from nps.extensions import db
from nps.models import Outbox, Shift
from tests import factories, live, redis_server, smtp_server
from tests.redis_server import LEASH

_FIELDS = {
    "contact": "Кузнецова Светлана Ильинична",
    "phone": "+7 917 000-75-53",
    "email": "",
    "text": "Есть ли в Березниках кабель ВВГнг(А)-LS 3х2,5, 200 метров, и какая цена?",
}


def press_ms(base: Base, folder: Path, rounds: int) -> tuple[float, float]:
    """Median milliseconds of the POST that escalates: with all at work, and with Redis and the mail server hanging."""
    login, call = _call(base.clients + 1)
    url = db.engine.url.render_as_string(hide_password=False)
    db.session.remove()
    with (
        smtp_server.running() as mail,
        smtp_server.running() as black_hole,
        _redis(folder / "redis") as healthy,
        _redis(folder / "stopped") as stopped,
        contextlib.ExitStack() as stack,
    ):
        black_hole.always = "hang_banner"
        people = []
        for name, redis_url, server in (("at-work", healthy, mail), ("broken", stopped, black_hole)):
            environ = {
                "REDIS_URL": redis_url,
                "MAIL_SERVER": server.host,
                "MAIL_PORT": str(server.port),
                "MAIL_DEFAULT_SENDER": "opros@example.ru",
            }
            stack.enter_context(_worker(folder / name, url, environ))
            person = live.Person(stack.enter_context(live.web_server(folder / name, url, **environ)))
            person.log_in(login, factories.PASSWORD)
            people.append(person)
        stack.enter_context(_stopped(stopped))
        times: list[list[float]] = [[], []]
        for n in range(rounds + 5):
            # Each comes first in turn: the letter of the other is being sent then.
            for which in (0, 1) if n % 2 else (1, 0):
                milliseconds = _press(people[which], call)
                if n >= 5:
                    times[which].append(milliseconds)
        written = db.session.scalar(select(func.count()).select_from(Outbox))
        db.session.remove()
        if written != 2 * (rounds + 5) or not mail.wait_for(1):
            raise RuntimeError(f"{written} escalations of {2 * (rounds + 5)}, {len(mail.taken)} letters at work")
    return median(times[0]), median(times[1])


def _call(client_id: int) -> tuple[str, str]:
    """The login of an operator with a survey's call on the line, and the call."""
    session, now = db.session(), datetime.now(UTC)
    campaign = factories.campaign(session, starts_on=now.date(), ends_on=now.date())
    operator = factories.member(session, campaign)
    client = factories.respondent(session, campaign, id=client_id)
    call = factories.attempt(session, client, operator, None, at=now, answered_at=now)
    session.add(Shift(user_id=operator.id, campaign_id=campaign.id, spoken_name="Ольга", started_at=now))
    session.commit()
    return operator.login, str(call.id)


def _press(person: live.Person, call: str) -> float:
    person.get("/desk?panel=escalation")
    started = time.perf_counter()
    page = person.post(f"/desk/calls/{call}/escalate", **_FIELDS)
    took = time.perf_counter() - started
    if page.status != 200:
        raise RuntimeError(f"not escalated: {page.status} {page.text[:300]}")
    return took * 1000


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    folder.mkdir(mode=0o700, parents=True)
    with redis_server.running(folder) as url:
        yield url


@contextlib.contextmanager
def _stopped(redis_url: str) -> Iterator[None]:
    """Redis stops where it is: its lines stay open and nobody answers."""
    with Redis.from_url(redis_url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def _worker(data: Path, database_url: str, environ: dict[str, str]) -> Iterator[None]:
    """The letters' worker, ended without a word: the one at the black hole would be waited for."""
    data.mkdir(parents=True, exist_ok=True)
    command = (*LEASH, sys.executable, "-X", "utf8", "-m", "nps.runner", "letters")
    env = os.environ | environ | {"NPS_DATA": str(data), "DATABASE_URL": database_url}
    with (data / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=PROJECT_ROOT, env=env)
    with process:
        yield
