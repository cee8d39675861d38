"""Writing a workbook (.xlsx): typed cells, sheets that print well, native charts, flat memory.

XlsxWriter's constant_memory mode writes each row through to a file of its own (docs/adr/0031). Text stays text: a value
that starts with `=`, `+`, `-` or `@` is never a formula, neither when the file is opened nor when somebody edits the
cell (OWASP ASVS 5.0 1.2.10).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range, xl_range_abs

from nps.adapters.report_sheet.book import (
    ACTIVE_START,
    TITLE_LIMIT,
    Book,
    Chart,
    Series,
    Share,
    Sheet,
    Value,
    clean,
)
from nps.adapters.report_sheet.files import whole_file

_A4 = 9
_DAY = timedelta(days=1)
#: Excel counts days from 30 December 1899, Python from 1 January of the year 1.
_DAY_ZERO = 693_594
_LINE, _HEAD_FILL = "#7E8A9A", "#E8F0FE"
_FORMATS = {
    "text": "@",
    "whole": "#,##0",
    "number": "#,##0.0",
    "share": "0.0%",
    "duration": "[h]:mm:ss",
    "moment": "dd.mm.yyyy hh:mm",
}
_CHART_WIDTH, _CHART_HEIGHT, _CHART_ROWS = 720, 380, 20

#: Excel's rows less the header and the sums.
ROWS_LIMIT = 1_048_574

Progress = Callable[[int], None]


class TooManyRowsError(ValueError):
    """There are more rows than Excel takes: none may get lost silently."""


def write_book(path: Path, book: Book, progress: Progress = lambda _: None) -> None:
    """Write the workbook at `path`: whole or not at all, readable by its owner only.

    It is written beside its place and renamed; the rows lie in a private folder beside it meanwhile. `progress` hears
    how many rows there are so far. Raises OSError when the folder can't be written, ValueError for a sheet title that
    Excel refuses.
    """
    with tempfile.TemporaryDirectory(prefix=".rows-", dir=path.parent) as rows, whole_file(path) as file:
        _save(file, book, rows, progress)


def book_bytes(book: Book) -> bytes:
    """The workbook as the bytes of its file, for one that is small. Raises ValueError like `write_book`."""
    buffer = BytesIO()
    with tempfile.TemporaryDirectory(prefix="nps-rows-") as rows:
        _save(buffer, book, rows, lambda _: None)
    return buffer.getvalue()


def _save(file: BinaryIO, book: Book, folder: str, progress: Progress) -> None:
    workbook: Any = Workbook(file, {"constant_memory": True, "tmpdir": folder})
    try:
        _describe(workbook, book)
        cells, done = _Cells(workbook), 0
        for sheet in book.sheets:
            if len(sheet.title) > TITLE_LIMIT:
                raise ValueError(f"a sheet title has at most {TITLE_LIMIT} characters: {sheet.title!r}")
            done = _write_sheet(workbook, sheet, cells, done, progress)
        workbook.close()
    except BaseException:
        _forget(workbook)
        raise


def _describe(workbook: Any, book: Book) -> None:
    workbook.set_properties(
        {
            "title": book.title,
            "subject": book.subject,
            "author": book.author,
            "company": book.company,
            "created": book.created.astimezone(UTC).replace(tzinfo=None),
        }
    )


def _forget(workbook: Any) -> None:
    """Close what a workbook that broke holds open, and keep it from being written by its destructor."""
    workbook.fileclosed = True
    for worksheet in workbook.worksheets():
        worksheet.row_data_fh.close()


def _write_sheet(workbook: Any, sheet: Sheet, cells: _Cells, done: int, progress: Progress) -> int:
    """Return how many rows the book has so far; `done` are those of the sheets before."""
    worksheet = workbook.add_worksheet(sheet.title)
    _set_up(worksheet, sheet)
    for number, column in enumerate(sheet.columns):
        worksheet.write_string(0, number, clean(column.title), cells.head)
    last = 0
    for last, row in enumerate(sheet.rows, 1):
        if last > ROWS_LIMIT:
            raise TooManyRowsError(f"a sheet has at most {ROWS_LIMIT} rows")
        cells.write(worksheet, last, row)
        done += 1
        progress(done)
    width = len(sheet.columns) - 1
    worksheet.autofilter(0, 0, last, width)
    # INNs and phones are texts that look like numbers: no green corner on each of them.
    worksheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, last + 1, width)})
    if sheet.totals is not None:
        cells.write(worksheet, last + 1, sheet.totals, total=True)
    if last:
        for index, chart in enumerate(sheet.charts):
            drawn = _chart(workbook, sheet, chart, last)
            place = {"description": chart.words, "object_position": 3}
            worksheet.insert_chart(1 + index * _CHART_ROWS, width + 2, drawn, place)
    return done


def _set_up(worksheet: Any, sheet: Sheet) -> None:
    worksheet.freeze_panes(1, sheet.fixed)
    worksheet.repeat_rows(0)
    worksheet.set_landscape()
    worksheet.set_paper(_A4)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer("&L&A&RСтр. &P из &N")
    for number, column in enumerate(sheet.columns):
        worksheet.set_column(number, number, column.width)


class _Cells:
    """Writes the cells of a workbook. Each look is made once and shared: a workbook has room for 65,490."""

    def __init__(self, workbook: Any) -> None:
        head = {"bold": True, "bg_color": _HEAD_FILL, "valign": "vcenter", "text_wrap": True}
        self.head = workbook.add_format({**head, "bottom": 2, "bottom_color": _LINE, "num_format": "@"})
        self._looks = {
            (kind, total, quoted): self._look(workbook, kind, total, quoted)
            for kind in _FORMATS
            for total in (False, True)
            for quoted in ((False, True) if kind == "text" else (False,))
        }

    @staticmethod
    def _look(workbook: Any, kind: str, total: bool, quoted: bool) -> Any:
        look = {"num_format": _FORMATS[kind], "valign": "top", "text_wrap": kind == "text"}
        if total:
            look |= {"bold": True, "top": 1, "top_color": _LINE}
        made = workbook.add_format(look)
        if quoted:
            # The mark of a typed apostrophe: without it Excel takes «=42» for a formula once somebody edits the cell.
            made.set_quote_prefix()
        return made

    def write(self, worksheet: Any, at: int, row: Sequence[Value], *, total: bool = False) -> None:
        looks = self._looks
        for number, value in enumerate(row):
            if isinstance(value, str):
                text = clean(value)
                if text:
                    look = looks["text", total, text.startswith(ACTIVE_START)]
                    worksheet.write_string(at, number, text, look)
            elif value is not None:
                kind, plain = _plain(value)
                worksheet.write_number(at, number, plain, looks[kind, total, False])


def _plain(value: int | float | timedelta | datetime | Share) -> tuple[str, float]:
    """The kind of a value and the number that Excel keeps of it."""
    if isinstance(value, Share):
        return "share", value.value
    if isinstance(value, timedelta):
        return "duration", value / _DAY
    if isinstance(value, datetime):
        return "moment", value.toordinal() - _DAY_ZERO + timedelta(hours=value.hour, minutes=value.minute) / _DAY
    return ("whole", value) if isinstance(value, int) else ("number", value)


def _chart(workbook: Any, sheet: Sheet, chart: Chart, last: int) -> Any:
    kind: dict[str, str] = {"type": "bar" if chart.bars else "column"}
    if chart.stacked:
        kind["subtype"] = "percent_stacked"
    drawn = workbook.add_chart(kind)
    lines = [series for series in chart.series if series.line]
    for series in chart.series:
        if not series.line:
            drawn.add_series(_series(sheet, series, last))
    if lines:
        over = workbook.add_chart({"type": "line"})
        for series in lines:
            over.add_series({**_series(sheet, series, last), "y2_axis": True, "marker": {"type": "circle"}})
        over.set_y2_axis({"min": 0, "max": 1, "num_format": "0%"})
        drawn.combine(over)
    drawn.set_title({"name": chart.title, "name_font": {"size": 12}})
    names, numbers = {"label_position": "low", "reverse": chart.bars}, {"name": chart.axis}
    # In a chart of lying bars XlsxWriter's x axis is still the one of the names.
    drawn.set_x_axis(names)
    drawn.set_y_axis(numbers)
    drawn.set_size({"width": _CHART_WIDTH, "height": _CHART_HEIGHT})
    if len(chart.series) > 1:
        drawn.set_legend({"position": "bottom"})
    else:
        drawn.set_legend({"none": True})
    return drawn


def _series(sheet: Sheet, series: Series, last: int) -> dict[str, Any]:
    def cells(column: int) -> list[Any]:
        return [sheet.title, 1, column, last, column]

    found: dict[str, Any] = {
        "name": [sheet.title, 0, series.column],
        "categories": cells(0),
        "values": cells(series.column),
        "gap": 40,
    }
    first = series.colours[0]
    if series.line:
        found["line"] = {"color": first}
    else:
        found["fill"] = {"color": first}
    if len(series.colours) > 1:
        found["points"] = [{"fill": {"color": colour}} for colour in series.colours]
    if series.whiskers:
        plus, minus = (f"='{sheet.title}'!{xl_range_abs(1, column, last, column)}" for column in series.whiskers)
        found["y_error_bars"] = {"type": "custom", "plus_values": plus, "minus_values": minus}
    return found
