"""Reads a workbook row by row, cautiously: nothing that a sheet says about itself is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import openpyxl

from nps.adapters.sample_sheet.sheet_xml import Look
from nps.adapters.sample_sheet.texts import Outside, Refused, numbered, text_of


def read(path: str, looks: Mapping[str, Look] = MappingProxyType({})) -> Iterator[Any]:
    """Yield `{"sheet", "hidden"}` and the rows of each visible sheet. Raises Refused, and whatever openpyxl raises.

    `looks`: what the workbook's XML says, by the sheet's name.
    """
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is missing: XML bombs would not be refused")
    # Row by row openpyxl leaves out a row whose number goes back; as a whole it puts each in its place.
    as_whole = not all(look.ordered for look in looks.values())
    with open(path, "rb") as file:
        book = openpyxl.load_workbook(file, read_only=not as_whole, data_only=True, keep_links=False)
        if not book.sheetnames:
            raise Refused("no_sheets")
        for sheet in book.worksheets:
            hidden = sheet.sheet_state != "visible"
            yield {"sheet": text_of(sheet.title), "hidden": hidden}
            if hidden:
                continue
            if not as_whole:
                # The size that the sheet declares is not believed: rows beyond it would vanish.
                sheet.reset_dimensions()
            look = looks.get(sheet.title)
            yield from numbered(sheet.iter_rows(values_only=True), look.outside if look else Outside())
