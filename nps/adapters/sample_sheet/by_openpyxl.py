"""Reads a workbook row by row, cautiously: nothing that a sheet says about itself is believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openpyxl

from nps.adapters.sample_sheet.texts import Refused, numbered, text_of


def read(path: str) -> Iterator[Any]:
    """Yield `{"sheet", "hidden"}` and the rows of each visible sheet. Raises Refused, and whatever openpyxl raises."""
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is missing: XML bombs would not be refused")
    with open(path, "rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.sheetnames:
            raise Refused("no_sheets")
        for sheet in book.worksheets:
            hidden = sheet.sheet_state != "visible"
            yield {"sheet": text_of(sheet.title), "hidden": hidden}
            if not hidden:
                # The size that the sheet declares is not believed: rows beyond it would vanish.
                sheet.reset_dimensions()
                yield from numbered(sheet.iter_rows(values_only=True))
