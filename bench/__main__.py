"""`python -m bench [--rounds N] [--small]`: measures, prints ratios, and ends with 1 when one is over its bound."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import claims, escalations, loads, pages
from bench.data import Base, filled
from tests import postgres_server

CORE_BOUND, GROWTH_BOUND = 3.0, 2.0
#: The press that escalates with Redis and the mail server hanging, against both at work.
BROKEN_BOUND = 1.2
#: A whole load against openpyxl's mere reading, PostgreSQL against SQLite, ten times the rows against the rows.
LOAD_BOUND, LOAD_ENGINE_BOUND, LOAD_GROWTH_BOUND = 1.0, 1.5, 13.0
LOAD_BOUND_FROM = 100_000
#: Peak memory of ten times the rows: sixteen bytes of each row are remembered twice, to know its duplicates by.
LOAD_MEMORY_BOUND = 1.25


def main() -> int:
    """Run all benchmarks on both engines."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="measured calls of each kind")
    parser.add_argument("--small", action="store_true", help="1,000 / 10,000 clients instead of 10,000 / 1,000,000")
    parser.add_argument("--only", choices=("claims", "escalations", "pages", "loads"), help="this benchmark alone")
    options = parser.parse_args()
    sizes = (1_000, 10_000) if options.small else (10_000, 1_000_000)
    page_size = 10_000 if options.small else 100_000
    failed = []
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder, postgres_server.running() as server:
        for engine in ("sqlite", "postgres"):
            databases = _databases(Path(folder), server, engine)
            if options.only in (None, "claims"):
                failed += _claims(databases, engine, sizes, options.rounds)
            if options.only in (None, "escalations"):
                failed += _press(databases, engine, min(options.rounds, 100), Path(folder))
            if options.only in (None, "pages"):
                failed += _page(databases, engine, page_size, min(options.rounds, 100), Path(folder))
        if options.only in (None, "loads"):
            failed += _loads(Path(folder), server, (1_000, 10_000) if options.small else (10_000, 100_000))
    for bound in failed:
        print(f"OVER ITS BOUND: {bound}", file=sys.stderr)
    return 1 if failed else 0


class _databases:
    """Makes filled databases of one engine."""

    def __init__(self, folder: Path, server: postgres_server.PostgresServer, engine: str) -> None:
        self.folder, self.server, self.engine = folder, server, engine

    @contextlib.contextmanager
    def of(self, clients: int, name: str) -> Iterator[Base]:
        data = self.folder / f"{self.engine}-{name}-{clients}"
        data.mkdir()
        url = f"sqlite:///{data}/nps.sqlite3"
        if self.engine == "postgres":
            self.server.execute(f"CREATE DATABASE {name}{clients}")
            url = self.server.url(f"{name}{clients}")
        with filled(data, url, self.engine, clients) as base:
            yield base


def _claims(databases: _databases, engine: str, sizes: tuple[int, int], rounds: int) -> list[str]:
    failed, by_size = [], []
    for clients in sizes:
        with databases.of(clients, "claims") as base:
            driver = claims.per_call_us(base, claims.driver_claim(base), rounds)
            core = claims.per_call_us(base, claims.core_claim(base), rounds)
            service = claims.per_call_us(base, claims.service_claim(base), rounds)
        ratio = core / driver
        by_size.append(core)
        print(
            f"{engine:9} {clients:>9,} clients: claim + commit by driver {driver:7.0f} us, by Core {core:7.0f} us "
            f"= {ratio:.2f} x (bound {CORE_BOUND:g}); whole service {service:7.0f} us",
            flush=True,
        )
        if ratio > CORE_BOUND:
            failed.append(f"{engine} Core / driver at {clients}: {ratio:.2f}")
    growth = by_size[1] / by_size[0]
    print(f"{engine:9} {sizes[1]:,} clients / {sizes[0]:,}: {growth:.2f} x (bound {GROWTH_BOUND:g})", flush=True)
    if growth > GROWTH_BOUND:
        failed.append(f"{engine} growth: {growth:.2f}")
    return failed


