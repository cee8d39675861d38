"""`python -m nps.adapters.sample_sheet.child FILE PARENT_PID`: reads a workbook where nothing but itself can be harmed.

Limits on memory and processor time are set before a byte of the file is looked at, and the kernel ends this process
together with its parent. Standard output is one JSON value a line: `{"sheet": name, "hidden": bool}`, then
`[row number, [texts]]` for each filled row, at the end `{"done": true}` or `{"error": code, "place": cell}`.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from nps.adapters.sample_sheet import cage
from nps.adapters.sample_sheet.limits import MAX_CELL_CHARS, MAX_COLUMNS, MAX_ROWS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_STDERR_BYTES = 64 * 1024
_STRICT = b"http://purl.oclc.org/ooxml/"
#: What no database takes and nobody typed: control characters, halves of surrogate pairs, non-characters.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ALL_DIGITS_EXACT = 1e15


class _Refused(Exception):
    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(code, place)
        self.code = code
        self.place = place


def main(path: str, parent: int) -> int:
    """Print the workbook; the exit code is 0 when the last line says how it ended."""
    cage.lock(parent, _STDERR_BYTES)
    try:
        for line in _lines(path):
            _say(line)
        _say({"done": True})
    except _Refused as refusal:
        _say({"error": refusal.code, "place": refusal.place})
    except MemoryError:
        _say({"error": "heavy", "place": ""})
    except Exception as error:
        # openpyxl fails on a bad file in as many ways as there are bad files; all mean the same to its owner.
        _say({"error": _code_of(error), "place": ""})
        with contextlib.suppress(Exception):
            print(f"{type(error).__name__}: {error}"[:500], file=sys.stderr)  # noqa: T201
    return 0


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")


def _code_of(error: Exception) -> str:
    """openpyxl wraps what it caught, so the whole chain is looked at."""
    at: BaseException | None = error
    while at is not None:
        if type(at).__module__.startswith("defusedxml"):
            return "unsafe"
        at = at.__cause__ or at.__context__
    return "damaged"


def _lines(path: str) -> Iterator[Any]:
    import openpyxl

    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is missing: XML bombs would not be refused")
    with open(path, "rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.sheetnames:
            raise _Refused("strict" if _is_strict(path) else "no_sheets")
        for sheet in book.worksheets:
            hidden = sheet.sheet_state != "visible"
            yield {"sheet": _text(sheet.title), "hidden": hidden}
            if not hidden:
                yield from _rows(sheet)


def _is_strict(path: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith("workbook.xml"):
                with archive.open(name) as part:
                    return _STRICT in part.read(65536)
    return False


def _rows(sheet: Worksheet) -> Iterator[list[Any]]:
    """Rows with something in them. The size that the sheet declares is not believed: rows beyond it would vanish."""
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_text(value) for value in row[:MAX_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        _check_beyond(number, row)
        if not cells:
            continue
        if number > MAX_ROWS:
            raise _Refused("rows", f"A{number}")
        yield [number, cells]


def _check_beyond(number: int, row: tuple[Any, ...]) -> None:
    for column in range(MAX_COLUMNS, len(row)):
        if row[column] is not None and _text(row[column]):
            from openpyxl.utils import get_column_letter

            raise _Refused("columns", f"{get_column_letter(column + 1)}{number}")


def _text(value: Any) -> str:
    """The cell as a person reads it: whole numbers without «.0», dates by day."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _clean(value)
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
    return _UNWANTED.sub("", text[:MAX_CELL_CHARS]).strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
