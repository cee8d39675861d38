"""Flask extensions, made here and bound to an application in `nps.app`."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, event
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

SQLITE_BUSY_TIMEOUT_MS = 10_000
_WRITE_POLL_MS = 2


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(compare_type=True, render_as_batch=True)
login_manager = LoginManager()
mail = Mail()
csrf = CSRFProtect()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    """Durable and strict SQLite; the driver leaves foreign keys off and begins transactions by guessing."""
    if not isinstance(dbapi_connection, sqlite3.Connection):
        return
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: upgrading a read transaction later fails without waiting."""
    if connection.dialect.name != "sqlite":
        return
    if not connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql("BEGIN")
    elif not _took_write_lock(connection.connection.driver_connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # one more time, and what is wrong in SQLAlchemy's words


def _took_write_lock(driver: Any) -> bool:
    """Ask for the write lock every 2 ms, as long as `SQLITE_BUSY_TIMEOUT_MS`, and begin the transaction.

    SQLite's own wait asks the more seldom the longer it has waited, up to every 100 ms: whoever comes new overtakes.
    With twenty operators on a machine that was busy with other things, one waited out his ten seconds that way.
    """
    driver.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(SQLITE_BUSY_TIMEOUT_MS // _WRITE_POLL_MS):
            try:
                driver.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False
            time.sleep(_WRITE_POLL_MS / 1000)
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