def _page(databases: _databases, engine: str, clients: int, rounds: int, folder: Path) -> list[str]:
    with databases.of(clients, "pages") as base:
        typical, worst = pages.next_client_ms(base, folder / f"web-{engine}", rounds)
    faster = pages.QUEXS_MS / typical
    print(
        f"{engine:9} {clients:>9,} clients: page with the next client p50 {typical:.1f} ms, p99 {worst:.1f} ms; "
        f"queXS at 100,000: "
        f"{pages.QUEXS_MS} ms = {faster:.0f} x (a figure of another day)",
        flush=True,
    )
    return []


def _press(databases: _databases, engine: str, rounds: int, folder: Path) -> list[str]:
    with databases.of(100, "press") as base:
        at_work, broken = escalations.press_ms(base, folder / f"press-{engine}", rounds)
    ratio = broken / at_work
    print(
        f"{engine:9} POST that escalates: {at_work:.1f} ms, with Redis and the mail server hanging {broken:.1f} ms "
        f"= {ratio:.2f} x (bound {BROKEN_BOUND:g})",
        flush=True,
    )
    return [f"{engine} broken / at work: {ratio:.2f}"] if ratio > BROKEN_BOUND else []


def _loads(folder: Path, server: postgres_server.PostgresServer, sizes: tuple[int, int]) -> list[str]:
    """Three loads of each size and engine, the engines by turns; the quickest counts, since others only add to it."""
    best: dict[tuple[str, int], loads.Figures] = {}
    reading: dict[int, float] = {}
    for rows in sizes:
        file = folder / f"base-{rows}.xlsx"
        loads.write_base(file, rows)
        for turn in range(3):
            reading[rows] = min(reading.get(rows, float("inf")), loads.openpyxl_s(file))
            for engine in ("sqlite", "postgres"):
                name = f"load_{rows}_{turn}"
                data = folder / f"{engine}-{name}"
                data.mkdir()
                url = f"sqlite:///{data}/nps.sqlite3"
                if engine == "postgres":
                    server.execute(f"CREATE DATABASE {name}")
                    url = server.url(name)
                figures = loads.load(file, url, data)
                best[engine, rows] = min(best.get((engine, rows), figures), figures, key=lambda one: one.total)
    many = sizes[1]
    failed = [bound for engine in ("sqlite", "postgres") for bound in _growth(best, engine, reading, sizes)]
    whole = best["sqlite", many].total / reading[many]
    engines = best["postgres", many].total / best["sqlite", many].total
    print(
        f"sqlite    whole load / openpyxl's reading: {whole:.2f} x (bound {LOAD_BOUND:g}); "
        f"postgres / sqlite: {engines:.2f} x (bound {LOAD_ENGINE_BOUND:g}); queXS at 100,000: "
        f"{loads.QUEXS_S} s, with its look for duplicates about {loads.QUEXS_DUPLICATES_S} s (figures of another day)",
        flush=True,
    )
    # A few thousand rows are read before the readers' own start is paid for.
    if many >= LOAD_BOUND_FROM and whole > LOAD_BOUND:
        failed.append(f"load / openpyxl's reading: {whole:.2f}")
    if engines > LOAD_ENGINE_BOUND:
        failed.append(f"load on postgres / sqlite: {engines:.2f}")
    return failed


def _growth(
    best: dict[tuple[str, int], loads.Figures], engine: str, reading: dict[int, float], sizes: tuple[int, int]
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
        f"{engine:9} {sizes[1]:,} rows / {sizes[0]:,}: time {time:.2f} x (bound {LOAD_GROWTH_BOUND:g}), "
        f"memory {memory:.2f} x (bound {LOAD_MEMORY_BOUND:g})",
        flush=True,
    )
    failed = [f"{engine} growth of a load: {time:.2f}"] if time > LOAD_GROWTH_BOUND else []
    return failed + ([f"{engine} memory of a load: {memory:.2f}"] if memory > LOAD_MEMORY_BOUND else [])


if __name__ == "__main__":
    sys.exit(main())
