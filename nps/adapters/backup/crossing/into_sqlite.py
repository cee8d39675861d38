"""A PostgreSQL dump's rows into a new SQLite file. Only pg_restore is needed: whoever goes back may have no server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from nps.adapters.backup import script as scripts
from nps.adapters.backup.crossing.comparing import (
    BATCH,
    Crossing,
    Progress,
    Shape,
    canonical,
    compare,
    line,
    shapes,
    sqlite_columns,
    sqlite_digest,
)
from nps.adapters.backup.crossing.unfit import dangling, dangling_rows
from nps.adapters.backup.crossing.values import NULL, Digest

#: The file is a draft until all is well: nothing has to survive a crash, or to be undone.
_SETTINGS = ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -65536")


def pour(script: Path, target: Path, crossing: Crossing) -> dict[str, str]:
    """Fill a new SQLite file from the SQL of a dump; the sums by table. Raises BackupError, OSError, sqlite3.Error."""
    engine = create_engine(URL.create("sqlite", database=str(target)), poolclass=NullPool)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for setting in _SETTINGS:
            driver.execute(f"PRAGMA {setting}")
        crossing.migrate(connection, crossing.revision)
        known = shapes(sqlite_columns(driver), scripts.types(script))
        sent = _send(driver, script, known, crossing)
        if rows := dangling(driver):
            raise dangling_rows(rows)
        sums = compare(sent, lambda table: sqlite_digest(driver, table, known[table]), crossing.say)
        crossing.migrate(connection, "head")
        connection.commit()
    return sums


def _send(driver: sqlite3.Connection, script: Path, known: dict[str, Shape], crossing: Crossing) -> dict[str, Digest]:
    """All rows, into tables that are empty and have neither index nor trigger meanwhile."""
    made_after = driver.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for what, name, _ in made_after:
        driver.execute(f'DROP {what} "{name}"')
    for table in known:
        driver.execute(f'DELETE FROM "{table}"')
    sent, progress = {}, Progress(crossing)
    for table, columns, lines in scripts.tables(script):
        shape = known[table]
        sent[table] = Digest(shape)
        places = ", ".join("?" * len(shape))
        names = ", ".join(f'"{name}"' for name in shape)
        values = _values(lines, columns, shape, sent[table], partial(progress.add, table=table))
        driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)
    crossing.say("Строю индексы…")
    for _, _, statement in made_after:
        driver.execute(statement)
    return sent


def _values(
    lines: Iterator[bytes], columns: list[str], shape: Shape, digest: Digest, told: Callable[[int], None]
) -> Iterator[list[Any]]:
    """SQLite's values of each row, in the shape's order; what goes by is counted and hashed."""
    order = [columns.index(name) for name in shape]
    decoders, same = [kind.decode for kind in shape.values()], canonical(shape)
    batch: list[bytes] = []
    for row in lines:
        given = row.decode().split("\t")
        fields = [given[n] for n in order]
        yield [None if field == NULL else decode(field) for decode, field in zip(decoders, fields, strict=True)]
        batch.append(line(fields, same))
        if len(batch) == BATCH:
            digest.add(batch)
            told(len(batch))
            batch = []
    digest.add(batch)
    told(len(batch))
