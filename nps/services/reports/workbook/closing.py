"""The sheet «При закрытии»: a closed wave as it was closed, beside the figures of the workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from nps.adapters.report_sheet import Sheet, Value
from nps.domain.frozen_report import Cell, Unit
from nps.domain.local_time import date_words, to_local
from nps.queries.reports import Report
from nps.queries.reports.frozen import Frozen, figures_of
from nps.services.reports.workbook.words import columns, share

TITLE = "При закрытии"
_HEAD = ("Раздел", "Показатель", "Что", "При закрытии", "Сейчас", "Изменилось")


def closing_sheet(frozen: Frozen, report: Report) -> Sheet:
    """Every kept figure, what it is now, and whether it has changed."""
    return Sheet(TITLE, columns(_HEAD, (30, 44, 22, 18, 18, 14)), list(_rows(frozen, report)), fixed=2)


def _rows(frozen: Frozen, report: Report) -> Iterator[tuple[Value, ...]]:
    at = to_local(frozen.row.taken_at, report.zone)
    taken = f"{date_words(at.date())} {at.year}, {at:%H:%M}"
    code = frozen.row.digest
    intact = code if frozen.is_intact else f"{code}: не сходится, снимок изменён в обход системы"
    yield "Снимок", "Сделан", "", taken, None, None
    yield "Снимок", f"Контрольная сумма, редакция {frozen.row.edition}", "", intact, None, None
    live = {(table.code, row.key): row.cells for table in figures_of(report).tables for row in table.rows}
    for table in frozen.figures.tables:
        for row in table.rows:
            now = live.get((table.code, row.key), ())
            for index, cell in enumerate(row.cells):
                after = now[index] if index < len(now) else None
                what = table.head[index + 1] if len(row.cells) > 1 else ""
                if not table.compared:
                    yield table.title, row.label, what, _value(cell), None, None
                    continue
                yield table.title, row.label, what, _value(cell), _value(after), "да" if after != cell else "нет"


def _value(cell: Cell | None) -> Value:
    if cell is None or cell.value is None:
        return "—"
    if isinstance(cell.value, tuple):
        return share(*cell.value)
    if cell.unit in (Unit.TRAFFIC, Unit.LENGTH):
        return timedelta(seconds=cell.value)
    return round(cell.value, 1) if cell.unit is Unit.POINTS else cell.value
