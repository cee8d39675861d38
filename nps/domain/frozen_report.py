"""Figures kept as they stood when a wave or a period was closed, and what has changed since.

Tables of plain numbers with their words and units: what was shown can be shown again, whatever the code has become.
No person is in them, only counts and what was computed from counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from nps.domain import local_time
from nps.domain.wording import NOTHING, decimal, duration, minutes, number, percent, signed

#: Of the tables' layout and of the definitions behind them: a new one when a figure comes to mean something else.
EDITION = 1


class Unit(StrEnum):
    """How a figure is written. A share is a pair (part, whole), traffic and lengths are seconds."""

    NUMBER = "number"
    SIGNED = "signed"
    POINTS = "points"
    DECIMAL = "decimal"
    SHARE = "share"
    TRAFFIC = "traffic"
    LENGTH = "length"


Value = int | float | tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure; None where there was too little to say it."""

    unit: Unit
    value: Value

    @property
    def words(self) -> str:
        """The figure as reports write it."""
        if self.value is None:
            return NOTHING
        if isinstance(self.value, tuple):
            return percent(*self.value, down=True)
        if self.unit in (Unit.POINTS, Unit.DECIMAL):
            return decimal(self.value, plus=self.unit is Unit.POINTS)
        write = {Unit.SIGNED: signed, Unit.TRAFFIC: minutes, Unit.LENGTH: duration}
        return write.get(self.unit, number)(int(self.value))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `key` finds the same line in another state of the figures."""

    key: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the labels' column and then each figure's. `compared`: a later difference is a correction."""

    code: str
    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    compared: bool = True

    def value(self, key: str) -> Value:
        """The first figure of a line; None for one that is not there."""
        return next((row.cells[0].value for row in self.rows if row.key == key), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """All tables of one report, as one reader sees them."""

    tables: tuple[Table, ...]

    def table(self, code: str) -> Table:
        """The table of this code. Raises KeyError."""
        for table in self.tables:
            if table.code == code:
                return table
        raise KeyError(code)

    def whole(self, code: str, key: str) -> int:
        """A count of a table; 0 for a line that is not there. Raises KeyError for an unknown table."""
        value = self.table(code).value(key)
        return value if isinstance(value, int) else 0

    def as_json(self) -> list[dict[str, Any]]:
        """Plain lists and numbers, for the database."""
        return [
            {
                "code": table.code,
                "title": table.title,
                "head": list(table.head),
                "compared": table.compared,
                "rows": [
                    [row.key, row.label, [[cell.unit.value, _plain(cell.value)] for cell in row.cells]]
                    for row in table.rows
                ],
            }
            for table in self.tables
        ]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is not any more what it was; None for a line that was not there, or is not there now."""

    table: str
    row: str
    column: str
    was: Cell | None
    now: Cell | None

    @property
    def name(self) -> str:
        """«NPS», «ОП Ижевск, Анкет»: the column is named where a line has several figures."""
        return f"{self.row}, {self.column}" if self.column else self.row


def figures_from(found: Sequence[Mapping[str, Any]]) -> Figures:
    """The figures that `as_json` wrote."""
    return Figures(
        tuple(
            Table(
                code=table["code"],
                title=table["title"],
                head=tuple(table["head"]),
                compared=table["compared"],
                rows=tuple(
                    Row(_by_words(key, label), label, tuple(Cell(Unit(unit), _value(value)) for unit, value in cells))
                    for key, label, cells in table["rows"]
                ),
            )
            for table in found
        )
    )


def _by_words(key: str, label: str) -> str:
    """The key of a reason is what was said; older reports kept its key in the script."""
    return f"said:{label}" if key.startswith("prompt:") else key


def changes(frozen: Figures, live: Figures) -> tuple[Change, ...]:
    """What has changed in the tables that are compared, in their order; lines that are new come after the old ones."""
    return tuple(change for table in frozen.tables if table.compared for change in _of_table(table, live))


def _of_table(frozen: Table, live: Figures) -> Iterator[Change]:
    now = {row.key: row for table in live.tables if table.code == frozen.code for row in table.rows}
    known = {row.key for row in frozen.rows}
    for row in frozen.rows:
        yield from _of_row(frozen, row.label, row, now.get(row.key))
    for key, row in now.items():
        if key not in known:
            yield from _of_row(frozen, row.label, None, row)


def _of_row(table: Table, label: str, was: Row | None, now: Row | None) -> Iterator[Change]:
    columns = table.head[1:]
    for index, column in enumerate(columns):
        before, after = _cell(was, index), _cell(now, index)
        if before != after:
            yield Change(table.title, label, column if len(columns) > 1 else "", before, after)


def _cell(row: Row | None, index: int) -> Cell | None:
    return row.cells[index] if row and index < len(row.cells) else None


def _plain(value: Value) -> int | float | list[int] | None:
    return list(value) if isinstance(value, tuple) else value


def _value(found: Any) -> Value:
    return (int(found[0]), int(found[1])) if isinstance(found, list) else found


def digest(
    *, campaign_id: int, kind: str, first: date | None, last: date | None, at: datetime, edition: int, figures: object
) -> str:
    """SHA-256 over everything that a frozen report says, in hex: the same text on page, workbook and in the journal."""
    said = {
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "campaign": campaign_id,
        "edition": edition,
        "figures": figures,
        "first": first.isoformat() if first else None,
        "kind": kind,
        "last": last.isoformat() if last else None,
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def period_words(first: date | None, last: date | None) -> str:
    """«Вся волна», «18 ноября 2026», «3–15 ноября 2026», «28 октября – 3 ноября 2026»."""
    return "Вся волна" if first is None or last is None else local_time.period_words(first, last)
