"""The journal as a workbook, for somebody who has to show it (R20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from nps.adapters.report_sheet import Book, Column, Sheet, book_bytes
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
    address: str,
    now: datetime,
) -> bytes:
    """A workbook of lines that are already in words; that the person took them is written down.

    `kind` is «changes» or «access».
    """
    limits.take_export(session, user_id, "journal_exported", ("journal", kind), now, address)
    sheet = Sheet("Журнал", [Column(name, width) for name, width in _COLUMNS], rows)
    return book_bytes(Book(title, "Кто и что делал в системе", "Опрос клиентов", now, [sheet]))
