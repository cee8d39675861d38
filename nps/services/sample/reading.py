"""First step of a load: the workbook becomes rows of text, and we say what we made of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
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
    MOST_SHEETS,
    REQUIRED,
    Decision,
    Header,
    Part,
    Picture,
    Row,
    RowChecker,
    Sheet,
    Understood,
    are_branches,
    branch_spelling,
    columns_from_json,
    find_header,
    follow,
    goes_with,
    guessed_header,
    header_at,
    is_set_aside,
    mapped_by_title,
    mapping_problem,
    numbered_row,
    picture,
    profile,
    seen_in,
    signature,
    suggested_area_code,
    suggested_region,
)
from nps.domain.search import fold
from nps.models import Campaign, ColumnMapping, SampleImport
from nps.queries import sample as queries
from nps.services.sample.lease import Lease, finish, renew
from nps.services.transaction import AnySession, write

_RENEW_EVERY_ROWS = 5_000
#: Enough to see what a base looks like; a person waits for it.
_NOTICED_WITHIN = 5_000


def read(session: AnySession, lease: Lease, clock: Callable[[], datetime]) -> None:
    """Read the workbook of a load into its file of rows and understand it. Raises SheetError and LeaseLost."""
    columns = SampleImport.file_path, SampleImport.understood
    path, said = session.execute(select(*columns).where(SampleImport.id == lease.import_id)).one()
    customer_id = customer_of(session, lease.campaign_id)
    session.rollback()
    sheets: list[Sheet] = []
    rows = 0
    for event in store.keep_rows(lease.import_id, _events(path, said)):
        if isinstance(event, SheetStart):
            sheets.append(Sheet(event.name, event.hidden, 0))
            continue
        last = sheets[-1]
        sheets[-1] = replace(last, rows=last.rows + 1, unseen=last.unseen + event.unseen)
        rows += 1
        if rows % _RENEW_EVERY_ROWS == 0:
            with write(session) as s:
                renew(s, lease, clock(), rows_done=rows)
    index, header = _choose(lease.import_id, sheets)
    known = remembered(session, customer_id, header)
    looked_at = Understood(
        sheets=tuple(sheets),
        is_text=said.is_text,
        encoding=said.encoding,
        separator=said.separator,
        remembered=known is not None,
    )
    understood = describe(lease.import_id, looked_at, index, known or header)
    with write(session) as s:
        finish(s, lease, "understood", understood=understood, rows_total=understood.rows, rows_done=0)


def _events(path: str, said: Understood) -> Iterator[SheetStart | SheetRow]:
    return sample_sheet.read(store.workbook(path), text_as=(said.encoding, said.separator))


def _choose(import_id: int, sheets: Sequence[Sheet]) -> tuple[int, Header]:
    """The visible sheet that is most like a base: by the fields that its header names, by its name, by its length.

    Without any, the first sheet with rows, its first row for the header.
    """
    best: tuple[int, Header] | None = None
    for index, sheet in enumerate(sheets):
        if sheet.hidden or not sheet.rows:
            continue
        found = header_of_sheet(import_id, index, sheet.name)
        if best is None or _rank(found, sheet) > _rank(best[1], sheets[best[0]]):
            best = index, found
    if best is None:
        raise SheetError("no_rows")
    return best


def header_of_sheet(import_id: int, index: int, name: str, row: int | None = None) -> Header:
    """The header of a sheet, that of `row` if one is named (0: there are no titles).

    A sheet without a column of branches that is called after a city is that branch. Raises DomainError for a row with
    nothing in it.
    """
    head = head_rows(import_id, index)
    if row is None:
        found = find_header(head) or guessed_header(head) or seen_in(header_at(*head[0]), head)
    elif row == 0:
        found = guessed_header(head) or seen_in(Header(0, (), {}), head)
    else:
        titles = next((cells for number, cells in store.kept_rows(import_id, index) if number == row), None)
        if titles is None:
            raise DomainError("no_row", f"Строка {row} пустая. Укажите строку с заголовками или 0, если их нет.")
        found = seen_in(header_at(row, titles), head)
    if "branch" not in found.columns and not found.grouped and suggested_region(name):
        found = replace(found, branch=branch_spelling(name))
    return found


def _rank(header: Header, sheet: Sheet) -> tuple[bool, bool, int, int]:
    is_base = all(code in header.columns for code in REQUIRED)
    return is_base, not is_set_aside(sheet.name), len(header.columns), sheet.rows


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
    columns = next((columns_from_json(row.columns) for row in rows if row.signature == same), None)
    if columns is None and rows:
        columns = mapped_by_title(rows[0].titles, columns_from_json(rows[0].columns), header)
    return replace(header, columns=columns) if columns and header.row else None


def describe(
    import_id: int, understood: Understood, sheet: int, header: Header, others: Collection[int] | None = None
) -> Understood:
    """The same load with this header, and what a mapping page has to show of the rows under it.

    `others`: sheets that are taken together with this one; None when those of the same table are.
    """
    names = [one.name for one in understood.sheets]
    owns = _own_headers(import_id, understood, sheet, header, others)
    if owns and not (header.branch or header.grouped or "branch" in header.columns):
        named = are_branches([names[index] for index in (sheet, *owns)])
        header = replace(header, branch=branch_spelling(names[sheet]) if named else "")
    headers = {index: follow(header, names[sheet], own, names[index]) for index, own in owns.items()}
    looked_at = {
        index: profile(store.kept_rows(import_id, index), one, left_rows(import_id, understood, index))
        for index, one in ((sheet, header), *headers.items())
    }
    more = tuple(Part(index, one, looked_at[index]) for index, one in headers.items())
    described = replace(understood, sheet=sheet, header=header, profile=looked_at[sheet], more=more)
    return replace(described, noticed=_noticed(import_id, described))


def drawn(import_id: int, understood: Understood) -> Picture:
    """The beginning of the leading sheet with what its rows become; nothing when the rows of the load are gone."""
    guessed = {
        fold(name): Decision(region=suggested_region(name), area_code=suggested_area_code(name))
        for name in understood.branches
    }
    sheet = understood.sheet
    try:
        left = left_rows(import_id, understood, sheet)
        return picture(store.kept_rows(import_id, sheet), understood.header, guessed, left)
    except SheetError:
        return Picture(())


def left_rows(import_id: int, understood: Understood, sheet: int) -> Collection[int]:
    """Rows of a sheet that a person does not want."""
    return store.unseen_rows(import_id, sheet) if understood.without_unseen else ()


def _own_headers(
    import_id: int, understood: Understood, sheet: int, header: Header, others: Collection[int] | None
) -> dict[int, Header]:
    """Index of each sheet that is taken together with `sheet` -> its header as it is understood by itself.

    Columns that were those of the leading sheet stay so.
    """
    known = {part.sheet: part.header for part in understood.more}
    owns: dict[int, Header] = {}
    for index, one in enumerate(understood.sheets):
        is_asked = others is None or index in others
        if index == sheet or one.hidden or not one.rows or not is_asked or len(owns) + 1 == MOST_SHEETS:
            continue
        own = known.get(index) or header_of_sheet(import_id, index, one.name)
        if index in known and own.columns == understood.header.columns:
            own = replace(own, columns=header.columns)
        if others is not None or (not is_set_aside(one.name) and goes_with(header, own)):
            owns[index] = own
    return owns


def _noticed(import_id: int, understood: Understood) -> dict[str, dict[str, int]]:
    """Field -> kind of what will be mended or is wrong -> rows that have it, among the first rows."""
    if mapping_problem(understood.header):
        return {}
    checker = RowChecker(understood.header, {})
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    at: Part | None = None
    for part, row_no, cells in islice(_rows_of(import_id, understood), _NOTICED_WITHIN):
        if part is not at:
            checker.turn_to(part.header)
            at = part
        verdict = checker.check(row_no, cells)
        for code, kind in set(verdict.noticed if verdict else ()):
            kinds[code][kind] += 1
    return {code: dict(counts) for code, counts in kinds.items()}


def _rows_of(import_id: int, understood: Understood) -> Iterator[tuple[Part, int, list[str]]]:
    """Rows under the headers of all taken sheets, with their numbers within the load."""
    for position, part in enumerate(understood.parts):
        first, last = part.profile.first_row, part.profile.last_row
        left = left_rows(import_id, understood, part.sheet)
        for number, cells in store.kept_rows(import_id, part.sheet):
            if first <= number <= last and number not in left:
                yield part, numbered_row(position, number), cells


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
