"""Several machines, as docs/deployment.md has them: two web servers, two of each worker, two sweepers, one database.

A day's work goes through it: a base is loaded, six operators call everybody, questions reach the mailbox, promises are
reminded of, the customer takes his workbook. Nothing is doubled, nothing lost.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.config import NAMES, PROJECT_ROOT
from nps.models import Appointment, CallingWindow, Campaign, Contract, Escalation, Outbox, Reminder, Respondent, User
from tests import factories, live, redis_server, smtp_server
from tests.conftest import ENGINES
from tests.faults.load import Floor
from tests.faults.test_older_redis import promise
from tests.redis_server import LEASH
from tests.services.loading import HEADER, Loader, workbook
from tests.smtp_server import FaultyServer

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)
CLIENTS, OPERATORS, PATIENCE_S = 40, 6, 120
TOKEN = "0123456789abcdef01234567"


class Machines:
    """What runs: addresses of the two web servers, and the mailbox."""

    def __init__(self, addresses: list[str], smtp: FaultyServer) -> None:
        self.addresses, self.smtp = addresses, smtp


@pytest.fixture
def machines(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Machines]:
    folder, data = tmp_path / "queue", Path(app.config["DATA_FOLDER"])
    folder.mkdir(mode=0o700)
    with ExitStack() as stack:
        url = stack.enter_context(redis_server.running(folder))
        smtp = stack.enter_context(smtp_server.running())
        queue.connect(url)
        environ = {
            "REDIS_URL": url,
            "SECRET_KEY": app.config["SECRET_KEY"],
            "MAIL_SERVER": smtp.host,
            "MAIL_PORT": str(smtp.port),
            "MAIL_DEFAULT_SENDER": "opros@example.ru",
            "MONITOR_TOKEN": TOKEN,
        }
        stack.enter_context(runners({"NPS_DATA": str(data), "DATABASE_URL": database_url, **environ}))
        addresses = [stack.enter_context(live.web_server(data, database_url, **environ)) for _ in range(2)]
        yield Machines(addresses, smtp)


@contextmanager
def runners(environ: dict[str, str]) -> Iterator[None]:
    """Two of each working process, as a service manager starts them."""
    full = {**os.environ, **dict.fromkeys(NAMES, ""), **environ}
    with ExitStack() as stack:
        processes = []
        for name in ("letters", "bulk", "sweeper") * 2:
            command = (*LEASH, sys.executable, "-X", "utf8", "-m", "nps.runner", name)
            process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT_ROOT, env=full)
            processes.append(stack.enter_context(process))
        yield
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def until(condition: Callable[[], object], what: str) -> None:
    """Return when it holds; it is asked again every tenth of a second, since other processes bring it about."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 10):
        if condition():
            return
        pause.wait(0.1)
    pytest.fail(f"{what}: not within {PATIENCE_S} s")


def open_survey(session: Session) -> tuple[Campaign, str]:
    """A survey that calls at this very hour, and a branch whose clients' clocks are not near midnight."""
    now = datetime.now(UTC)
    month = timedelta(days=30)
    campaign = factories.campaign(session, windows=False, starts_on=(now - month).date(), ends_on=(now + month).date())
    session.get_one(Contract, campaign.contract_id).budget_s = 10**7
    # In the last minutes before midnight nobody is called.
    region, branch = ("tatarstan", "Казань") if now.hour == 19 else ("udmurtia", "Ижевск")
    for weekday in range(7):
        window = CallingWindow(
            campaign_id=campaign.id, region_code=region, weekday=weekday, opens=time(0), closes=time(23, 59)
        )
        session.add(window)
    session.commit()
    return campaign, branch


def load(session: Session, campaign: Campaign, branch: str) -> None:
    """A base of CLIENTS rows, worked on by whichever worker takes each step."""
    manager = factories.user(session, "manager")
    loader = Loader(session, campaign, manager)
    loader.now = datetime.now(UTC)
    rows = [
        (branch, "", f"ООО «Кабель-{n}»", f"Клиент {n}", f"8 (341) 2{n // 100:02d}-{n % 100:02d}-32", "")
        for n in range(CLIENTS)
    ]
    load_id = loader.upload(workbook(*rows, header=HEADER))
    queue.enqueue(queue.BULK, "nps.jobs.sample.check", load_id)
    until(lambda: loader.load(load_id).state == "understood", "the base is read")
    assert loader.confirm(load_id)
    until(lambda: loader.load(load_id).state == "checked", "the base is checked")
    loader.ask_to_publish(load_id)
    until(lambda: loader.load(load_id).state == "published", "the base is loaded")
    assert loader.counts(load_id) == {"accepted": CLIENTS}


def health(address: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"{address}/health", headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_days_work_through_two_of_everything(
    machines: Machines, session: Session, record_property: Callable[[str, object], None]
) -> None:
    campaign, branch = open_survey(session)
    campaign_id = campaign.id
    logins = [factories.member(session, campaign).login for _ in range(OPERATORS)]
    owner = session.scalars(select(User).where(User.login == logins[0])).one()
    load(session, campaign, branch)
    session.rollback()

    for address in machines.addresses:
        until(lambda address=address: health(address)[0] == 200, "everything works")
        assert b'"bulk":2,"letters":2' in health(address)[1].replace(b" ", b"").replace(b"\n", b"")

    floor = Floor(machines.addresses, campaign_id, logins, escalating=True)
    floor.drain()
    floor.nothing_is_lost_or_doubled(session)
    assert session.scalars(select(Respondent.state).distinct()).all() == ["surveyed"]
    assert len(floor.finished) == CLIENTS

    promise(session, session.get_one(Campaign, campaign_id), session.get_one(User, owner.id))
    session.rollback()
    until(lambda: states(session) == {"sent": len(floor.questions)}, "every letter is sent")
    until(lambda: count(session, Reminder), "the promise is reminded of")
    assert count(session, Escalation) == len(floor.questions) > 0
    taken = [letter.message["Message-ID"] for letter in machines.smtp.taken]
    assert len(set(taken)) == len(taken) == len(floor.questions)

    # One session is good at both servers; both give the same workbook.
    manager = factories.user(session, "manager").login
    rows = [workbook_rows(machines.addresses, address, manager, campaign_id) for address in machines.addresses]
    assert rows[0] == rows[1] and len(rows[0]) == CLIENTS + 1
    # What came up meanwhile came up once.
    session.rollback()
    reminded = session.execute(select(Reminder.user_id, Reminder.kind, Reminder.subject)).all()
    assert len(set(reminded)) == len(reminded)
    assert session.scalar(select(func.count()).select_from(Appointment)) == 1
    record_property("calls through two web servers", len(floor.finished))
    record_property("letters through two workers", len(taken))


def states(session: Session) -> dict[str, int]:
    session.rollback()
    found = Counter(session.scalars(select(Outbox.state)).all())
    session.rollback()
    return dict(found)


def count(session: Session, table: type) -> int:
    session.rollback()
    found = session.execute(select(func.count()).select_from(table)).scalar_one()
    session.rollback()
    return found


def workbook_rows(addresses: list[str], address: str, login: str, campaign_id: int) -> list[tuple[object, ...]]:
    """The sheet of answers from this server, for somebody who has logged in at the first one."""
    person = live.Person(addresses[0])
    person.log_in(login, factories.PASSWORD)
    # Cookies know no ports: this is one browser whom the balancer leads to another server.
    book = openpyxl.load_workbook(BytesIO(person.download(f"{address}/campaigns/{campaign_id}/report.xlsx")))
    return [tuple(row) for row in book["Анкета"].iter_rows(values_only=True)]
