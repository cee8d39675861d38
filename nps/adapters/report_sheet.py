"""Writing a workbook (.xlsx): typed cells, sheets that print well, and no half-written file.

openpyxl's write-only mode keeps memory flat however many rows come. Text stays text: a value that starts with `=`, `+`,
`-` or `@` is never a formula, neither when the file is opened nor when somebody edits the cell (OWASP ASVS 5.0 1.2.10).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, 0.51 for 51 %."""

    value: float


#: What a cell may hold. A `timedelta` is shown as hours, minutes and seconds; None leaves the cell empty.
Value = str | int | timedelta | Share | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its header and its width in characters."""

    title: str
    width: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `totals` is a last row that the filter leaves alone. `title` has at most 31 characters."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    totals: Sequence[Value] | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook and what its properties say; they carry no personal data. `created` is an aware instant."""

    title: str
    subject: str
    author: str
    created: datetime
    sheets: Sequence[Sheet]


TITLE_LIMIT = 31
_A4 = 9
_CELL_LIMIT = 32_767
# What XML 1.0 has no place for; Excel refuses a workbook with one of them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ACTIVE_START = tuple("=+-@\t\r＝＋－＠")

_HEAD_FILL = PatternFill("solid", fgColor="FFE8F0FE")
_TEXT_WRAP = Alignment(vertical="top", wrap_text=True)
_TOP = Alignment(vertical="top")
_HEAD = {
    "font": Font(bold=True),
    "fill": _HEAD_FILL,
    "alignment": Alignment(vertical="center", wrap_text=True),
    "border": Border(bottom=Side(style="medium", color="FF7E8A9A")),
}
_TOTAL = {"font": Font(bold=True), "border": Border(top=Side(style="thin", color="FF7E8A9A"))}
_FORMATS = {"text": "@", "whole": "#,##0", "share": "0.0%", "duration": "[h]:mm:ss"}


def write_book(path: Path, book: Book) -> None:
    """Write the workbook at `path`: whole or not at all, readable by its owner only.

    It is written beside its place and renamed. Raises OSError when the folder can't be written, ValueError for a sheet
    title that Excel refuses.
    """
    draft = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.part")
    try:
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            _save(file, book)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def book_bytes(book: Book) -> bytes:
    """The workbook as the bytes of its file, for one that is small. Raises ValueError like `write_book`."""
    buffer = BytesIO()
    _save(buffer, book)
    return buffer.getvalue()


def _save(file: BinaryIO, book: Book) -> None:
    workbook = Workbook(write_only=True)
    created = book.created.astimezone(UTC).replace(tzinfo=None)
    properties = workbook.properties
    properties.title, properties.subject, properties.creator = book.title, book.subject, book.author
    properties.lastModifiedBy, properties.created, properties.language = book.author, created, "ru-RU"
    try:
        for sheet in book.sheets:
            if len(sheet.title) > TITLE_LIMIT:
                raise ValueError(f"a sheet title has at most {TITLE_LIMIT} characters: {sheet.title!r}")
            _write_sheet(workbook.create_sheet(sheet.title), sheet)
        workbook.save(file)
    except BaseException:
        _forget_rows(workbook)
        raise


def _forget_rows(workbook: Workbook) -> None:
    """Remove the temporary file of each sheet: openpyxl leaves them, clients and all, to the end of the process."""
    worksheet: Any
    for worksheet in workbook.worksheets:
        if not worksheet.closed:
            worksheet.close()
        worksheet._writer.cleanup()


def _write_sheet(worksheet: Any, sheet: Sheet) -> None:
    # The stubs know little of a write-only sheet. Its top is written with the first row, so it is set before.
    worksheet.freeze_panes = "A2"
    worksheet.print_title_rows = "1:1"
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.paperSize = _A4
    worksheet.page_setup.fitToWidth, worksheet.page_setup.fitToHeight = 1, 0
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    worksheet.oddFooter.left.text, worksheet.oddFooter.right.text = "&A", "Стр. &P из &N"
    for number, column in enumerate(sheet.columns, 1):
        worksheet.column_dimensions[get_column_letter(number)].width = column.width
    cells = _Cells(worksheet)
    worksheet.append([cells.header(column.title) for column in sheet.columns])
    last = 1
    for row in sheet.rows:
        worksheet.append([cells.cell(value) for value in row])
        last += 1
    worksheet.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{last}"
    if sheet.totals is not None:
        worksheet.append([cells.cell(value, total=True) for value in sheet.totals])


class _Cells:
    """Makes the cells of one sheet. Each look is registered once and shared: a workbook has room for 65,490."""

    def __init__(self, worksheet: Any) -> None:
        self._worksheet = worksheet
        self._looks: dict[tuple[str, bool, bool], Any] = {}

    def header(self, title: str) -> Any:
        cell = self._text(title)
        for name, value in _HEAD.items():
            setattr(cell, name, value)
        return cell

    def cell(self, value: Value, *, total: bool = False) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            text = self._text(value)
            text._style = self._look("text", total, quoted=text.value.startswith(_ACTIVE_START))
            return text
        kind = {Share: "share", timedelta: "duration"}.get(type(value), "whole")
        plain: Any = value.value if isinstance(value, Share) else value
        cell: Any = WriteOnlyCell(self._worksheet, plain)
        cell._style = self._look(kind, total, quoted=False)
        return cell

    def _text(self, value: str) -> Any:
        cell: Any = WriteOnlyCell(self._worksheet, _FORBIDDEN.sub("", value.replace("\r\n", "\n"))[:_CELL_LIMIT])
        # openpyxl has just taken «=1+1» for a formula and «#N/A» for an error.
        cell.data_type = "s"
        return cell

    def _look(self, kind: str, total: bool, *, quoted: bool) -> Any:
        key = (kind, total, quoted)
        if key not in self._looks:
            model: Any = WriteOnlyCell(self._worksheet)
            model.number_format = _FORMATS[kind]
            model.alignment = _TEXT_WRAP if kind == "text" else _TOP
            # The mark of a typed apostrophe: without it Excel takes «=42» for a formula once somebody edits the cell.
            model.quotePrefix = quoted
            for name, value in _TOTAL.items() if total else ():
                setattr(model, name, value)
            self._looks[key] = model._style
        return self._looks[key]
