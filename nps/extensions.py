"""Flask extensions, made here and bound to an application in `nps.app`."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import Any

from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

#: Every key has a name from the first migration on, so that a later one can drop it on both engines.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: Execution option that makes the next transaction of a connection a writing one (SQLite: BEGIN IMMEDIATE).
WRITING = "nps_writing"

#: How long a writer waits for another one, on either engine: less than a page waits for its answer (8 s).
BUSY_TIMEOUT_MS = 7_000
_WRITE_POLL_MS = 2

#: A writer who says nothing for so long is dead or frozen: PostgreSQL ends him and gives his locks to the others.
#: Readers may be silent for as long as they like (a workbook is written between two statements), they lock nothing.
SILENT_WRITER_S = 20
#: A connection of PostgreSQL. Its statements are short and look at few rows: compiling one takes far longer than
#: running it. The server itself asks whether a silent client is still there, and gives up one that takes nothing.
_POSTGRES = (
    "SET jit = off; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 20000"
)


class Postgres(PGDialect_psycopg):
    """PostgreSQL whose connections keep the statements that it has prepared (ADR 64).

    psycopg forgets them with every rollback, since one may undo what they were prepared for. Here nobody makes or
    drops a table but `flask db upgrade`, and each transaction that only reads ends in a rollback: the server would
    parse and plan each statement anew, which takes it four times as long as the work itself.
    """

    supports_statement_cache = True

    def do_rollback(self, dbapi_connection: Any) -> None:
        wire = dbapi_connection.pgconn
        has_begun = wire.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)
        if not has_begun or wire.exec_(b"ROLLBACK").status != ExecStatus.COMMAND_OK:
            # Its errors are those that everybody expects.
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]


registry.register("postgresql.psycopg", __name__, Postgres.__name__)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(compare_type=True, render_as_batch=True)
login_manager = LoginManager()
mail = Mail()
csrf = CSRFProtect()
log = logging.getLogger(__name__)


def give_back_connection(_error: BaseException | None = None) -> None:
    """End the read transaction of a context that is over; register it after `db`, so that it comes first.

    A database that went away after the answer was made would otherwise turn a finished answer into an error: the last
    rollback fails, and nobody is left to catch that.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except DBAPIError as error:
        log.warning("a connection was lost at its end: %s", type(error.orig).__name__)
        db.session().invalidate()


@event.listens_for(Engine, "connect")
def _prepare(dbapi_connection: Any, _record: Any) -> None:
    """Durable and strict SQLite; a PostgreSQL that waits for a lock as long as SQLite does, and not for the gone."""
    if isinstance(dbapi_connection, sqlite3.Connection):
        _prepare_sqlite(dbapi_connection)
        return
    dbapi_connection.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}; {_POSTGRES}")
    dbapi_connection.commit()


def _prepare_sqlite(dbapi_connection: sqlite3.Connection) -> None:
    """The driver leaves foreign keys off and begins transactions by guessing."""
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """SQLite: a writer takes the write lock at once; upgrading a read transaction later fails without waiting.

    PostgreSQL: a writer may not fall silent, since others wait for what he has locked.
    """
    is_writer = connection.get_execution_options().get(WRITING, False)
    if connection.dialect.name == "postgresql":
        if is_writer:
            connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENT_WRITER_S}s'")
    elif is_writer:
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Ask for the write lock every 2 ms, as long as `BUSY_TIMEOUT_MS`.

    SQLite's own wait asks the more seldom the longer it has waited, up to every 100 ms: whoever comes new overtakes.
    With twenty operators on a machine that was busy with other things, one waited out his ten seconds that way.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(BUSY_TIMEOUT_MS // _WRITE_POLL_MS):
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
            time.sleep(_WRITE_POLL_MS / 1000)
        # Once more: what is wrong is then said in SQLAlchemy's words.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
