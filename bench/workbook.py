"""The workbook of 100,000 questionnaires: the writer of the product against openpyxl's write-only mode, same cells.

Each runs in a process of its own, so that its memory is its own. Run: `python -m bench.workbook [rows]`.
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

ROUNDS, ROWS = 3, 100_000
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
    look = model._style
    sheet.append(list(ANSWERS_FORM))
    for row in rows(number):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell._style, cell.data_type = look, "s"
            cells.append(cell)
        sheet.append(cells)
    book.save(file)


def measure(name: str, number: int) -> tuple[float, float]:
    """Seconds of the work and the peak memory of its process in MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.workbook", name, str(number)], check=True, capture_output=True, text=True
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> int:
    """Compare; ends with 1 when the product is slower, or its memory grows with the rows."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(measure("product", number))
        theirs.append(measure("openpyxl", number))
    ratio = median(a[0] / b[0] for a, b in zip(ours, theirs, strict=True))
    small = measure("product", number // 10)
    growth = ours[0][1] / small[1]
    print(
        f"{number:,} questionnaires: {median(s for s, _ in ours):.2f} s, {ours[0][1]:.0f} MiB; openpyxl write-only "
        f"{median(s for s, _ in theirs):.2f} s, {theirs[0][1]:.0f} MiB = {ratio:.2f} x (bound {BOUND:g}); "
        f"memory against a tenth of the rows {growth:.2f} x (bound {MEMORY_BOUND:g})"
    )
    return 1 if ratio > BOUND or growth > MEMORY_BOUND else 0


def one(name: str, number: int) -> None:
    """Run one writer and print what it took."""
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        started = time.perf_counter()
        {"product": by_product, "openpyxl": by_openpyxl}[name](Path(folder) / "x.xlsx", number)
        took = time.perf_counter() - started
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        sys.exit(main())
