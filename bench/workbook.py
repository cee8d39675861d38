"""The workbook of 100,000 questionnaires: the writer of the product against openpyxl's write-only mode, same cells.

Each runs in a process of its own, so that its memory is its own: `python -m bench.workbook product|openpyxl ROWS`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from nps.adapters.report_sheet import Book, Column, Sheet, write_book
from nps.queries.reports.contract_forms import ANSWERS_FORM

ROUNDS = 3
BOUND, MEMORY_BOUND = 1.0, 1.5


def rows(number: int) -> Iterator[tuple[str | int, ...]]:
    """Questionnaires as they look: INN and phone as text, a rating, words with a line in ten."""
    for n in range(number):
        yield (
            f"ОП {n % 13}",
            f"{1_800_000_000 + n}",
            f"ООО «Энергомонтаж-{n}»",
            "Кузнецова Светлана Ильинична",
            f"+7917{n % 10_000_000:07}",
            n % 10 + 1,
            "срок доставки товара; ассортимент товара" if n % 3 else "",
            "Ждали кабель две недели, хотя обещали три дня" if n % 10 == 0 else "",
        )


def by_product(file: Path, number: int) -> None:
    """Write as the product does."""
    columns = [Column(title, 20) for title in ANSWERS_FORM]
    write_book(file, Book("Волна", "Отчёт", "Опрос", datetime.now(UTC), [Sheet("Анкета", columns, rows(number))]))


def by_openpyxl(file: Path, number: int) -> None:
    """Write the same typed cells with openpyxl's write-only mode, its style set once."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Анкета")
    model = WriteOnlyCell(sheet)
    model.number_format = "@"
    look = model._style  # type: ignore[attr-defined]
    sheet.append(list(ANSWERS_FORM))
    for row in rows(number):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell._style, cell.data_type = look, "s"  # type: ignore[attr-defined]
            cells.append(cell)
        sheet.append(cells)
    book.save(file)


def _alone(name: str, number: int) -> tuple[float, float]:
    """Seconds of the work and the peak memory of its process in MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.workbook", name, str(number)], check=True, capture_output=True, text=True
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def measure(number: int) -> list[str]:
    """Compare; names what is over its bound: the product is slower, or its memory grows with the rows."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_alone("product", number))
        theirs.append(_alone("openpyxl", number))
    ratio = median(a[0] / b[0] for a, b in zip(ours, theirs, strict=True))
    growth = ours[0][1] / _alone("product", number // 10)[1]
    print(
        f"workbook  {number:>9,} questionnaires: {median(s for s, _ in ours):.2f} s, {ours[0][1]:.0f} MiB; openpyxl "
        f"write-only {median(s for s, _ in theirs):.2f} s, {theirs[0][1]:.0f} MiB = {ratio:.2f} x (bound {BOUND:g}); "
        f"memory against a tenth of the rows {growth:.2f} x (bound {MEMORY_BOUND:g})",
        flush=True,
    )
    slow = [f"workbook / openpyxl: {ratio:.2f}"] if ratio > BOUND else []
    return slow + ([f"memory of the workbook: {growth:.2f}"] if growth > MEMORY_BOUND else [])


def _main(name: str, number: int) -> None:
    """Run one writer and print what it took."""
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        started = time.perf_counter()
        {"product": by_product, "openpyxl": by_openpyxl}[name](Path(folder) / "x.xlsx", number)
        took = time.perf_counter() - started
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
