"""A worker is killed while it checks a base: nothing of it counts, and the next worker starts anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import ImportRow, Respondent
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


def base() -> bytes:
    lines = ["ОП;ИНН;Организация;Контактное лицо;Телефон"]
    lines += [f"Уфа;;ООО «Клиент-{n}»;Иванов Пётр Ильич;+79{n:09d}" for n in range(ROWS)]
    return "\r\n".join(lines).encode("cp1251")


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
    arguments = [str(app.config["DATA_FOLDER"]), database_url, str(load_id)]
    worker = subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=ROOT)
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

    # Its lease holds others off until it has lapsed.
    assert sample.waiting_imports(session, datetime.now(UTC)) == []
    loader.now = datetime.now(UTC) + timedelta(minutes=5)
    assert loader.work(load_id) == "checked"
    assert loader.counts(load_id) == {"accepted": ROWS}
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"
    assert session.execute(select(func.count()).select_from(Respondent)).scalar_one() == ROWS
