"""The customer's workbook back with what became of its rows: faulty cells coloured, a column with the reasons.

His own workbook where openpyxl can write it, with all that is in it. Otherwise, for a text file, an old format or a
very long sheet, a new workbook with the same columns.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nps.adapters.sample_sheet.limits import CHILD_WALL_S
from nps.adapters.sample_sheet.marking_child import FAULTY, MENDED
from nps.adapters.sample_sheet.reader import python_child

_WIDTH = 24
_REASON_WIDTH = 70
_MODULE = "nps.adapters.sample_sheet.marking_child"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table of the base is: name and index of the sheet, row of the header, title of our own column."""

    sheet: str
    index: int
    header_row: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of a row of the `place`-th sheet; columns are indexes from 0."""

    place: int
    row: int
    faulty: Sequence[int]
    mended: Sequence[int]
    text: str


def mark_own(file: Path, out: Path, places: Sequence[Place], marks: Iterable[Mark]) -> bool:
    """Write the workbook with the marks to `out`; False when it could not be read or written so."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told, tempfile.TemporaryFile() as said:
        told.write(json.dumps([asdict(place) for place in places]) + "\n")
        for mark in marks:
            told.write(json.dumps([mark.place, mark.row, list(mark.faulty), list(mark.mended), mark.text]) + "\n")
        told.seek(0)
        child = python_child(_MODULE, str(file.resolve()), str(out.resolve()), stdin=told, stderr=said)
        try:
            done = child.wait(CHILD_WALL_S) == 0
        except subprocess.TimeoutExpired:
            done = False
        finally:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        said.seek(0)
        if words := said.read().decode(errors="replace").strip():
            # The kind of the error only: its words may hold a cell (R20).
            log.info("%s is not marked: %s", file.name, words.splitlines()[-1].partition(":")[0])
    if not done:
        with contextlib.suppress(FileNotFoundError):
            out.unlink()
    return done


@dataclass(frozen=True, slots=True)
class Copied:
    """A sheet of a new workbook: the header and the texts of the rows, with their marks."""

    place: Place
    titles: Sequence[str]
    rows: Iterable[tuple[Sequence[str], Mark | None]]


def write_copy(out: Path, sheets: Iterable[Copied]) -> None:
    """Write a new workbook with these sheets, marked. Raises OSError."""
    from openpyxl import Workbook

    book: Any = Workbook(write_only=True)
    for copied in sheets:
        _copy(book.create_sheet(copied.place.sheet[:31] or "База"), copied)
    book.save(out)


def _copy(sheet: Any, copied: Copied) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    place, titles = copied.place, copied.titles
    fills = {True: PatternFill("solid", FAULTY), False: PatternFill("solid", MENDED)}

    def cell(text: str, fill: PatternFill | None = None, font: Font | None = None) -> Any:
        made: Any = WriteOnlyCell(sheet, text)
        made.data_type = "s"  # a text that begins with «=» is no formula
        if fill:
            made.fill = fill
        if font:
            made.font = font
        return made

    own = list(titles).index(place.title) if place.title in titles else len(titles)
    width = [*titles[:own], *titles[own + 1 :]]
    for index in range(len(width)):
        sheet.column_dimensions[get_column_letter(index + 1)].width = _WIDTH
    sheet.column_dimensions[get_column_letter(len(width) + 1)].width = _REASON_WIDTH
    sheet.append([cell(title, font=Font(bold=True)) for title in (*width, place.title)])
    for texts, mark in copied.rows:
        colours = {index: fills[False] for index in mark.mended} if mark else {}
        colours |= {index: fills[True] for index in mark.faulty} if mark else {}
        cells = [
            cell(text, colours.get(index)) for index, text in enumerate(_padded(texts, len(titles))) if index != own
        ]
        sheet.append([*cells, cell(mark.text if mark else "")])


def _padded(texts: Sequence[str], width: int) -> list[str]:
    return [*texts[:width], *[""] * (width - len(texts))]
