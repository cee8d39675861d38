"""The database of either engine, copied while others write, looked through, and put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from nps.adapters.backup import postgres
from nps.adapters.backup.errors import bad_archive
from nps.adapters.backup.folders import move_file

_SQLITE_FILES = ("", "-wal", "-shm")


def member(engine: Engine) -> str:
    """The name of the database in an archive."""
    return "database.sqlite3" if _is_sqlite(engine) else "database.dump"


@contextmanager
def copied(engine: Engine, target: Path) -> Iterator[Connection]:
    """Copy the database to `target` while others write; the block's connection reads exactly what the copy holds.

    Raises sqlite3.Error, OSError, or BackupError when a tool of PostgreSQL is missing or fails.
    """
    if _is_sqlite(engine):
        # One step under one read lock: in WAL mode writers do not wait for it, and it need not begin anew for them.
        with closing(sqlite3.connect(_file(engine))) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        with _opened(target) as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        postgres.dump(engine, target, snapshot)
        yield connection
        connection.rollback()


def verify(engine: Engine, copy: Path) -> dict[str, int]:
    """Read all of a copied database; the rows of each table. Raises BackupError when it is not whole."""
    if not _is_sqlite(engine):
        script = copy.with_suffix(".sql")
        postgres.to_script(copy, script)
        try:
            return postgres.rows(script)
        finally:
            script.unlink()
    with _opened(copy) as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if found != "ok":
            raise bad_archive(f"база данных повреждена ({found})")
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise bad_archive("строки базы данных ссылаются в никуда")
        return rows(connection)


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    listed = (
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if connection.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    tables = sorted(connection.execute(text(listed)).scalars())
    return {table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() for table in tables}


def dump_aside(engine: Engine, aside: Path) -> None:
    """PostgreSQL: dump the present state into a folder. A SQLite file is moved there by `put_back`."""
    if not _is_sqlite(engine):
        postgres.dump(engine, aside / "database.dump")


def put_back(engine: Engine, copy: Path, aside: Path) -> None:
    """Let `copy` take the place of the database. Raises OSError, BackupError.

    SQLite: the present file goes to the folder `aside`. PostgreSQL: in one transaction, after `dump_aside`.
    """
    engine.dispose()
    if _is_sqlite(engine):
        present = _file(engine)
        for suffix in _SQLITE_FILES:
            move_file(present.with_name(present.name + suffix), aside / (present.name + suffix))
        move_file(copy, present)
        return
    script = copy.with_suffix(".sql")
    postgres.to_script(copy, script)
    postgres.load(engine, script)


@contextmanager
def _opened(file: Path) -> Iterator[Connection]:
    engine = create_engine(URL.create("sqlite", database=str(file)), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _file(engine: Engine) -> Path:
    assert engine.url.database is not None
    return Path(engine.url.database)


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
