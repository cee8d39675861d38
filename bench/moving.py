"""A base of many clients with calls from SQLite to PostgreSQL and back, by the commands an administrator types.

Each command is a process of its own: so it has a peak of memory of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import reports
from bench.data import filled
from nps.config import PROJECT_ROOT
from nps.extensions import db
from tests import postgres_server

#: Ten times the clients against the clients: seconds of a restore, and its peak of memory.
GROWTH_BOUND, MEMORY_BOUND = 13.0, 1.25


@dataclass(frozen=True)
class Figures:
    """One command: seconds, its peak of memory in MiB, and its answer."""

    seconds: float
    peak: int
    answer: dict[str, object]


def measure(folder: Path, server: postgres_server.PostgresServer, sizes: tuple[int, ...]) -> list[str]:
    """There and back with each number of clients. Returns what is over its bound, or did not come back the same."""
    failed: list[str] = []
    restores: list[tuple[Figures, Figures]] = []
    for clients in sizes:
        there, back = _there_and_back(folder, server, clients)
        restores.append((there, back))
        sums = [{**one.answer["sums"], "journal": ""} for one in (there, back)]  # type: ignore[dict-item]
        if sums[0] != sums[1]:
            failed.append(f"sums of {clients:,} clients there and back")
    for n, way in enumerate(("to postgres", "to sqlite")):
        for few, many in zip(restores, restores[1:], strict=False):
            slower, larger = many[n].seconds / few[n].seconds, many[n].peak / few[n].peak
            print(f"{way}: ten times the clients: time {slower:.2f} x (bound {GROWTH_BOUND:g}), "
                  f"memory {larger:.2f} x (bound {MEMORY_BOUND:g})", flush=True)  # fmt: skip
            failed += [f"{way} growth: {slower:.2f}"] if slower > GROWTH_BOUND else []
            failed += [f"{way} memory: {larger:.2f}"] if larger > MEMORY_BOUND else []
    return failed


def _there_and_back(folder: Path, server: postgres_server.PostgresServer, clients: int) -> tuple[Figures, Figures]:
    place, name = folder / f"move-{clients}", f"move{clients}"
    with filled(place / "old", f"sqlite:///{place}/old/nps.sqlite3", "sqlite", clients) as base:
        reports.fill(db.session(), base)
    server.execute(f"CREATE DATABASE {name}")
    urls = [f"sqlite:///{place}/old/nps.sqlite3", server.url(name), f"sqlite:///{place}/new/nps.sqlite3"]
    (place / "new").mkdir()
    found = []
    for n, way in enumerate(("sqlite to postgres", "postgres to sqlite")):
        copy = place / f"copy{n}.tar.gz"
        made = _command(place / f"data{n}", urls[n], "backup", str(copy))
        restored = _command(place / f"data{n + 1}", urls[n + 1], "restore", str(copy), "--yes")
        rows = sum(restored.answer["rows"].values())  # type: ignore[attr-defined]
        print(
            f"{way:20} {clients:>9,} clients, {rows:,} rows: copy {made.seconds:.1f} s, peak {made.peak} MiB; "
            f"restore {restored.seconds:.1f} s, peak {restored.peak} MiB",
            flush=True,
        )
        copy.unlink()
        found.append(restored)
    return found[0], found[1]


def _command(data: Path, url: str, *words: str) -> Figures:
    data.mkdir(exist_ok=True)
    environ = {**os.environ, "NPS_DATA": str(data), "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}
    started, peak = time.perf_counter(), 0
    command = [sys.executable, "-X", "utf8", "-m", "flask", "nps", *words, "--json"]
    with (data / "said.json").open("w+b") as said:
        with subprocess.Popen(command, cwd=PROJECT_ROOT, env=environ, stdout=said) as process:
            while process.poll() is None:
                peak = max(peak, _high_water(process.pid))
                time.sleep(0.1)
        said.seek(0)
        answer = json.load(said)
    assert process.returncode == 0, answer
    return Figures(time.perf_counter() - started, peak, answer)


def _high_water(pid: int) -> int:
    """The peak of memory of a running process in MiB. Its usage at the end would begin with that of its parent."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))
