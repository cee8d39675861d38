"""The customer's workbook back, with what became of its rows: ready to be put right and loaded again (R2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from nps.adapters import sample_sheet
from nps.adapters.sample_sheet import SheetRow, SheetStart, marking, store
from nps.adapters.sample_sheet.limits import MAX_MARKED_ROWS
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.sample import FATE_WORDS, MARK_TITLE, Columns
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
    header, index = load.understood.header, load.understood.sheet
    place = marking.Place(load.understood.sheets[index].name, index, header.row, MARK_TITLE)
    marks = _marks(queries.rows_to_mark(session, load.id), header.columns)
    is_long = load.rows_total > MAX_MARKED_ROWS
    if not is_long and marking.mark_own(source, out, place, marks):
        return
    marks = _marks(queries.rows_to_mark(session, load.id), header.columns)
    below = (row for row in _rows_of(source, index) if row.number > place.header_row)
    pairs = _pairs(below, marks)
    marking.write_copy(out, place, header.titles, ((c, m) for c, m in pairs if m or not is_long))


def _marks(rows: Iterable[queries.RowToMark], columns: Columns) -> Iterator[marking.Mark]:
    for row in rows:
        yield marking.Mark(
            row.row_no,
            [place for code in row.faulty for place in columns.get(code, ())],
            [place for code in row.changed for place in columns.get(code, ())],
            f"{FATE_WORDS[row.fate]}. {row.reason}".strip(),
        )


def _rows_of(source: Path, index: int) -> Iterator[SheetRow]:
    at = -1
    for event in sample_sheet.read(source):
        if isinstance(event, SheetStart):
            at += 1
        elif at == index:
            yield event


def _pairs(
    rows: Iterable[SheetRow], marks: Iterator[marking.Mark]
) -> Iterator[tuple[Sequence[str], marking.Mark | None]]:
    """Rows with their marks; both come in the order of the sheet."""
    mark: Any = next(marks, None)
    for row in rows:
        while mark is not None and mark.row < row.number:
            mark = next(marks, None)
        yield row.cells, mark if mark is not None and mark.row == row.number else None
