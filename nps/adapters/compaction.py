"""Giving back the pages that overwritten and deleted rows have left behind, in the database file and in its log."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from nps.extensions import Base

#: Longer than a page takes to read; a VACUUM FULL that waits keeps everybody else waiting behind it.
_WAIT_MS = 2_000


#: All of a SQLite file: it is rewritten at once.
_FILE = "file"


def parts(engine: Engine) -> list[str]:
    """What `give_back` rewrites, one after the other: each table of PostgreSQL, or the file of SQLite."""
    return [_FILE] if engine.dialect.name == "sqlite" else [table.name for table in Base.metadata.sorted_tables]


def give_back(engine: Engine, part: str) -> bool:
    """Rewrite one of the `parts` without its old contents; False when somebody was reading or writing all the time.

    Nobody can use it meanwhile. SQLite: VACUUM, then the write-ahead log is copied back and cut to nothing. PostgreSQL:
    VACUUM FULL; its own write-ahead log follows its own settings.
    """
    return _sqlite(engine) if part == _FILE else _postgres(engine, part)


def _sqlite(engine: Engine) -> bool:
    connection = engine.raw_connection()
    # Not given back to the pool: it waits for others less long than a connection that works.
    connection.detach()
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
            cursor.execute("VACUUM")
            is_busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return not is_busy


def _postgres(engine: Engine, table: str) -> bool:
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"SET lock_timeout = {_WAIT_MS}")
            try:
                connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table}"')
            finally:
                connection.exec_driver_sql("RESET lock_timeout")
    except OperationalError:
        return False
    return True
