"""A stop list from a file: read, shown row by row, and entered when a person says so (R21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import Book, Column, Sheet, book_bytes
from nps.adapters.sample_sheet import SheetError, SheetRow, SheetStart, read, store
from nps.domain.errors import DomainError
from nps.domain.given_reason import given_reason
from nps.domain.grouped import number
from nps.domain.local_time import Zone, to_local
from nps.domain.sample import TAKEN_BY, Row, StopEntry, StopFate, StopRow, name_key, stop_rows, stop_table
from nps.queries import customer_lists
from nps.queries.campaigns import CampaignRow
from nps.services import limits, stop_list
from nps.services.transaction import AnySession

#: The job on the queue `bulk` that calls `forget_drafts`.
FORGET_JOB = "nps.jobs.sample.forget_drafts"
#: More rows than a request has time for.
MOST_ROWS = 20_000
#: Why, where neither row nor person says so.
_REASON = "По списку заказчика"
_HIDDEN = "Скрытый лист не прочитан. Если он нужен, покажите его в Excel и загрузите файл снова."
_UNSEEN = "Строка была скрыта."
_COLUMNS = (("Телефон", 20), ("ИНН", 16), ("Причина", 60), ("Внёс", 30), ("Когда", 20))


@dataclass(frozen=True, slots=True)
class Receipt:
    """All rows of a file. `asks`: it has numbers and INNs, and nobody has said which are meant."""

    rows: Sequence[StopRow]
    counts: Mapping[str, int]
    asks: bool
    has_both: bool

    @property
    def new(self) -> list[StopEntry]:
        """What is entered when a person says so."""
        return [entry for row in self.rows for entry in row.new]


def keep(campaign: CampaignRow, source: IO[bytes]) -> str:
    """Keep a file until its receipt has been read; its name. Raises SheetError for what can't be read as a table."""
    name = store.keep_draft(source, str(campaign.id))
    try:
        _tables(campaign, name)
    except DomainError:
        store.draft(name, str(campaign.id)).unlink()
        raise
    return name


def are_drafts_outdated(now: datetime) -> bool:
    """Whether a file has waited for longer than it may; for the sweeper."""
    return bool(store.drafts(now - store.DRAFTS_KEPT))


def forget_drafts(now: datetime) -> None:
    """Delete the files that nobody has decided about in time."""
    for path in store.drafts(now - store.DRAFTS_KEPT):
        path.unlink(missing_ok=True)


def receipt(session: Session, campaign: CampaignRow, name: str, taken_by: str) -> Receipt:
    """What becomes of each row, nothing written. `taken_by`: a code of `TAKEN_BY`, or ''. Raises SheetError."""
    sheets = _tables(campaign, name)
    tables = [(sheet, sheet.rows, stop_table(sheet.rows)) for sheet in sheets if not sheet.is_hidden]
    found = frozenset[str]().union(*(table.kinds for _, _, table in tables))
    has_both = len(found) > 1
    kinds = found if not has_both or taken_by == "both" else found & {taken_by}
    listed = customer_lists.listed_values(session, campaign.customer_id)
    names = {name_key(text) for _, of_sheet, table in tables for _, cells in of_sheet if (text := table.name(cells))}
    inns = customer_lists.inns_by_name(session, campaign.customer_id, names if "inn" in kinds else ())
    seen: dict[str, str] = {}
    rows = [StopRow(f"лист «{sheet.name}»", "", StopFate.WRONG, _HIDDEN) for sheet in sheets if sheet.is_hidden]
    for sheet, of_sheet, table in tables:
        told = stop_rows(of_sheet, table, kinds, listed, seen, sheet.name if len(tables) > 1 else "", inns)
        rows += [
            replace(row, note=f"{row.note} {_UNSEEN}".strip()) if at in sheet.unseen else row
            for (at, _), row in zip(of_sheet, told, strict=True)
        ]
    counted = Counter(row.fate for row in rows)
    counts = {str(fate): counted[fate] for fate in StopFate}
    return Receipt(rows, counts, has_both and taken_by not in TAKEN_BY, has_both)


def enter(
    session: AnySession, actor_id: int, campaign: CampaignRow, name: str, *, taken_by: str, reason: str, now: datetime
) -> int:
    """Put what is new in the file on the list; how many entries came. Raises SheetError, DomainError (`taken_by`)."""
    real = session if isinstance(session, Session) else session()
    found = receipt(real, campaign, name, taken_by)
    if found.asks:
        raise DomainError("taken_by", "В файле и номера, и ИНН. Выберите, что вносить.")
    said = given_reason(reason or _REASON, longest=300)
    return stop_list.add_many(session, actor_id, campaign.id, found.new, said, now)


def export(
    session: AnySession, *, user_id: int, campaign: CampaignRow, address: str, now: datetime, zone: Zone
) -> bytes:
    """The entries in force as a workbook, which can be loaded as a list again; written down before it leaves (R20)."""
    limits.take_export(session, user_id, "report_downloaded", ("campaign", campaign.id), now, address)
    real = session if isinstance(session, Session) else session()
    entries = customer_lists.stop_list(real, campaign.customer_id)
    rows = [
        (row.e164, row.inn, row.reason, row.by, to_local(row.at, zone).replace(tzinfo=None))
        for row in entries
        if row.lifted_at is None
    ]
    sheet = Sheet("Стоп-лист", [Column(title, width) for title, width in _COLUMNS], rows)
    return book_bytes(Book("Стоп-лист", campaign.customer_name, "Опрос клиентов", now, [sheet]))


@dataclass(slots=True)
class _Sheet:
    """A sheet with its rows; nothing of a hidden one is read. `unseen`: rows that whoever opens it does not see."""

    name: str
    is_hidden: bool
    rows: list[Row] = field(default_factory=list)
    unseen: set[int] = field(default_factory=set)


def _tables(campaign: CampaignRow, name: str) -> list[_Sheet]:
    """The sheets with rows, and the hidden ones. Raises SheetError, DomainError."""
    path = store.draft(name, str(campaign.id))
    try:
        sheets = _sheets(read(path))
    except SheetError as error:
        if error.code != "csv_no_columns":
            raise
        # A list of numbers, one a line.
        sheets = _sheets(read(path, text_as=("", ";")))
    if all(sheet.is_hidden for sheet in sheets):
        raise SheetError("no_rows")
    return sheets


def _sheets(events: Iterator[SheetStart | SheetRow]) -> list[_Sheet]:
    sheets: list[_Sheet] = []
    rows = 0
    for event in events:
        if isinstance(event, SheetStart):
            sheets.append(_Sheet(event.name, event.hidden))
            continue
        sheets[-1].rows.append((event.number, event.cells))
        if event.unseen:
            sheets[-1].unseen.add(event.number)
        rows += 1
        if rows > MOST_ROWS:
            raise DomainError("many_rows", f"В файле больше {number(MOST_ROWS)} строк. Разделите его на части.")
    return [sheet for sheet in sheets if sheet.rows or sheet.is_hidden]
