"""The database of either engine, copied while others write, looked through, and put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from nps.adapters.backup import postgres
from nps.adapters.backup import script as scripts
from nps.adapters.backup.crossing import into_postgres, into_sqlite
from nps.adapters.backup.crossing.comparing import Crossing
from nps.adapters.backup.crossing.unfit import dangling, dangling_rows
from nps.adapters.backup.errors import bad_archive
from nps.adapters.backup.folders import move_file

_MEMBERS = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
_SQLITE_FILES = ("", "-wal", "-shm")


def member(dialect: str) -> str:
    """The name of the database in an archive. Raises BackupError for a dialect that is not ours."""
    if (found := _MEMBERS.get(str(dialect))) is None:
        raise bad_archive(f"движок «{dialect}» неизвестен")
    return found


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


def verify(copy: Path) -> dict[str, int]:
    """Read all of a copied database; the rows of each table. Raises BackupError when it is not whole."""
    if copy.name != _MEMBERS["sqlite"]:
        script = _script(copy)
        try:
            return {table: sum(1 for _ in lines) for table, _, lines in scripts.tables(script)}
        finally:
            script.unlink()
    with _opened(copy) as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if found != "ok":
            raise bad_archive(f"база данных повреждена ({found})")
        driver: Any = connection.connection.driver_connection
        if pointing_nowhere := dangling(driver):
            raise dangling_rows(pointing_nowhere)
        return rows(connection)


def rows(connection: Connection) -> dict[str, int]:
    listed = (
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if connection.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    tables = sorted(connection.execute(text(listed)).scalars())
    return {table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() for table in tables}


def dump_aside(engine: Engine, aside: Path) -> None:
    """PostgreSQL: dump the present state into a folder. A SQLite file is moved there when a copy takes its place."""
    if not _is_sqlite(engine):
        postgres.dump(engine, aside / "database.dump")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A database that is ready to take the place of the present one.

    `put_back`: does it; a SQLite file that was there goes to the given folder. `sums`: of each table when it has come
    from the other engine, else {}.
    """

    put_back: Callable[[Path], None]
    sums: dict[str, str]


@contextmanager
def replacement(engine: Engine, copy: Path, crossing: Crossing) -> Iterator[Replacement]:
    """Make ready what is in `copy`, of either engine, after `dump_aside`. Until it is put back nothing has changed.

    Raises OSError, sqlite3.Error, BackupError, also when it is put back.
    """
    if copy.name == member(engine.dialect.name):
        yield Replacement(lambda aside: _put_back(engine, copy, aside), {})
    elif _is_sqlite(engine):
        crossing.say("Копия сделана с PostgreSQL, система работает с SQLite: переношу строки.")
        moved = copy.with_name("moved.sqlite3")
        sums = into_sqlite.pour(_script(copy), moved, crossing)
        yield Replacement(lambda aside: _put_back(engine, moved, aside), sums)
    else:
        crossing.say("Копия сделана с SQLite, система работает с PostgreSQL: переношу строки.")
        with into_postgres.poured(engine, copy, crossing) as (commit, sums):
            yield Replacement(lambda _: commit(), sums)


def _put_back(engine: Engine, copy: Path, aside: Path) -> None:
    engine.dispose()
    if _is_sqlite(engine):
        present = _file(engine)
        for suffix in _SQLITE_FILES:
            move_file(present.with_name(present.name + suffix), aside / (present.name + suffix))
        move_file(copy, present)
        return
    postgres.load(engine, _script(copy))


def _script(dump: Path) -> Path:
    script = dump.with_suffix(".sql")
    postgres.to_script(dump, script)
    return script


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
