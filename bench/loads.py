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
from typing import Any

import openpyxl
from flask_migrate import upgrade
from stdnum.ru import inn

from nps.domain.sample import Decision
from nps.extensions import db
from nps.queries import sample as queries
from nps.services import sample
from tests import factories, postgres_server
from tests.conftest import make_app

#: Measured once on this kind of machine with the same columns (CSV, its own form): without and with its look for
#: duplicates, the latter extrapolated from 20,000 rows.
QUEXS_S, QUEXS_DUPLICATES_S = 58.8, 75 * 60

#: A whole load against openpyxl's mere reading, PostgreSQL against SQLite, ten times the rows against the rows.
BOUND, ENGINE_BOUND, GROWTH_BOUND = 0.9, 1.5, 13.0
BOUND_FROM = 100_000
#: Peak memory of ten times the rows: sixteen bytes of each row are remembered twice, to know its duplicates by.
MEMORY_BOUND = 1.25

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


def measure(folder: Path, server: postgres_server.PostgresServer, sizes: tuple[int, int]) -> list[str]:
    """Three loads of each size and engine, the engines by turns; the quickest counts, since others only add to it.

    Returns what is over its bound.
    """
    best: dict[tuple[str, int], Figures] = {}
    reading: dict[int, float] = {}
    for rows in sizes:
        file = folder / f"base-{rows}.xlsx"
        write_base(file, rows)
        for turn in range(3):
            reading[rows] = min(reading.get(rows, float("inf")), openpyxl_s(file))
            for engine in ("sqlite", "postgres"):
                name = f"load_{rows}_{turn}"
                data = folder / f"{engine}-{name}"
                data.mkdir()
                url = f"sqlite:///{data}/nps.sqlite3"
                if engine == "postgres":
                    server.execute(f"CREATE DATABASE {name}")
                    url = server.url(name)
                figures = load(file, url, data)
                best[engine, rows] = min(best.get((engine, rows), figures), figures, key=lambda one: one.total)
    many = sizes[1]
    failed = [bound for engine in ("sqlite", "postgres") for bound in _growth(best, engine, reading, sizes)]
    whole = best["sqlite", many].total / reading[many]
    engines = best["postgres", many].total / best["sqlite", many].total
    print(
        f"sqlite    whole load / openpyxl's reading: {whole:.2f} x (bound {BOUND:g}); "
        f"postgres / sqlite: {engines:.2f} x (bound {ENGINE_BOUND:g}); queXS at 100,000: "
        f"{QUEXS_S} s, with its look for duplicates about {QUEXS_DUPLICATES_S} s (figures of another day)",
        flush=True,
    )
    # A few thousand rows are read before the readers' own start is paid for.
    if many >= BOUND_FROM and whole > BOUND:
        failed.append(f"load / openpyxl's reading: {whole:.2f}")
    if engines > ENGINE_BOUND:
        failed.append(f"load on postgres / sqlite: {engines:.2f}")
    return failed


def _growth(
    best: dict[tuple[str, int], Figures], engine: str, reading: dict[int, float], sizes: tuple[int, int]
) -> list[str]:
    """Print the loads of one engine, and what is over its bound when there are ten times the rows."""
    for rows in sizes:
        one = best[engine, rows]
        slower = one.total / reading[rows]
        print(
            f"{engine:9} {rows:>9,} rows: read {one.read:.2f} s, check {one.check:.2f}, add {one.publish:.2f} = "
            f"{one.total:.2f} s, {one.clients:,} clients; openpyxl's reading {reading[rows]:.2f} s "
            f"({slower:.2f} x); peak {one.peak} MiB",
            flush=True,
        )
    few, many = (best[engine, rows] for rows in sizes)
    time, memory = many.total / few.total, many.peak / few.peak
    print(
        f"{engine:9} {sizes[1]:,} rows / {sizes[0]:,}: time {time:.2f} x (bound {GROWTH_BOUND:g}), "
        f"memory {memory:.2f} x (bound {MEMORY_BOUND:g})",
        flush=True,
    )
    failed = [f"{engine} growth of a load: {time:.2f}"] if time > GROWTH_BOUND else []
    return failed + ([f"{engine} memory of a load: {memory:.2f}"] if memory > MEMORY_BOUND else [])


def _main(file: Path, url: str, folder: Path) -> None:
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        session = db.session()
        campaign_id = factories.campaign(session).id
        user_id = factories.user(session, "manager").id
        who: dict[str, Any] = {"campaign_id": campaign_id, "user_id": user_id, "now": datetime.now(UTC)}
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
        columns = found.understood.header.columns
        which: dict[str, Any] = {"campaign_id": campaign_id, "import_id": load_id}
        sample.confirm(session, columns=columns, decisions=decisions, **which)
        work(load_id, "checked", started)
        started = time.perf_counter()
        sample.publish(session, **which)
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
