"""The journal as a workbook, for somebody who has to show it (R20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from nps.adapters.report_sheet import Book, Column, Sheet, fresh_file, write_book
from nps.services import limits
from nps.services.transaction import AnySession

_COLUMNS = (("Когда", 20), ("Кто", 30), ("Что", 34), ("Над чем", 44), ("Подробно", 60), ("Адрес", 20))


def export_journal(
    session: AnySession,
    *,
    user_id: int,
    kind: str,
    title: str,
    rows: Iterable[Sequence[str]],
    folder: Path,
    address: str,
    now: datetime,
) -> Path:
    """Write lines that are already in words into a workbook in `folder`, and down that the person took them.

    `kind` is «changes» or «access»; the file belongs to the caller, who deletes it.
    """
    limits.take_export(session, user_id, "journal_exported", ("journal", kind), now, address)
    file, sheet = fresh_file(folder), Sheet("Журнал", [Column(*column) for column in _COLUMNS], rows)
    write_book(file, Book(title, "Кто и что делал в системе", "Опрос клиентов", now, [sheet]))
    return file
