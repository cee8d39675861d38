"""The table of a letter as a workbook beside it: the same columns, the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from flask_mail import Attachment

from nps.adapters.report_sheet import Book, Column, Sheet, book_bytes

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS = (32, 14, 32, 20, 28, 60)


def workbook(number: int, columns: Sequence[tuple[str, str]], written_at: datetime) -> Attachment:
    """`columns` are pairs of heading and value, as in the letter; the file's name says its number only."""
    title = f"Обращение {int(number)}"
    sheet = Sheet(
        title,
        [Column(heading, width) for (heading, _), width in zip(columns, _WIDTHS, strict=True)],
        [[value for _, value in columns]],
    )
    book = Book(title, "Обращение клиента", "Опрос клиентов", written_at, [sheet])
    name = re.sub(r"\D", "", str(number))
    return Attachment(f"obraschenie_{name}.xlsx", _XLSX, book_bytes(book), "attachment")
