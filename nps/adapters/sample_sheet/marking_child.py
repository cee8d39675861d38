"""`python -m nps.adapters.sample_sheet.marking_child FILE OUT PARENT_PID`: colours a customer's own workbook.

Standard input is JSON, one value a line: `[{"sheet", "index", "header_row", "title"}, …]`, then for each row
`[which of them, row number, faulty columns, mended columns, text]`, columns from 0. Everything else in the workbook
stays as it is, except macros and links to other workbooks, which are left out. The exit code is 0 when OUT is whole.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nps.adapters.sample_sheet import cage
from nps.adapters.sample_sheet.limits import MAX_MARKED_BYTES

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FAULTY, MENDED = "FFF5C2C0", "FFFFF0B8"


def main(file: str, out: str, parent: int) -> int:
    """Write FILE with the marks of standard input to OUT."""
    cage.lock(parent, MAX_MARKED_BYTES)
    import openpyxl

    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is missing: XML bombs would not be refused")
    places = json.loads(sys.stdin.readline())
    book = openpyxl.load_workbook(file, keep_links=False)
    _mark([(sheet, _own_column(sheet, about)) for about in places for sheet in (_sheet(book, about),)])
    book.save(out)
    return 0


def _sheet(book: Workbook, about: dict[str, Any]) -> Worksheet:
    named = [sheet for sheet in book.worksheets if sheet.title.strip() == about["sheet"]]
    return named[0] if named else book.worksheets[about["index"]]


def _own_column(sheet: Worksheet, about: dict[str, Any]) -> int:
    """Our column of the sheet, with its title, empty below."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    column = _column(sheet, about)
    if about["header_row"]:
        title: Any = sheet.cell(about["header_row"], column, about["title"])
        title.font = Font(bold=True)
    sheet.column_dimensions[get_column_letter(column)].width = 70
    for row in range(about["header_row"] + 1, sheet.max_row + 1):
        if sheet.cell(row, column).value is not None:  # of an earlier round
            sheet.cell(row, column).value = None
    return column


def _mark(places: list[tuple[Worksheet, int]]) -> None:
    from openpyxl.styles import Alignment, PatternFill

    faulty, mended = PatternFill("solid", FAULTY), PatternFill("solid", MENDED)
    for line in sys.stdin:
        place, number, wrong, changed, text = json.loads(line)
        sheet, column = places[place]
        for index in changed:
            sheet.cell(number, index + 1).fill = mended
        for index in wrong:
            sheet.cell(number, index + 1).fill = faulty
        cell: Any = sheet.cell(number, column, text)
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _column(sheet: Worksheet, about: dict[str, Any]) -> int:
    """That of our own title when the workbook has been here before, else the first one right of everything."""
    for cell in sheet[about["header_row"]] if about["header_row"] else ():
        if cell.value == about["title"]:
            return int(cell.column)
    rows = sheet.iter_rows(values_only=True)
    return 1 + max((at for row in rows for at, value in enumerate(row, 1) if value is not None), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
