"""Cells as texts, whichever library has read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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


def numbered(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield `[number, texts]` of rows with something in them; the first row is 1. Raises Refused beyond the limits."""
    for number, row in enumerate(rows, 1):
        cells = [text_of(value) for value in row[:MAX_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        if len(row) > MAX_COLUMNS:
            _check_beyond(number, row)
        if not cells:
            continue
        if number > MAX_ROWS:
            raise Refused("rows", f"A{number}")
        yield [number, cells]


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
