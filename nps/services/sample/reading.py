"""First step of a load: the workbook becomes rows of text, and we say what we made of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import sample_sheet
from nps.adapters.sample_sheet import SheetError, SheetRow, SheetStart, store
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.sample import (
    HEADER_WITHIN,
    Header,
    Profile,
    Row,
    RowChecker,
    Sheet,
    Understood,
    find_header,
    header_at,
    mapped_by_title,
    mapping_problem,
    profile,
    signature,
)
from nps.models import Campaign, ColumnMapping, SampleImport
from nps.queries import sample as queries
from nps.services.sample.lease import Lease, finish, renew
from nps.services.transaction import AnySession, write

_RENEW_EVERY_ROWS = 5_000
#: Enough to see what a base looks like; a person waits for it.
_NOTICED_WITHIN = 5_000


def read(session: AnySession, lease: Lease, clock: Callable[[], datetime]) -> None:
    """Read the workbook of a load into its file of rows and understand it. Raises SheetError and LeaseLost."""
    path = session.scalars(select(SampleImport.file_path).where(SampleImport.id == lease.import_id)).one()
    customer_id = customer_of(session, lease.campaign_id)
    session.rollback()
    starts: list[SheetStart] = []
    counts: list[int] = []
    rows = 0
    for event in store.keep_rows(lease.import_id, sample_sheet.read(store.workbook(path))):
        if isinstance(event, SheetStart):
            starts.append(event)
            counts.append(0)
            continue
        assert isinstance(event, SheetRow)
        counts[-1] += 1
        rows += 1
        if rows % _RENEW_EVERY_ROWS == 0:
            with write(session) as s:
                renew(s, lease, clock(), rows_done=rows)
    sheets = tuple(Sheet(one.name, one.hidden, count) for one, count in zip(starts, counts, strict=True))
    index, header = _choose(lease.import_id, sheets)
    known = remembered(session, customer_id, header)
    looked_at = Understood(sheets=sheets, remembered=known is not None)
    understood = describe(lease.import_id, looked_at, index, known or header)
    with write(session) as s:
        finish(s, lease, "understood", understood=understood, rows_total=understood.profile.rows, rows_done=0)


def _choose(import_id: int, sheets: Sequence[Sheet]) -> tuple[int, Header]:
    """The visible sheet whose header names most fields, of two such the longer one.

    Without any, the first row of the first sheet with rows.
    """
    best: tuple[int, Header] | None = None
    first: tuple[int, Header] | None = None
    for index, sheet in enumerate(sheets):
        if sheet.hidden or not sheet.rows:
            continue
        head = head_rows(import_id, index)
        found = find_header(head)
        if found and (best is None or _rank(found, sheet) > _rank(best[1], sheets[best[0]])):
            best = index, found
        first = first or (index, header_at(*head[0]))
    chosen = best or first
    if chosen is None:
        raise SheetError("no_rows")
    return chosen


def _rank(header: Header, sheet: Sheet) -> tuple[int, int]:
    return len(header.columns), sheet.rows


def head_rows(import_id: int, sheet: int) -> list[Row]:
    """The first rows of a sheet that are not empty."""
    rows: list[Row] = []
    for row in store.kept_rows(import_id, sheet):
        rows.append(row)
        if len(rows) == HEADER_WITHIN:
            break
    return rows


def remembered(session: AnySession, customer_id: int, header: Header) -> Header | None:
    """The header with the mapping that this customer's people confirmed before, if any.

    For the same columns as it was; when columns have come, gone or moved, by their titles.
    """
    rows = session.execute(
        select(ColumnMapping.signature, ColumnMapping.columns, ColumnMapping.titles)
        .where(ColumnMapping.customer_id == customer_id)
        .order_by(ColumnMapping.used_at.desc(), ColumnMapping.id.desc())
    ).all()
    session.rollback()
    same = signature(header.titles)
    columns = next((row.columns for row in rows if row.signature == same), None)
    if columns is None and rows:
        columns = mapped_by_title(rows[0].titles, rows[0].columns, header)
    return Header(header.row, header.titles, columns) if columns else None


def describe(import_id: int, understood: Understood, sheet: int, header: Header) -> Understood:
    """The same load with this header, and what a mapping page has to show of the rows under it."""
    found = profile(store.kept_rows(import_id, sheet), header)
    noticed = _noticed(import_id, sheet, header, found)
    return replace(understood, sheet=sheet, header=header, profile=found, noticed=noticed)


def _noticed(import_id: int, sheet: int, header: Header, found: Profile) -> dict[str, dict[str, int]]:
    """Field -> kind of what will be mended or is wrong -> rows that have it, among the first rows."""
    if mapping_problem(header.columns):
        return {}
    checker = RowChecker(header, {})
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    rows = (row for row in store.kept_rows(import_id, sheet) if found.first_row <= row[0] <= found.last_row)
    for number, cells in islice(rows, _NOTICED_WITHIN):
        verdict = checker.check(number, cells)
        for code, kind in set(verdict.noticed if verdict else ()):
            kinds[code][kind] += 1
    return {code: dict(counts) for code, counts in kinds.items()}


def customer_of(session: AnySession, campaign_id: int) -> int:
    """The customer whose campaign it is."""
    return session.scalars(queries.customer_id(campaign_id)).one()


def refuse_closed(s: Session, campaign_id: int) -> None:
    """Raise DomainError for a campaign that has been closed, NotFoundError for none."""
    campaign = s.execute(select(Campaign.closed_at).where(Campaign.id == campaign_id)).one_or_none()
    if campaign is None:
        raise NotFoundError("Такого проекта нет.")
    if campaign.closed_at is not None:
        raise DomainError("campaign_closed", "Проект закрыт, загрузить клиентов уже нельзя.")
