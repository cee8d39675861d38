"""A SQLite file's rows into a PostgreSQL database, in one transaction that makes all tables anew.

Until it is committed nobody sees anything of it, and a killed run leaves nothing. Keys to other tables and indexes are
made after the rows: so the order of tables does not matter, nor do rows that point at each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from nps.adapters.backup.crossing.comparing import (
    BATCH,
    Crossing,
    Progress,
    Say,
    Shape,
    canonical,
    compare,
    line,
    shapes,
    sqlite_columns,
    sqlite_lines,
)
from nps.adapters.backup.crossing.unfit import refusal
from nps.adapters.backup.crossing.values import Digest, Unfit
from nps.adapters.backup.errors import BackupError
from nps.adapters.backup.postgres import DROP_ALL
from nps.adapters.backup.script import Types

_SETTINGS = (
    "SET LOCAL lock_timeout = '20s'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL maintenance_work_mem = '128MB'",
)
_TYPES = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
"""
#: Keys to other tables last, when what they need is there again.
_CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype IN ('u', 'f')
ORDER BY contype DESC, 1, 2
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY 1
"""
#: The next number of a table is the one after its greatest.
_SEQUENCES = """
SELECT pg_get_serial_sequence(quote_ident(c.relname), a.attname), c.relname, a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0
AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
"""


@contextmanager
def poured(engine: Engine, copy: Path, crossing: Crossing) -> Iterator[tuple[Callable[[], None], dict[str, str]]]:
    """Fill the database from a SQLite file; what commits it, and the sums by table. Without that nothing has changed.

    Raises BackupError, sqlite3.Error.
    """
    try:
        with engine.connect() as connection, closing(sqlite3.connect(copy)) as source:
            with _failures("Ничего не изменено."):
                for setting in _SETTINGS:
                    connection.exec_driver_sql(setting)
                connection.exec_driver_sql(DROP_ALL)
                crossing.migrate(connection, crossing.revision)
                sums = _pour(connection.connection.driver_connection, source, crossing)
                crossing.migrate(connection, "head")
            with _failures("Повторите восстановление."):
                yield connection.commit, sums
    finally:
        engine.dispose()


def _pour(driver: Any, source: sqlite3.Connection, crossing: Crossing) -> dict[str, str]:
    types: Types = {}
    for table, column, type_name in driver.execute(_TYPES):
        types.setdefault(table, {})[column] = type_name
    known = shapes(sqlite_columns(source), types)
    with _bare_tables(driver, list(known), crossing.say):
        sent = _send(driver, source, known, Progress(crossing))
    for sequence, table, column in driver.execute(_SEQUENCES).fetchall():
        greatest = sql.SQL("SELECT setval({}, coalesce(max({}), 0) + 1, false) FROM {}")
        driver.execute(greatest.format(sql.Literal(sequence), sql.Identifier(column), sql.Identifier(table)))
    driver.execute("ANALYZE")
    return compare(sent, lambda table: digest(driver, table, known[table]), crossing.say)


@contextmanager
def _bare_tables(driver: Any, tables: list[str], say: Say) -> Iterator[None]:
    """Empty tables without keys to others, indexes and triggers during the block; all of them anew after it."""
    constraints, indexes = driver.execute(_CONSTRAINTS).fetchall(), driver.execute(_INDEXES).fetchall()
    for table, name, _ in reversed(constraints):
        driver.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        driver.execute(f"DROP INDEX {name}")
    names = [sql.Identifier(table) for table in tables]
    driver.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
    for name in names:
        driver.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
    yield
    say("Строю индексы и проверяю ключи…")
    for name in names:
        driver.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
    for _, definition in indexes:
        driver.execute(definition)
    for table, name, definition in constraints:
        driver.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _send(driver: Any, source: sqlite3.Connection, known: dict[str, Shape], progress: Progress) -> dict[str, Digest]:
    sent = {}
    try:
        for table, shape in known.items():
            sent[table] = Digest(shape)
            with driver.cursor() as cursor, cursor.copy(_copy("COPY {} ({}) FROM STDIN FREEZE", table, shape)) as copy:
                for lines in sqlite_lines(source, table, shape):
                    sent[table].add(lines)
                    copy.write(b"\n".join(lines) + b"\n")
                    progress.add(len(lines), table)
    except (Unfit, sqlite3.OperationalError):
        if found := refusal(source, known):
            raise found from None
        raise
    return sent


def digest(driver: Any, table: str, shape: Shape) -> Digest:
    """Rows and sum of a table as it stands in PostgreSQL. The connection speaks UTC and ISO dates."""
    same, found, lines = canonical(shape), Digest(shape), []
    with driver.cursor() as cursor, cursor.copy(_copy("COPY {} ({}) TO STDOUT", table, shape)) as copy:
        for row in copy:
            lines.append(line(bytes(row)[:-1].decode().split("\t"), same))
            if len(lines) == BATCH:
                found.add(lines)
                lines = []
    found.add(lines)
    return found


def _copy(statement: str, table: str, shape: Shape) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, shape)))


@contextmanager
def _failures(then: str) -> Iterator[None]:
    """What the server refused, as a sentence; `then` follows it."""
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        said = str(cause).strip().partition("\n")[0]
        if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
            # Without the detail, which shows values.
            names = (cause.diag.table_name, cause.diag.column_name, cause.diag.constraint_name)
            said = " ".join([cause.diag.message_primary, *(name for name in names if name)])
        raise BackupError("postgres", f"PostgreSQL не справилась: {said}. {then}") from error
