"""The workbook that is handed over, opened and written once more by LibreOffice: every cell is as it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session

from nps.models import Campaign
from tests import factories
from tests.factories import NOW
from tests.office import convert
from tests.web.test_reports import answer, campaign

__all__ = ["campaign"]


def cells(book: Workbook) -> dict[str, list[list[object]]]:
    """Every value by sheet, lengths of time in seconds whichever way they are kept."""
    found = {}
    for sheet in book.worksheets:
        rows = [[_value(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        found[sheet.title] = rows
    return found


def _value(value: object) -> object:
    match value:
        case timedelta():
            return round(value.total_seconds())
        case time():
            return value.hour * 3600 + value.minute * 60 + value.second
        case datetime():
            return value.replace(microsecond=0)
        case float():
            return round(value, 9)
    return value


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_libreoffice_keeps_every_cell(
    session: Session, campaign: Campaign, login: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    operator = factories.member(session, campaign)
    hostile = ("=1+1", "+7", "@SUM(A1)", "00123", "1e5", "TRUE", "строка\nвторая", "«Ёлка» & <Ко>")
    for n, words in enumerate(hostile):
        client = factories.respondent(
            session, campaign, state="surveyed", next_call_at=None, organisation=words, inn=f"018{n:07d}"
        )
        call = factories.attempt(session, client, operator, "surveyed", talk_ms=59_999, at=NOW + timedelta(hours=n))
        answer(session, call, 1 + n % 8, words=words, comment=words, reasons=("срок доставки товара", words))
    written = login("manager").get(f"/campaigns/{campaign.id}/report.xlsx").data
    (tmp_path / "report.xlsx").write_bytes(written)

    again = load_workbook(convert(tmp_path / "report.xlsx", "xlsx") / "report.xlsx")
    ours = load_workbook(io.BytesIO(written))

    assert cells(again) == cells(ours)
    for sheet in ours.worksheets:
        other = again[sheet.title]
        assert other.auto_filter.ref == sheet.auto_filter.ref, sheet.title
        assert len(other._charts) == len(sheet._charts)
        assert not [cell.coordinate for row in other.iter_rows() for cell in row if cell.data_type == "f"]
    taxpayers = {cell.value for cell in again["Анкета"]["B"]}
    assert {f"018{n:07d}" for n in range(len(hostile))} < taxpayers, "leading zeros stay"
