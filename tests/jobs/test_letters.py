"""From the operator's press to the mailbox: a real worker process, a real Redis, a real mail server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.config import NAMES, PROJECT_ROOT
from nps.domain.actor import Actor
from nps.jobs.sweeper import sweep_once
from nps.models import Outbox
from nps.services import escalations
from tests import factories, redis_server, smtp_server
from tests.redis_server import LEASH
from tests.smtp_server import FaultyServer

HEADINGS = [
    "Наименование организации",
    "ИНН",
    "ФИО контактного лица",
    "Телефон",
    "Электронная почта (при наличии)",
    "Обращение",
]
FIELDS = {
    "organisation": "ООО «Ромашка & Ко» <b>",
    "inn": "5973022713",
    "contact": "Кузнецова Светлана Ильинична",
    "phone": "+7 917 000-75-53",
    "email": "",
    "text": "Есть ли кабель?\nИ какая цена?",
}


class Cells(HTMLParser):
    """The rows of the table whose first cell is the first heading."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td") and self.rows:
            self.rows[-1].append("")
            self._cell = True
        if tag == "br" and self._cell:
            self.rows[-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data

    def under(self, headings: list[str]) -> list[str]:
        at = self.rows.index(headings)
        return [cell.replace("\xa0", "") for cell in self.rows[at + 1]]


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "queue"
    folder.mkdir(mode=0o700)
    with redis_server.running(folder) as url:
        queue.connect(url)
        yield url


@contextmanager
def worker(data: Path, database_url: str, redis_url: str, smtp: FaultyServer) -> Iterator[None]:
    """The letters' worker as the supervisor runs it; leaving the block waits until it has finished what it began."""
    environ = {
        **os.environ,
        **dict.fromkeys(NAMES, ""),
        "NPS_DATA": str(data),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MAIL_SERVER": smtp.host,
        "MAIL_PORT": str(smtp.port),
        "MAIL_DEFAULT_SENDER": "Опрос клиентов <opros@example.ru>",
        "PUBLIC_URL": "https://nps.example.ru",
    }
    command = (*LEASH, sys.executable, "-X", "utf8", "-m", "nps.runner", "letters")
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT_ROOT, env=environ) as process:
        yield
        process.terminate()
        process.wait(30)


def escalate(session: Session) -> int:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    call = factories.attempt(session, factories.respondent(session, campaign), operator, None)
    return escalations.raise_escalation(
        session,
        Actor(operator.id, "operator", operator.full_name),
        attempt_id=call.id,
        fields=FIELDS,
        now=datetime.now(UTC),
    )


def letter(session: Session) -> Outbox:
    session.rollback()
    return session.scalars(select(Outbox)).one()


def test_an_escalation_reaches_the_mailbox_once_with_the_exact_columns(
    session: Session, tmp_path: Path, database_url: str, redis_url: str, smtp: FaultyServer
) -> None:
    number = escalate(session)
    with worker(tmp_path / "data", database_url, redis_url, smtp):
        assert smtp.wait_for(1)
        queue.enqueue(queue.LETTERS, "nps.jobs.letters.send", letter(session).id)
        sweep_once(datetime.now(UTC))
    (taken,) = smtp.taken
    assert taken.recipients == ("k.service@u-energo.ru",)
    message = taken.message
    assert message["Subject"] == f"Обращение № {number}: ООО «Ромашка & Ко» <b>"
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None and text is not None
    assert Cells(html.get_content()).under(HEADINGS) == list(FIELDS.values())
    assert [file.get_filename() for file in message.iter_attachments()] == [f"obraschenie_{number}.xlsx"]
    assert f"https://nps.example.ru/escalations/{number}" in text.get_content()
    found = letter(session)
    assert (found.state, found.server_said) == ("sent", "250 queued as 1")
    assert message["Message-ID"] == f"<{found.message_id}>" and found.message_id.endswith("@example.ru")


def test_nudges_that_were_lost_are_given_again_by_the_sweep(
    session: Session, tmp_path: Path, database_url: str, redis_url: str, smtp: FaultyServer
) -> None:
    escalate(session)
    with Redis.from_url(redis_url) as client:
        client.flushall()
    assert sweep_once(datetime.now(UTC)) == 1
    session.rollback()
    with worker(tmp_path / "data", database_url, redis_url, smtp):
        assert smtp.wait_for(1)
    assert letter(session).state == "sent"
    assert len(smtp.taken) == 1


def test_without_redis_the_operators_press_succeeds_and_the_letter_waits(session: Session, tmp_path: Path) -> None:
    queue.connect(f"unix://{tmp_path}/nobody.sock")
    escalate(session)
    assert letter(session).state == "waiting"
    assert sweep_once(datetime.now(UTC)) == 0
