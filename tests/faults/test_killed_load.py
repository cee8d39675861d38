"""Workers that load bases at the same time, and one that is killed while it checks: nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import Campaign, ImportRow, Respondent, RespondentPhone
from nps.services import sample
from tests import factories
from tests.live import ROOT
from tests.services.loading import Loader

ROWS = 12_000
PATIENCE_S = 120
WORKER = """
import sys
from datetime import UTC, datetime
from nps.app import create_app
from nps.config import Settings
from nps.extensions import db
from nps.services import sample

settings = {"NPS_DATA": sys.argv[1], "DATABASE_URL": sys.argv[2], "REDIS_URL": f"unix://{sys.argv[1]}/no-redis.sock"}
with create_app(Settings.from_env(settings)).app_context():
    sample.work(db.session(), int(sys.argv[3]), lambda: datetime.now(UTC))
"""


def base(first: int = 0, rows: int = ROWS) -> bytes:
    lines = ["ОП;ИНН;Организация;Контактное лицо;Телефон"]
    lines += [f"Уфа;;ООО «Клиент-{n}»;Иванов Пётр Ильич;+79{n:09d}" for n in range(first, first + rows)]
    return "\r\n".join(lines).encode("cp1251")


def start_worker(app: Flask, database_url: str, load_id: int) -> subprocess.Popen[bytes]:
    arguments = [str(app.config["DATA_FOLDER"]), database_url, str(load_id)]
    return subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=ROOT)


@pytest.fixture
def loader(session: Session) -> Loader:
    loader = Loader(session, factories.campaign(session), factories.user(session, "manager"))
    loader.now = datetime.now(UTC)
    return loader


def test_a_worker_killed_in_the_middle_of_a_base_is_followed_by_another(
    loader: Loader, session: Session, app: Flask, database_url: str
) -> None:
    load_id = loader.understand(base())
    loader.confirm(load_id)
    worker = start_worker(app, database_url, load_id)
    try:
        until = time.monotonic() + PATIENCE_S
        while not loader.load(load_id).rows_done:
            assert worker.poll() is None and time.monotonic() < until
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
    half = session.execute(select(func.count()).select_from(ImportRow)).scalar_one()
    session.rollback()
    assert 0 < half < ROWS
    assert loader.load(load_id).state == "checking"

    # Dead, it holds nobody off.
    assert sample.waiting_imports(session) == [load_id]
    loader.now = datetime.now(UTC)
    assert loader.work(load_id) == "checked"
    assert loader.counts(load_id) == {"accepted": ROWS}
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"
    assert session.execute(select(func.count()).select_from(Respondent)).scalar_one() == ROWS


def test_two_managers_load_overlapping_bases_at_once(
    loader: Loader, session: Session, app: Flask, database_url: str
) -> None:
    rows = ROWS // 4
    colleague = Loader(session, session.get_one(Campaign, loader.campaign_id), factories.user(session, "manager"))
    colleague.now = loader.now
    bases = [(loader, base(0, rows)), (colleague, base(rows // 2, rows))]
    loads = [(person, person.understand(content)) for person, content in bases]
    for person, load_id in loads:
        person.confirm(load_id)

    def work_at_once() -> None:
        workers = [start_worker(app, database_url, load_id) for _, load_id in loads]
        try:
            assert [worker.wait(PATIENCE_S) for worker in workers] == [0, 0]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()

    work_at_once()
    assert [person.load(load_id).state for person, load_id in loads] == ["checked", "checked"]
    for person, load_id in loads:
        person.ask_to_publish(load_id)
    work_at_once()

    # Whoever came second is shown the base as it is now, and adds what is left of his own.
    states = {person.load(load_id).state: (person, load_id) for person, load_id in loads}
    assert states.keys() == {"published", "checked"}
    person, load_id = states["checked"]
    assert person.counts(load_id) == {"accepted": rows // 2, "duplicate": rows // 2}
    person.ask_to_publish(load_id)
    work_at_once()
    assert person.load(load_id).state == "published"
    phones = session.scalars(select(RespondentPhone.e164)).all()
    assert len(phones) == len(set(phones)) == rows * 3 // 2
