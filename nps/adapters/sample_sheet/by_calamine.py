"""Reads workbooks fast, and the formats that openpyxl does not know: .xls, .ods, Strict Open XML.

calamine lays a sheet out as one table from its first to its last cell, and ends the process when that does not fit. So
an .xlsx is looked over first: one with a cell far out, or written as few programs do, is left to openpyxl.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import python_calamine
from python_calamine import CalamineSheet, SheetTypeEnum, SheetVisibleEnum

from nps.adapters.sample_sheet.sheet_xml import Look
from nps.adapters.sample_sheet.texts import Outside, Refused, numbered, text_of

_STRICT = b"http://purl.oclc.org/ooxml/"


def is_strict(path: str) -> bool:
    """Whether the workbook is Strict Open XML, which openpyxl takes for a workbook without sheets."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith("workbook.xml"):
                with archive.open(name) as part:
                    return _STRICT in part.read(65536)
    return False


def _from_column_a(table: CalamineSheet) -> Iterator[list[Any]]:
    """calamine begins at the first row of the sheet, but at the first column that holds something."""
    left = [None] * (table.start[1] if table.start else 0)
    return ([*left, *row] for row in table.iter_rows()) if left else table.iter_rows()


def read(path: str, looks: Mapping[str, Look] = MappingProxyType({})) -> Iterator[Any]:
    """Yield `{"sheet", "hidden"}` and the rows of each visible sheet. Raises Refused, CalamineError and others.

    `looks`: what the workbook's XML says, by the sheet's name. All sheets are read before the first is given, so that
    nothing has been given when one of them fails.
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
                yield from numbered(_from_column_a(table), _outside(table, looks.get(name)))


def _outside(table: CalamineSheet, look: Look | None) -> Outside:
    if look is not None:
        return look.outside
    merged = table.merged_cell_ranges or ()
    return Outside(merges=[(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in merged])
