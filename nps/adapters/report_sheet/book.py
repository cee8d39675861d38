"""What a workbook holds, said without a library: sheets, columns, values, charts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TITLE_LIMIT = 31
CELL_LIMIT = 32_767
# What XML 1.0 has no place for; Excel refuses a workbook with one of them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: A text that begins with one of these is a formula to a program that is not told otherwise (OWASP ASVS 5.0 1.2.10).
ACTIVE_START = tuple("=+-@\t\r＝＋－＠")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, 0.51 for 51 %."""

    value: float


#: What a cell may hold. A `timedelta` is shown as hours, minutes and seconds, a `datetime` is a local time without a
#: zone; None leaves the cell empty.
Value = str | int | float | timedelta | datetime | Share | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its header and its width in characters."""

    title: str
    width: int


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of a chart: its column (from 0). `line` draws it over the columns against an axis of 0 to 100 %.

    `colours` has one entry for all points or one for each. `whiskers`: columns with what to add and to take away.
    """

    column: int
    colours: Sequence[str]
    line: bool = False
    whiskers: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A native chart beside a table. Names come from the first column; `bars` lie, else columns stand.

    `words` describe it to somebody who can't see it.
    """

    title: str
    axis: str
    series: Sequence[Series]
    words: str
    bars: bool = False
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `totals` is a last row that the filter leaves alone. `title` has at most 31 characters.

    `fixed`: columns that stay in sight when the sheet is scrolled sideways.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    totals: Sequence[Value] | None = None
    charts: Sequence[Chart] = ()
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook and what its properties say; they carry no personal data. `created` is an aware instant."""

    title: str
    subject: str
    author: str
    created: datetime
    sheets: Sequence[Sheet]
    company: str = ""


def clean(value: str) -> str:
    """The text as a cell can hold it."""
    return _FORBIDDEN.sub("", value.replace("\r\n", "\n"))[:CELL_LIMIT]
