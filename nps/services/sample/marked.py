"""The customer's workbook back, with what became of its rows: ready to be put right and loaded again (R2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters import sample_sheet
from nps.adapters.sample_sheet import SheetRow, SheetStart, marking, store
from nps.adapters.sample_sheet.limits import MAX_MARKED_ROWS
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.sample import FATE_WORDS, MARK_TITLE, Columns, Understood, row_of_sheet
from nps.queries import sample as queries
from nps.services.journal import log_access
from nps.services.transaction import write

_GONE = "Файла этой загрузки на сервере уже нет. Итог по строкам остался на этой странице."
_MAX_STEM = 120


@dataclass(frozen=True, slots=True)
class MarkedWorkbook:
    """A finished workbook, to be sent and deleted; `plain_name` is for programs without Cyrillic."""

    file: Path
    name: str
    plain_name: str


def marked_workbook(
    session: Session, *, user_id: int, campaign_id: int, import_id: int, folder: Path, now: datetime, address: str = ""
) -> MarkedWorkbook:
    """Build it in `folder` and write down who took it.

    A base of more than 20,000 rows gives only those that need a look. Raises NotFoundError, DomainError when there is
    no receipt or the file is gone, SheetError, OSError.
    """
    load = queries.load(session, campaign_id, import_id)
    if load is None:
        raise NotFoundError("Такой загрузки нет.")
    source = queries.file_path(session, import_id)
    if load.state not in ("checked", "published") or not load.understood.sheets or not store.workbook(source).is_file():
        raise DomainError("no_workbook", _GONE)
    with write(session) as s:
        log_access(
            s, at=now, user_id=user_id, action="sample_downloaded", object_kind="sample_import", object_id=import_id,
            address=address,
        )  # fmt: skip
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    out = folder / f"{secrets.token_hex(16)}.xlsx"
    try:
        _build(session, store.workbook(source), out, load)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    finally:
        session.rollback()
    stem = load.file_name.rpartition(".")[0] or load.file_name
    return MarkedWorkbook(out, f"{stem[:_MAX_STEM]} — с пометками.xlsx", f"base-{import_id}-marked.xlsx")


def _build(session: Session, source: Path, out: Path, load: queries.LoadRow) -> None:
    parts = load.understood.parts
    names = zip(parts, load.understood.names, strict=True)
    places = [marking.Place(name, part.sheet, part.header.row, MARK_TITLE) for part, name in names]
    columns = [part.header.columns for part in parts]
    is_long = load.rows_total > MAX_MARKED_ROWS
    marks = _marks(queries.rows_to_mark(session, load.id), columns)
    if not is_long and marking.mark_own(source, out, places, marks):
        return
    own = _Marks(_marks(queries.rows_to_mark(session, load.id), columns))
    marking.write_copy(out, _copied(source, load.understood, places, own, keep_all=not is_long))


def _copied(
    source: Path, understood: Understood, places: Sequence[marking.Place], marks: _Marks, *, keep_all: bool
) -> Iterator[marking.Copied]:
    """The taken sheets for a new workbook; each is to be written before the next is asked for."""
    groups = groupby(_rows_of(source, understood), key=itemgetter(0))
    group = next(groups, None)
    for at, part in enumerate(understood.parts):
        is_here = group is not None and group[0] == at
        rows = marks.beside(group[1] if group is not None and is_here else (), keep_all=keep_all)
        yield marking.Copied(places[at], part.header.titles, rows)
        if is_here:
            group = next(groups, None)


def _marks(rows: Iterable[queries.RowToMark], columns: Sequence[Columns]) -> Iterator[marking.Mark]:
    for row in rows:
        at, number = row_of_sheet(row.row_no)
        yield marking.Mark(
            at,
            number,
            [place for code in row.faulty for place in columns[at].get(code, ())],
            [place for code in row.changed for place in columns[at].get(code, ())],
            f"{FATE_WORDS[row.fate]}. {row.reason}".strip(),
        )


def _rows_of(source: Path, understood: Understood) -> Iterator[tuple[int, SheetRow]]:
    """Rows under the headers of the taken sheets, each with the position of its sheet among them."""
    parts = understood.parts
    position = {part.sheet: at for at, part in enumerate(parts)}
    sheet = -1
    for event in sample_sheet.read(source, text_as=(understood.encoding, understood.separator)):
        if isinstance(event, SheetStart):
            sheet += 1
        elif sheet in position and event.number > parts[position[sheet]].header.row:
            yield position[sheet], event


class _Marks:
    """Marks in the order of the rows that they are about, one step at a time through all sheets."""

    def __init__(self, marks: Iterator[marking.Mark]) -> None:
        self._marks = marks
        self._next = next(marks, None)

    def beside(
        self, rows: Iterable[tuple[int, SheetRow]], *, keep_all: bool
    ) -> Iterator[tuple[Sequence[str], marking.Mark | None]]:
        """Rows with their marks; without `keep_all` only those that have one."""
        for at, row in rows:
            while self._next is not None and (self._next.place, self._next.row) < (at, row.number):
                self._next = next(self._marks, None)
            mark = self._next if self._next and (self._next.place, self._next.row) == (at, row.number) else None
            if mark or keep_all:
                yield row.cells, mark
