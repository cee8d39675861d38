"""Words and values that several sheets share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from nps.adapters.report_sheet import Column, Share, Value
from nps.domain.local_time import date_words
from nps.queries.reports import Report

AUTHOR = "Опрос клиентов"


def data_age(report: Report) -> str:
    """«данные на 18 ноября 2026, 15:42 (UTC+4)»."""
    return f"данные на {moment(report.local_at)}"


def moment(at: datetime) -> str:
    """«18 ноября 2026, 15:42 (UTC+4)»; `at` is an aware local time."""
    hours = int((at.utcoffset() or timedelta()).total_seconds() // 3600)
    return f"{date_words(at.date())} {at.year}, {at:%H:%M} (UTC+{hours})"


def columns(titles: Sequence[str], widths: Sequence[int]) -> tuple[Column, ...]:
    """Columns by header and width."""
    return tuple(Column(title, width) for title, width in zip(titles, widths, strict=True))


def whole_minutes(seconds: int) -> int:
    """Whole minutes, a started one counted: seconds billed by the minute come out even."""
    return -(-seconds // 60)


def share(part: int, whole: int) -> Value:
    """Cut to tenths of a percent, as on the page: 74,95 % must not read as 75,0 %."""
    return Share(1000 * part // whole / 1000) if whole else "—"
