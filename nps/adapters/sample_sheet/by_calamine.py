"""Reads workbooks fast, and the formats that openpyxl does not know: .xls, .ods, Strict Open XML.

calamine lays a sheet out as one table from its first to its last cell, and ends the process when that does not fit. So
an .xlsx is looked over first: one with a cell far out, or written as few programs do, is left to openpyxl.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

import python_calamine
from python_calamine import CalamineSheet, SheetTypeEnum, SheetVisibleEnum

from nps.adapters.sample_sheet.texts import Refused, numbered, text_of

_STRICT = b"http://purl.oclc.org/ooxml/"
#: A cell without its place, or one beyond column BH or row 199,999; with such a place calamine loses or lays out cells.
_ODD_CELL = re.compile(rb'<(?:\w+:)?c(?=[\s/>])(?! r="(?:[A-Z]|A[A-Z]|B[A-H])(?:\d{1,5}|1\d{5})")')
_PIECE_BYTES = 1024 * 1024


def is_strict(path: str) -> bool:
    """Whether the workbook is Strict Open XML, which openpyxl takes for a workbook without sheets."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith("workbook.xml"):
                with archive.open(name) as part:
                    return _STRICT in part.read(65536)
    return False


def is_usual(path: str) -> bool:
    """Whether every cell of every sheet says where it is, and that is within our limits."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            plain = name.replace("\\", "/").lower()
            if "/worksheets/" in plain and plain.endswith(".xml") and not _has_usual_cells(archive, name):
                return False
    return True


def _has_usual_cells(archive: zipfile.ZipFile, name: str) -> bool:
    rest = b""
    with archive.open(name) as part:
        while piece := part.read(_PIECE_BYTES):
            text = rest + piece
            # A tag that the piece ends in is looked at together with the next piece.
            end = len(text) if len(piece) < _PIECE_BYTES else text.rfind(b"<")
            if _ODD_CELL.search(text, 0, max(end, 0)):
                return False
            rest = text[max(end, 0) :][-_PIECE_BYTES:]
    return True


def _from_column_a(table: CalamineSheet) -> Iterator[list[Any]]:
    """calamine begins at the first row of the sheet, but at the first column that holds something."""
    left = [None] * (table.start[1] if table.start else 0)
    return ([*left, *row] for row in table.iter_rows()) if left else table.iter_rows()


def read(path: str) -> Iterator[Any]:
    """Yield `{"sheet", "hidden"}` and the rows of each visible sheet. Raises Refused, CalamineError and others.

    All sheets are read before the first is given, so that nothing has been given when one of them fails.
    """
    with open(path, "rb") as file, python_calamine.CalamineWorkbook.from_object(file) as book:
        sheets = [
            (index, sheet.name, sheet.visible is not SheetVisibleEnum.Visible)
            for index, sheet in enumerate(book.sheets_metadata)
            if sheet.typ is SheetTypeEnum.WorkSheet
        ]
        if not sheets:
            raise Refused("no_sheets")
        tables = [None if hidden else book.get_sheet_by_index(index) for index, _, hidden in sheets]
        for (_, name, hidden), table in zip(sheets, tables, strict=True):
            yield {"sheet": text_of(name), "hidden": hidden}
            if table is not None:
                yield from numbered(_from_column_a(table))
