"""Reads a text file with separated values, as 1C, Excel and mail programs write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nps.adapters.sample_sheet.limits import MAX_FIELD_CHARS
from nps.adapters.sample_sheet.texts import Refused, numbered

_SEPARATORS = ";\t,|"
_LOOKED_AT = 20


def read(path: str) -> Iterator[Any]:
    """Yield one visible sheet and its rows. Raises Refused for a text in no encoding we know, or without columns."""
    text = _decoded(Path(path).read_bytes())
    if "\0" in text:
        raise Refused("not_workbook")
    csv.field_size_limit(MAX_FIELD_CHARS)
    separator = _separator(text)
    yield {"sheet": "Лист 1", "hidden": False}
    try:
        yield from numbered(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Refused("csv_damaged") from error


def _decoded(content: bytes) -> str:
    """UTF-8 and UTF-16 are told by their marks or by holding; whatever else comes is Windows-1251 here."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1251"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("csv_damaged")


def _separator(text: str) -> str:
    """The one that parts most lines of the beginning, and most often; without any it is no table."""
    lines = [line for line in text[:100_000].splitlines()[: 5 * _LOOKED_AT] if line.strip()][:_LOOKED_AT]
    counts = {mark: [line.count(mark) for line in lines] for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: (sum(map(bool, counts[mark])), sum(counts[mark])))
    if not any(counts[best]):
        raise Refused("csv_no_columns")
    return best
