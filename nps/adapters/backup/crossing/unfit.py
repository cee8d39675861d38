"""Which values of a SQLite file PostgreSQL would refuse: named by table, key and column, never shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import islice

from nps.adapters.backup.crossing.comparing import Shape
from nps.adapters.backup.crossing.values import Unfit
from nps.adapters.backup.errors import BackupError

#: Rows that are named; the rest is found after these have been mended.
_SHOWN = 20


def refusal(source: sqlite3.Connection, shapes: Mapping[str, Shape]) -> BackupError | None:
    """Look through all tables for values that don't fit; the sentence that lists them, None when there are none."""
    # Text that is not UTF-8 must be read to be named.
    source.text_factory = lambda content: content.decode(errors="surrogateescape")
    found = list(islice(_unfit(source, shapes), _SHOWN + 1))
    if not found:
        return None
    lines = "\n".join(f"  {line}" for line in found[:_SHOWN])
    more = "\n  … и другие." if len(found) > _SHOWN else ""
    return BackupError(
        "unfit",
        f"PostgreSQL не примет значения из копии:\n{lines}{more}\n"
        "Ничего не изменено. Исправьте их в прежней базе и сделайте копию заново: docs/deployment.md, «To PostgreSQL».",
    )


def _unfit(source: sqlite3.Connection, shapes: Mapping[str, Shape]) -> Iterator[str]:
    for table, shape in shapes.items():
        keys = primary_key(source, table)
        names = [*keys, *shape]
        for row in source.execute(f'SELECT {", ".join(map(_quoted, names))} FROM "{table}"'):
            key = ", ".join(f"{name} {value}" for name, value in zip(keys, row, strict=False))
            for (name, kind), value in zip(shape.items(), row[len(keys) :], strict=True):
                try:
                    if value is not None:
                        kind.encode(value)
                except Unfit as why:
                    yield f"{table}, {key}, столбец {name}: {why}"


def primary_key(source: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table's primary key, in their order; rowid without one."""
    listed = source.execute("SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
    return [name for (name,) in listed] or ["rowid"]


def dangling(source: sqlite3.Connection) -> list[str]:
    """Rows whose foreign keys point nowhere, some of them, each in a line."""
    found = []
    for table, rowid, parent, number in islice(source.execute("PRAGMA foreign_key_check"), _SHOWN):
        links = source.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
        columns = [link[3] for link in links if link[0] == number]
        names = primary_key(source, table)
        values = source.execute(
            f'SELECT {", ".join(map(_quoted, [*names, *columns]))} FROM "{table}" WHERE rowid = ?', (rowid,)
        ).fetchone()
        key, pointed = (
            ", ".join(f"{name} {value}" for name, value in pairs)
            for pairs in (zip(names, values, strict=False), zip(columns, values[len(names) :], strict=True))
        )
        found.append(f"{table}, {key}: {pointed}, а такой строки в таблице {parent} нет")
    return found


def dangling_rows(rows: list[str]) -> BackupError:
    """The sentence that lists what `dangling` has found."""
    lines = "\n".join(f"  {row}" for row in rows)
    return BackupError(
        "dangling",
        f"В базе данных есть строки, которые ссылаются в никуда:\n{lines}\n"
        "Ничего не изменено. Исправьте их в той базе, откуда копия, и сделайте копию заново.",
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
