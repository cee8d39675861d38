"""Cells as texts, whichever library has read them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from nps.adapters.sample_sheet.limits import MAX_CELL_CHARS, MAX_COLUMNS, MAX_ROWS

#: What no database takes and nobody typed: control characters, halves of surrogate pairs, non-characters.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Breaks of lines that only some programs know.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ALL_DIGITS_EXACT = 1e15


class Refused(Exception):
    """The workbook is not read: code of a sentence, and the cell where that is known."""

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(code, place)
        self.code = code
        self.place = place


@dataclass(frozen=True, slots=True)
class Outside:
    """What a reader does not give of a sheet: see `sheet_xml.Look`. Merged: (top, left, bottom, right), rows from 1."""

    texts: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    merges: Sequence[tuple[int, int, int, int]] = ()
    unseen: Collection[int] = frozenset()


_NOTHING = Outside()


def numbered(rows: Iterable[Sequence[Any]], outside: Outside = _NOTHING) -> Iterator[list[Any]]:
    """Yield `[number, texts]` of rows with something in them, `[number, texts, 1]` of one that is out of sight.

    The first row is 1. A merged cell gives its text to every row it covers that holds something else. Raises Refused
    beyond the limits.
    """
    merged = _Merged(outside.merges)
    for number, row in enumerate(rows, 1):
        cells = [text_of(value) for value in row[:MAX_COLUMNS]]
        for column, text in outside.texts.get(number, {}).items():
            if column < MAX_COLUMNS:
                _put(cells, column, text)
        while cells and not cells[-1]:
            cells.pop()
        if len(row) > MAX_COLUMNS:
            _check_beyond(number, row)
        if not cells:
            continue
        if number > MAX_ROWS:
            raise Refused("rows", f"A{number}")
        merged.fill(number, cells)
        yield [number, cells, 1] if number in outside.unseen else [number, cells]


def _put(cells: list[str], column: int, text: str) -> None:
    cells += [""] * (column + 1 - len(cells))
    cells[column] = cells[column] or text


class _Merged:
    """Cells merged over several rows, handed down from row to row."""

    def __init__(self, merges: Iterable[tuple[int, int, int, int]]) -> None:
        #: First row -> its merged cells, each a column and the last row.
        self._tops: dict[int, list[tuple[int, int]]] = {}
        for top, left, bottom, _ in merges:
            if bottom > top and left < MAX_COLUMNS:
                self._tops.setdefault(top, []).append((left, bottom))
        self._down: dict[int, tuple[int, str]] = {}

    def fill(self, number: int, cells: list[str]) -> None:
        """Complete the row's texts by what is merged into it from above, and keep what it hands down."""
        if not self._tops:
            return
        for column, (bottom, text) in self._down.items():
            if number <= bottom and text:
                _put(cells, column, text)
        for column, bottom in self._tops.get(number, ()):
            self._down[column] = bottom, cells[column] if column < len(cells) else ""


def _check_beyond(number: int, row: Sequence[Any]) -> None:
    for column in range(MAX_COLUMNS, len(row)):
        if row[column] is not None and text_of(row[column]):
            from openpyxl.utils import get_column_letter

            raise Refused("columns", f"{get_column_letter(column + 1)}{number}")


def text_of(value: Any) -> str:
    """The cell as a person reads it: whole numbers without «.0», dates by day."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip() if value.isprintable() and len(value) <= MAX_CELL_CHARS else _clean(value)
    if isinstance(value, bool):
        return "ИСТИНА" if value else "ЛОЖЬ"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _ALL_DIGITS_EXACT else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y" if value.time() == time() else "%d.%m.%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, time | timedelta):
        return str(value)
    return _clean(str(value))


def _clean(text: str) -> str:
    """Cut first: a cell may hold 32,767 characters, and a small file a million such cells."""
    return _UNWANTED.sub("", _BREAKS.sub(" ", text[:MAX_CELL_CHARS])).strip()
