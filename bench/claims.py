"""The claim of the next client: SQLAlchemy Core against the driver alone.

And a million clients against ten thousand.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from bench.data import Base
from nps.extensions import BUSY_TIMEOUT_MS, db
from nps.models import Respondent
from nps.models.types import UtcDateTime
from nps.queries import call_queue as queries
from nps.queries import campaigns
from nps.services import call_queue
from nps.services.call_queue import Taken
from nps.services.transaction import lock_claims, write


def binds(base: Base, now: datetime) -> tuple[int, dict[str, Any]]:
    """How many regions are open, and the claim's parameters."""
    session = db.session()
    calendars = campaigns.calendars(session, campaigns.campaign_row(session, base.campaign_id))
    regions = queries.open_regions(calendars, now)
    values = {
        "operator": base.operator_id,
        "campaign": base.campaign_id,
        "customer": base.customer_id,
        "now": now,
        "until": now + timedelta(seconds=150),
        "token": "bench",
        **queries.region_binds(calendars, regions, now),
    }
    session.rollback()
    return len(regions), values


def core_claim(base: Base) -> Callable[[], None]:
    """One claim with its commit through Core, as the service runs it."""
    regions, values = binds(base, datetime.now(UTC))
    statement = queries.claim_statement(regions, start_new=True, avoid_siblings=True)

    def claim() -> None:
        with write(db.session) as session:
            lock_claims(session)
            assert session.execute(statement, values).scalar() is not None

    return claim


def driver_claim(base: Base) -> Callable[[], None]:
    """The same statement through sqlite3 or psycopg, nothing in between."""
    regions, values = binds(base, datetime.now(UTC))
    statement = queries.claim_statement(regions, start_new=True, avoid_siblings=True)
    if base.engine == "sqlite":
        dialect = sqlite.dialect(paramstyle="named")
        stored = UtcDateTime().bind_processor(dialect)
        assert stored is not None
        plain = {
            k: stored(v) if isinstance(v, datetime) else str(v) if hasattr(v, "isoformat") else v
            for k, v in values.items()
        }
        connection = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        sql = str(statement.compile(dialect=dialect))

        def claim() -> None:
            connection.execute("BEGIN IMMEDIATE")
            assert connection.execute(sql, plain).fetchone() is not None
            connection.execute("COMMIT")

        return claim
    sql_pg = str(statement.compile(dialect=postgresql.psycopg.dialect()))  # type: ignore[no-untyped-call]
    url = db.engine.url
    server = psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database)

    def claim_pg() -> None:
        server.execute("SELECT pg_advisory_xact_lock(7051260)")
        assert server.execute(sql_pg, values).fetchone() is not None
        server.commit()

    return claim_pg


def service_claim(base: Base) -> Callable[[], None]:
    """The whole service: lock, lapsed leases, budget, calendars, claim, phones, commit."""

    def claim() -> None:
        taken = call_queue.take_next(db.session, base.operator_id, base.campaign_id, datetime.now(UTC))
        assert isinstance(taken, Taken)

    return claim


def give_back(base: Base) -> None:
    """Undo the claim outside of the measured time; the client goes to the end of the queue."""
    with write(db.session) as session:
        lock_claims(session)
        for client_id in session.scalars(select(Respondent.id).where(Respondent.held_by == base.operator_id)).all():
            call_queue.release(session, client_id)
            session.get_one(Respondent, client_id).next_call_at = datetime.now(UTC) - timedelta(minutes=1)


def per_call_us(base: Base, act: Callable[[], None], rounds: int) -> float:
    """Median microseconds of one call."""
    times = []
    for n in range(rounds + 10):
        started = time.perf_counter()
        act()
        took = time.perf_counter() - started
        give_back(base)
        if n >= 10:
            times.append(took)
    return median(times) * 1e6
