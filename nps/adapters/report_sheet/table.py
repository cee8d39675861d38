"""A table as CSV for programs of the customer's: UTF-8 with a byte-order mark, `;`, lines ended as in RFC 4180."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nps.adapters.report_sheet.book import ACTIVE_START, clean
from nps.adapters.report_sheet.files import whole_file


def write_table(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the table at `path`, whole or not at all; `progress` hears of every row.

    CSV has no way to say that a text is one, so a text that begins like a formula gets an apostrophe before it (OWASP
    ASVS 5.0 1.2.10). Raises OSError.
    """
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(header)
        for number, row in enumerate(rows, 1):
            writer.writerow([_cell(value) for value in row])
            progress(number)
        text.flush()
        text.detach()


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(ACTIVE_START) else text
