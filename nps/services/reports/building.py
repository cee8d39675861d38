"""Writing a campaign's files from one state of the database, whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import write_book, write_table
from nps.domain.local_time import Zone
from nps.queries.campaigns import CampaignRow
from nps.queries.clients import number_of_clients
from nps.queries.reports import AnswerFilter, Slice, all_answers, all_calls, all_escalations, base_of, campaign_report
from nps.queries.reports.answers import number_of_answers
from nps.queries.reports.calls import call_counts, number_of_dials
from nps.queries.reports.contract_forms import ANSWERS_FORM
from nps.queries.reports.frozen import frozen_wave
from nps.services.reports.workbook import answer_cells, book_of, forms_of

Progress = Callable[[int], None]
_PHONE = ANSWERS_FORM.index("Телефон")


def silent(_: int) -> None:
    """Nobody waits for the progress."""


def write_workbook(
    session: Session,
    campaign: CampaignRow,
    file: Path,
    now: datetime,
    zone: Zone,
    where: Slice,
    progress: Progress = silent,
) -> None:
    """Write the workbook at `file`; the caller has begun the snapshot. Raises OSError, TooManyRowsError."""
    report = campaign_report(session, campaign, now, zone, where)
    book = book_of(
        report,
        all_answers(session, campaign.id, AnswerFilter(where=where)),
        all_escalations(session, campaign.id),
        all_calls(session, campaign.id),
        frozen_wave(session, campaign.id, where) if campaign.closed_at else None,
    )
    write_book(file, book, progress)


def write_forms(
    session: Session, campaign: CampaignRow, file: Path, now: datetime, where: Slice, progress: Progress = silent
) -> None:
    """Write the contract's two tables at `file`, as `write_workbook` does."""
    calls, clients = call_counts(session, campaign.id), base_of(session, campaign.id).total
    write_book(
        file,
        forms_of(campaign, calls, clients, all_answers(session, campaign.id, AnswerFilter(where=where)), now),
        progress,
    )


def write_answers(
    session: Session, campaign: CampaignRow, file: Path, where: Slice, progress: Progress = silent
) -> None:
    """Write the questionnaire as CSV, phones as 7XXXXXXXXXX; the caller has begun the snapshot. Raises OSError."""
    write_table(file, ANSWERS_FORM, _rows(session, campaign.id, where), progress)


def size_of_file(session: Session, campaign: CampaignRow, form: str, where: Slice) -> int:
    """About how many rows the file will have: what its progress is measured by."""
    if form == "base":
        return number_of_clients(session, campaign.id)
    answers = number_of_answers(session, campaign.id, AnswerFilter(where=where))
    return answers + number_of_dials(session, campaign.id) if form == "xlsx" else answers


def _rows(session: Session, campaign_id: int, where: Slice) -> Iterator[tuple[str | int, ...]]:
    for row in all_answers(session, campaign_id, AnswerFilter(where=where)):
        cells = answer_cells(row)
        phone = str(cells[_PHONE]).removeprefix("+")
        yield (*cells[:_PHONE], phone, *cells[_PHONE + 1 :])
