"""Many rows into one table, by the quickest way of the engine that is still one statement for its driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import orjson
from psycopg import sql
from sqlalchemy import JSON, Connection, Table
from sqlalchemy.orm import Session


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with the same keys, inside the caller's transaction; columns left out take what the database gives.

    SQLite gets them as its driver takes them, PostgreSQL by COPY, either in under half the time of SQLAlchemy's way.
    """
    if not rows:
        return
    connection = session.connection()
    names = list(rows[0])
    values = _values(connection, table, names, rows)
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" * len(names))
        columns = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", list(values))
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver = cast(Any, connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            copy.write_row(row)


def _values(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them, column by column: most need no word about what they are."""
    columns = []
    for name in names:
        values = [row[name] for row in rows]
        bind = _binder(connection, table, name)
        columns.append([bind(value) for value in values] if bind else values)
    return zip(*columns, strict=True)


def _binder(connection: Connection, table: Table, name: str) -> Callable[[Any], Any] | None:
    kind = table.c[name].type.dialect_impl(connection.dialect)
    usual = kind.bind_processor(connection.dialect)
    if not isinstance(kind, JSON):
        return usual
    # What is None may be NULL or JSON's null, as the column says.
    empty = usual(None) if usual else None
    return lambda value: empty if value is None else orjson.dumps(value).decode()
