"""The rows of a list as a workbook of their own, filtered as the page is (R20: written down before it leaves)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import Book, Sheet, fresh_file, write_book
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.local_time import Zone, to_local
from nps.queries.campaigns import campaign_for
from nps.queries.reports import AnswerFilter, CallFilter, all_answers, all_calls, begin_snapshot
from nps.queries.reports.answers import number_of_answers
from nps.queries.reports.calls import number_of_dials
from nps.services import limits
from nps.services.reports.delivery import Download, file_name
from nps.services.reports.workbook import AUTHOR
from nps.services.reports.workbook.layout import answers_sheet, calls_sheet
from nps.services.reports.workbook.words import columns, moment

#: So many rows are written in a second or two; more are ordered as a whole workbook.
MOST_ROWS = 20_000


def chosen_rows(
    session: Session,
    *,
    actor: Actor,
    campaign_id: int,
    wanted: AnswerFilter | CallFilter,
    picked: Sequence[tuple[str, str]],
    folder: Path,
    now: datetime,
    zone: Zone,
    address: str = "",
) -> Download:
    """Write what a filter leaves into `folder`; `picked` tells the filter in words, for a sheet beside the rows.

    What of the campaign the person may see is the caller's to put into `wanted` (`seen_by`). Raises NotFoundError for a
    campaign that is not his to see, DomainError for more rows than a request has time for, TooOftenError.
    """
    campaign = campaign_for(session, actor, campaign_id)
    if campaign is None:
        raise NotFoundError
    if _number(session, campaign_id, wanted) > MOST_ROWS:
        raise DomainError("many_rows", f"Здесь больше {MOST_ROWS} строк: сузьте отбор или закажите всю книгу.")
    limits.take_export(session, actor.id, "report_downloaded", ("campaign", campaign_id), now, address)
    begin_snapshot(session)
    is_calls = isinstance(wanted, CallFilter)
    title = "Звонки" if is_calls else "Ответы"
    rows = [("Проект", campaign.title), ("Данные", moment(to_local(now, zone))), *picked]
    sheets = (_sheet(session, campaign_id, wanted), Sheet("Отбор", columns(("Что", "Значение"), (24, 60)), rows))
    file = fresh_file(folder)
    write_book(file, Book(campaign.title, title, AUTHOR, now, sheets, company=campaign.customer_name))
    return Download(file, *file_name(campaign, now, zone, "calls" if is_calls else "answers"))


def _number(session: Session, campaign_id: int, wanted: AnswerFilter | CallFilter) -> int:
    if isinstance(wanted, CallFilter):
        return number_of_dials(session, campaign_id, wanted)
    return number_of_answers(session, campaign_id, wanted)


def _sheet(session: Session, campaign_id: int, wanted: AnswerFilter | CallFilter) -> Sheet:
    if isinstance(wanted, CallFilter):
        return calls_sheet(all_calls(session, campaign_id, wanted))
    return answers_sheet(all_answers(session, campaign_id, wanted))
