"""The base of a campaign as it stands, in the columns in which it came: loaded again it changes nothing (R2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import Book, Sheet, Value, write_book
from nps.domain.disposition import TABLE
from nps.domain.local_time import Zone, to_local
from nps.domain.phone import show
from nps.domain.sample import FIELDS
from nps.domain.why import Why
from nps.domain.wording import STATE_WORDS, why_text
from nps.models import RespondentPhone
from nps.queries.campaigns import CampaignRow
from nps.queries.clients import WholeClient, whole_base
from nps.queries.reports import Slice
from nps.services.reports.building import Progress, silent
from nps.services.reports.workbook.words import AUTHOR, columns

_WIDTHS = (20, 16, 40, 32, 44, 28)
#: What the system has learned: none of these titles names a field of a base.
_LEARNED = ("Состояние", "Что дальше", "Оценка", "Последний вызов", "Его итог", "Не отвечают", "Пояснения", "Заметка")
_LEARNED_WIDTHS = (18, 40, 8, 18, 26, 24, 30, 40)


def write_base(
    session: Session,
    campaign: CampaignRow,
    file: Path,
    now: datetime,
    zone: Zone,
    where: Slice,
    progress: Progress = silent,
) -> None:
    """Write the clients at `file`, with the ratings that `where` lets be seen; the caller has begun the snapshot.

    Raises OSError, TooManyRowsError.
    """
    titles = columns((*FIELDS.values(), *_LEARNED), (*_WIDTHS, *_LEARNED_WIDTHS))
    clients = whole_base(session, campaign.id, checked_only=where.checked_only)
    rows = (_cells(client, zone, now) for client in clients)
    sheet = Sheet("База", titles, rows, fixed=len(_WIDTHS) - 3)
    write_book(
        file, Book(campaign.title, "База клиентов", AUTHOR, now, [sheet], company=campaign.customer_name), progress
    )


def _cells(row: WholeClient, office: Zone, now: datetime) -> tuple[Value, ...]:
    client, zone = row.client, row.zone or office
    why = why_text(Why.from_json(client.next_reason), zone, now)
    return (
        row.branch, client.inn or "", client.organisation, client.contact, "; ".join(map(_number, row.phones)),
        client.email, STATE_WORDS[client.state], why, row.rating,
        to_local(row.last_call, zone).replace(tzinfo=None) if row.last_call else None,
        TABLE[row.result].label if row.result else "", ", ".join(_dead(row.phones)), "; ".join(_words(row.phones)),
        client.note,
    )  # fmt: skip


def _number(phone: RespondentPhone) -> str:
    return show(phone.e164, phone.extension)


def _dead(phones: list[RespondentPhone]) -> Iterator[str]:
    return (_number(phone) for phone in phones if phone.state == "dead")


def _words(phones: list[RespondentPhone]) -> Iterator[str]:
    return (phone.words for phone in phones if phone.words)
