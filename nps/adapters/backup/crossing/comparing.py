"""What both ways across share: shapes of tables, progress, and the comparison at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from nps.adapters.backup.crossing.values import NULL, Digest, Kind, kind_of
from nps.adapters.backup.errors import BackupError
from nps.adapters.backup.script import Types
from nps.domain.wording import number, plural

Say = Callable[[str], None]
#: A table's columns in the order of their names, which is the same on both engines, and what each holds.
Shape = dict[str, Kind]
#: Rows that are in memory at once.
BATCH = 2_000
_TOLD_EVERY_PERCENT = 5


@dataclass(frozen=True, slots=True)
class Crossing:
    """What is moved: a copy of so many `rows`, at a `revision` of the tables.

    `migrate` brings the tables behind a connection to a revision, in the transaction that is open there.
    """

    revision: str
    rows: int
    migrate: Callable[[Connection | None, str], None]
    say: Say


class Progress:
    """Tells how much has been moved, every five per cent."""

    def __init__(self, crossing: Crossing) -> None:
        self._say, self._total, self._done, self._told = crossing.say, crossing.rows, 0, 0

    def add(self, rows: int, table: str) -> None:
        """Count rows that are across."""
        self._done += rows
        percent = 100 * self._done // self._total if self._total else 100
        if percent >= self._told + _TOLD_EVERY_PERCENT:
            self._told = percent
            self._say(f"Перенесено {percent} %: строк {number(self._done)} из {number(self._total)}, таблица {table}")


def shapes(source: Mapping[str, set[str]], types: Types) -> dict[str, Shape]:
    """The shape of each table. `source`: columns on SQLite's side; `types`: what PostgreSQL's side says they hold.

    Raises BackupError when the two sides are not the same tables, or a type is not known here.
    """
    if (there := {table: set(columns) for table, columns in types.items()}) != source:
        names = sorted(name for name in there.keys() | source.keys() if there.get(name) != source.get(name))
        raise BackupError(
            "other_tables",
            f"Таблицы копии не те, что у этой версии программы: {', '.join(names)}. "
            "Обновите программу, где сделана копия, и сделайте копию заново.",
        )
    return {table: {name: _kind(table, name, types[table][name]) for name in sorted(types[table])} for table in types}


def _kind(table: str, column: str, type_name: str) -> Kind:
    found = kind_of(type_name)
    if found is None:
        raise BackupError("other_type", f"Тип «{type_name}» столбца {table}.{column} с одного движка не переносится.")
    return found


def sqlite_columns(source: sqlite3.Connection) -> dict[str, set[str]]:
    listed = (
        "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c "
        "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    found: dict[str, set[str]] = {}
    for table, column in source.execute(listed):
        found.setdefault(table, set()).add(column)
    return found


def sqlite_lines(source: sqlite3.Connection, table: str, shape: Shape) -> Iterator[list[bytes]]:
    """The rows of a table in batches, as lines of COPY without their ends. Raises Unfit, sqlite3.Error."""
    encoders = [each.encode for each in shape.values()]
    names = ", ".join(f'"{name}"' for name in shape)
    cursor = source.execute(f'SELECT {names} FROM "{table}"')
    while batch := cursor.fetchmany(BATCH):
        yield [
            "\t".join(
                [NULL if value is None else encode(value) for encode, value in zip(encoders, row, strict=True)]
            ).encode()
            for row in batch
        ]


def line(fields: list[str], same: list[tuple[int, Callable[[str], str]]]) -> bytes:
    """A row of PostgreSQL's as `sqlite_lines` would give it; `same` comes from `canonical`."""
    for n, canonical_text in same:
        if fields[n] != NULL:
            fields[n] = canonical_text(fields[n])
    return "\t".join(fields).encode()


def canonical(shape: Shape) -> list[tuple[int, Callable[[str], str]]]:
    """Positions of the columns that PostgreSQL may write in several ways, with what makes one of them."""
    return [(n, kind.canonical) for n, kind in enumerate(shape.values()) if kind.canonical]


def sqlite_digest(source: sqlite3.Connection, table: str, shape: Shape) -> Digest:
    """Rows and sum of a table as it stands in a SQLite file."""
    digest = Digest(shape)
    for lines in sqlite_lines(source, table, shape):
        digest.add(lines)
    return digest


def compare(sent: Mapping[str, Digest], arrived: Callable[[str], Digest], say: Say) -> dict[str, str]:
    """Read every table anew where it has arrived; the sums, by table. Raises BackupError at the first that differs."""
    total = sum(digest.rows for digest in sent.values())
    say(f"Сверяю {len(sent)} {plural(len(sent), 'таблицу', 'таблицы', 'таблиц')}, строк {number(total)}…")
    for table, digest in sent.items():
        found = arrived(table)
        if (found.rows, found.value) != (digest.rows, digest.value):
            raise BackupError(
                "not_equal",
                f"Таблица {table} после переноса не сошлась с копией: строк {found.rows} из {digest.rows}, "
                f"сумма {found.value} вместо {digest.value}. Ничего не изменено; проверьте диски и повторите.",
            )
    return {table: digest.value for table, digest in sent.items()}
