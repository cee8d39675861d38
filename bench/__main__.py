"""`python -m bench [NAME] [--small]`: measures, prints ratios, and ends with 1 when one is over its bound."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import claims, escalations, forecast, loads, locks, moving, operators, pages, reports, workbook
from bench.data import Base, filled
from tests import postgres_server

CORE_BOUND, GROWTH_BOUND = 3.0, 2.0
#: The press that escalates with Redis and the mail server hanging, against both at work.
BROKEN_BOUND = 1.2
#: Each can be asked for alone; operators, who take their minutes, only so.
BENCHMARKS = ("claims", "locks", "escalations", "pages", "loads", "reports", "workbook", "forecast", "move")


def main() -> int:
    """Run the benchmarks, those of the database on both engines."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=(*BENCHMARKS, "operators"), help="this benchmark alone")
    parser.add_argument("--rounds", type=int, default=300, help="measured calls of each kind")
    parser.add_argument("--small", action="store_true", help="a hundredth of the clients, a tenth of calls and rows")
    parser.add_argument("--only", choices=BENCHMARKS, help="the same")
    parser.add_argument("--plans", action="store_true", help="print how each figure of a report is found")
    parser.add_argument("--clients", type=int, help="move: so many instead, once")
    parser.add_argument("--minutes", type=float, default=2, help="operators: how long each load runs")
    options = parser.parse_args()
    only = options.name or options.only
    wanted = (only,) if only else BENCHMARKS
    failed = []
    # Whoever ends it early ends its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder, postgres_server.running() as server:
        for engine in ("sqlite", "postgres"):
            failed += _of_engine(_databases(Path(folder), server, engine), wanted, options, Path(folder))
        if "loads" in wanted:
            failed += loads.measure(Path(folder), server, (1_000, 10_000) if options.small else (10_000, 100_000))
        if "move" in wanted:
            sizes = (1_000, 10_000) if options.small else (10_000, 100_000)
            failed += moving.measure(Path(folder), server, (options.clients,) if options.clients else sizes)
    if "workbook" in wanted:
        failed += workbook.measure(10_000 if options.small else 100_000)
    if "forecast" in wanted:
        failed += forecast.measure(forecast.WAVES)
    for bound in failed:
        print(f"OVER ITS BOUND: {bound}", file=sys.stderr)
    return 1 if failed else 0


def _of_engine(databases: _databases, wanted: Sequence[str], options: argparse.Namespace, folder: Path) -> list[str]:
    failed = []
    engine, rounds = databases.engine, options.rounds
    if "claims" in wanted:
        sizes = (1_000, 10_000) if options.small else (10_000, 1_000_000)
        failed += _claims(databases, engine, sizes, rounds)
    if "locks" in wanted:
        with databases.of(1_000, "locks") as base:
            locks.measure(base, 500 if options.small else 5_000)
    if "escalations" in wanted:
        failed += _press(databases, engine, min(rounds, 100), folder)
    if "pages" in wanted:
        failed += _page(databases, engine, 10_000 if options.small else 100_000, min(rounds, 100), folder)
    if "operators" in wanted:
        for number, think_s, aim_ms in operators.LOADS:
            clients = 1_000 + int(number * options.minutes * 60 / think_s / 5)
            with databases.of(clients, f"operators{number}n") as base:
                web = folder / f"operators-{engine}-{number}"
                failed += operators.measure(base, web, number, think_s, aim_ms, options.minutes)
    if "reports" in wanted:
        calls = 100_000 if options.small else 1_000_000
        with databases.of(calls // reports.PER_CLIENT, "reports") as base:
            failed += reports.measure(base, options.plans)
    return failed


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


if __name__ == "__main__":
    sys.exit(main())
