"""Reads a text file with separated values, as 1C, Excel, old accounting programs and people write them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nps.adapters.sample_sheet.limits import MAX_FIELD_CHARS
from nps.adapters.sample_sheet.texts import Refused, numbered

_SEPARATORS = ";\t,|"
_LOOKED_AT = 20
#: A field in quotes may go over so many lines before the quote is taken for a letter.
_LONGEST_FIELD_LINES = 20
#: Excel's own first line.
_DECLARED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: The second bytes of UTF-16: Latin and digits, Russian, punctuation.
_HIGH_BYTES = frozenset(b"\x00\x04\x20\x21")
_NARROW = ("utf-8", "cp1251", "cp866", "koi8-r", "mac-cyrillic")
#: Words as people write them; a text in another encoding has Russian letters too, but large ones behind small ones.
_WORDS = re.compile("[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")
#: Six of ten letters of a Russian text are one of these.
_FREQUENT = re.compile("[оеаинтсрвлОЕАИНТСРВЛ]")


def read(path: str, encoding: str = "", separator: str = "") -> Iterator[Any]:
    """Yield one visible sheet and its rows.

    `encoding`, `separator`: a person's choice, which is never refused; '' is found out. Raises Refused for a text in no
    encoding we know, or without columns.
    """
    content = Path(path).read_bytes()
    lines = re.findall(
        r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", _as_chosen(content, encoding) if encoding else _decoded(content)
    )
    csv.field_size_limit(MAX_FIELD_CHARS)
    declared = _DECLARED.fullmatch(lines[0].strip()) if lines else None
    separator = separator or (declared[1] if declared else _separator(lines))
    yield {"sheet": "Лист 1", "hidden": False}
    try:
        yield from numbered(_rows(lines, separator))
    except csv.Error as error:
        raise Refused("csv_damaged") from error


def wide_encoding(head: bytes) -> str | None:
    """The kind of UTF-16 that a file begins in, with a mark or without; None when it is something else."""
    if head[:2] in _UTF_16:
        return _UTF_16[head[:2]]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = head[offset::2]
        if high and sum(byte in _HIGH_BYTES for byte in high) > 0.95 * len(high) and b"\0\0" not in head:
            return encoding
    return None


def _as_chosen(content: bytes, encoding: str) -> str:
    if encoding == "utf-16":
        encoding = wide_encoding(content[:4096]) or encoding
    return content.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace").replace("\0", "")


def _decoded(content: bytes) -> str:
    """UTF-16 is told by its mark or its second bytes, UTF-8 by holding; else it is the one with most Russian in it."""
    wide = wide_encoding(content[:4096])
    try:
        text = content.decode(wide or "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide:
            raise Refused("csv_damaged") from error
        text = max((content.decode(encoding, "replace") for encoding in _NARROW), key=_russian)
    if "\0" in text:
        raise Refused("not_workbook")
    return text


def _russian(text: str) -> int:
    """How much of a text looks Russian; its beginning is enough."""
    return sum(len(_FREQUENT.findall(word)) for word in _WORDS.findall(text[:100_000]) if len(word) > 1)


def _separator(lines: Sequence[str]) -> str:
    """The one that parts most lines of the beginning into the same number of fields; without any it is no table."""
    head = [line for line in lines[: 5 * _LOOKED_AT] if line.strip()][:_LOOKED_AT]

    def alike(separator: str) -> tuple[int, int]:
        counts = Counter(len(_fields(line.strip("\r\n"), separator)) for line in head)
        counts.pop(1, None)
        return max(((rows, fields) for fields, rows in counts.items()), default=(0, 0))

    best = max(_SEPARATORS, key=alike)
    if alike(best) == (0, 0):
        raise Refused("csv_no_columns")
    return best


def _rows(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    """By the rules of CSV where all lines keep to them; else line by line, where a quote may be a letter."""
    try:
        for _ in csv.reader(lines, delimiter=separator, strict=True):
            pass
    except csv.Error:
        return _lenient([line.strip("\r\n") for line in lines], separator)
    return csv.reader(lines, delimiter=separator, strict=True)


def _lenient(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    width = Counter(len(_fields(line, separator)) for line in lines).most_common(1)[0][0]
    at = 0
    while at < len(lines):
        row, used = _fields(lines[at], separator), 1
        if len(row) < width and row[-1].startswith('"'):
            for more in range(2, _LONGEST_FIELD_LINES + 1):
                longer = _fields("\n".join(lines[at : at + more]), separator)
                if len(longer) == width and not longer[-1].startswith('"'):
                    row, used = longer, more
                    break
        yield [_unquoted(field) for field in row]
        at += used


def _fields(text: str, separator: str) -> list[str]:
    """The fields as they stand, quotes and all: a quote closes only where a field may end."""
    mark = re.escape(separator)
    field = rf'(?:[ ]*"(?:[^"]|"(?![ ]*(?:{mark}|$)))*"[ ]*(?={mark}|$)|[^{mark}]*)'
    return re.findall(rf"(?:^|{mark})({field})", text)


def _unquoted(field: str) -> str:
    bare = field.strip(" ")
    if len(bare) > 1 and bare.startswith('"') and bare.endswith('"') and not _is_open(bare):
        return bare[1:-1].replace('""', '"')
    return bare[1:] if _is_open(bare) else field


def _is_open(bare: str) -> bool:
    return bare.startswith('"') and bare.count('"') % 2 == 1
