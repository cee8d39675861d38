"""A base of many rows from the upload to the clients, duplicates looked for and the receipt kept.

Beside it what openpyxl needs only to read the same file. `python -m bench.loads FILE URL FOLDER` is one load in a
process of its own, which prints its figures as JSON: so each has a peak of memory of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
from flask_migrate import upgrade
from stdnum.ru import inn

from nps.domain.sample import Decision
from nps.extensions import db
from nps.queries import sample as queries
from nps.services import sample
from tests import factories
from tests.conftest import make_app

#: Measured once on this kind of machine with the same columns (CSV, its own form): without and with its look for
#: duplicates, the latter extrapolated from 20,000 rows.
QUEXS_S, QUEXS_DUPLICATES_S = 58.8, 75 * 60

_TITLES = ("№", "ОП", "ИНН", "Контрагент", "Контактное лицо", "Телефон", "e-mail", "Менеджер")
_CITIES = (("Ижевск", "18"), ("Казань", "16"), ("Уфа", "02"), ("Чебоксары", "21"), ("Пермь", "59"))


@dataclass(frozen=True)
class Figures:
    """One load: seconds of each step, and peak memory of the process that stages and adds, in MiB."""

    read: float
    check: float
    publish: float
    peak: int
    clients: int

    @property
    def total(self) -> float:
        """Seconds from the upload to the clients, without the person between."""
        return self.read + self.check + self.publish


def write_base(file: Path, rows: int) -> None:
    """A workbook as customers send it: one row in fifty has a letter in its number, one a KPP, one is repeated."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("База")
    sheet.append(_TITLES)
    for n in range(rows):
        city, region = _CITIES[n % len(_CITIES)]
        number = n - 1 if n % 50 == 2 else n
        taxpayer = f"{region if n == number else _CITIES[number % len(_CITIES)][1]}{number:07d}"
        taxpayer += inn.calc_company_check_digit(taxpayer)
        phone = f"+79{number:09d}"
        phone = phone.replace("0", "О", 1) if n % 50 == 3 else phone
        taxpayer = f"{taxpayer}/180001001" if n % 50 == 4 else taxpayer
        contact = f"Кузнецова Светлана {('Ильинична', 'Петровна')[number % 2]}"
        sheet.append((n + 1, city, taxpayer, f"ООО «Клиент-{number}»", contact, phone, f"z{n}@example.com", "Менеджер"))
    book.save(file)


def openpyxl_s(file: Path) -> float:
    """Seconds in which openpyxl reads the file and does nothing with it."""
    started = time.perf_counter()
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    for sheet in book.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    book.close()
    return time.perf_counter() - started


def load(file: Path, url: str, folder: Path) -> Figures:
    """One load into a fresh database, in a process of its own."""
    command = [sys.executable, "-m", "bench.loads", str(file), url, str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Figures(**json.loads(said.splitlines()[-1]))


def _main(file: Path, url: str, folder: Path) -> None:
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        session = db.session()
        campaign_id = factories.campaign(session).id
        user_id = factories.user(session, "manager").id
        who = {"campaign_id": campaign_id, "user_id": user_id, "now": datetime.now(UTC)}
        steps = []

        def work(load_id: int, state: str, started: float) -> None:
            sample.work(session, load_id, lambda: datetime.now(UTC))
            steps.append(time.perf_counter() - started)
            found = queries.load(session, campaign_id, load_id)
            assert found is not None and found.state == state, found

        started = time.perf_counter()
        with file.open("rb") as source:
            load_id = sample.upload(session, file_name=file.name, source=source, **who)
        work(load_id, "understood", started)
        found = queries.load(session, campaign_id, load_id)
        assert found is not None
        customer = session.scalars(queries.customer_id(campaign_id)).one()
        unknown = queries.unknown_branches(session, found, customer)
        decisions = {group.key: Decision(region=group.suggested).code for group in unknown}
        started = time.perf_counter()
        columns = found.understood["columns"]
        sample.confirm(session, import_id=load_id, columns=columns, decisions=decisions, **who)
        work(load_id, "checked", started)
        started = time.perf_counter()
        sample.publish(session, import_id=load_id, **who)
        work(load_id, "published", started)
        done = queries.load(session, campaign_id, load_id)
        assert done is not None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        seconds = dict(zip(("read", "check", "publish"), steps, strict=True))
        print(json.dumps(seconds | {"peak": peak, "clients": done.clients}))
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
