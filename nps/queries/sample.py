"""Reads about loading a base: earlier loads, one load, its receipt, and the branches its rows can belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from nps.domain.sample import BranchGroup, Understood, branch_key, group_branches, numbered_row
from nps.domain.search import fold
from nps.domain.wording import phone_words
from nps.models import Branch, BranchAlias, Campaign, Contract, ImportRow, Region, Respondent, SampleImport, User

FATES = ("accepted", "corrected", "update", "duplicate", "rejected", "empty")
#: Fates of rows that become clients.
TAKEN = ("accepted", "corrected")
WORKING = ("uploaded", "reading", "checking", "publishing")
#: Filters of the receipt: a fate, all rows, or those a person should look at.
ATTENTION = ("corrected", "update", "duplicate", "rejected", "empty")
PAGE_ROWS = 100
_CHUNK = 1_000
_LONGEST_ROW_NUMBER, _ROW_NUMBER_ONLY = 7, 4


@dataclass(frozen=True, slots=True)
class LoadRow:
    """A load of a base. Instants are aware UTC; `clients` counts those it has added."""

    id: int
    file_name: str
    size: int
    state: str
    created_at: datetime
    published_at: datetime | None
    uploaded_by: str
    rows_total: int
    rows_done: int
    problem: str
    understood: Understood
    clients: int

    @property
    def is_working(self) -> bool:
        """Whether a worker has to do something before a person can."""
        return self.state in WORKING

    @property
    def percent(self) -> int:
        """How much of its rows the present step has done; 0 while their number is unknown."""
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0

    def pace(self, now: datetime) -> tuple[int, int] | None:
        """Rows a second of the present step, and seconds that are left of it; None before anything is known."""
        began = self.understood.step_at
        seconds = (now - began).total_seconds() if began else 0
        if seconds <= 0 or not self.rows_done:
            return None
        rate = self.rows_done / seconds
        return round(rate), ceil(max(0, self.rows_total - self.rows_done) / rate)


@dataclass(frozen=True, slots=True)
class RowToMark:
    """A row that is told about in the workbook which goes back; fields, not columns."""

    row_no: int
    fate: str
    reason: str
    faulty: Sequence[str]
    changed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A page of the receipt, and how many rows each fate has in the whole of it."""

    counts: Mapping[str, int]
    rows: Sequence[ImportRow]
    page: int
    pages: int
    shown: int
    #: Changes of known clients that a person means to make.
    proposed: int

    @property
    def total(self) -> int:
        """All rows of the file."""
        return sum(self.counts.values())

    @property
    def taken(self) -> int:
        """Rows that become clients."""
        return taken(self.counts)

    @property
    def attention(self) -> int:
        """Rows that were changed or left out."""
        return sum(self.counts[fate] for fate in ATTENTION)


def customer_id(campaign_id: int) -> Select[int]:
    """The statement that finds whose campaign it is."""
    of_campaign = select(Contract.customer_id).join(Campaign, Campaign.contract_id == Contract.id)
    return of_campaign.where(Campaign.id == campaign_id)


def branches(session: Session, customer: int) -> list[Branch]:
    """The customer's branches by name."""
    return sorted(session.scalars(select(Branch).where(Branch.customer_id == customer)), key=lambda one: one.name)


def regions(session: Session) -> list[tuple[str, str]]:
    """Code and name of each region of the survey (R7)."""
    return [(row.code, row.name) for row in session.execute(select(Region.code, Region.name).order_by(Region.name))]


def known_branches(session: Session, customer: int) -> dict[str, int]:
    """Folded spelling, and key of the name, of each branch of the customer -> its id; what people settled once wins."""
    known = {branch_key(branch.name): branch.id for branch in branches(session, customer)}
    aliases = session.execute(
        select(BranchAlias.alias_fold, BranchAlias.branch_id).where(BranchAlias.customer_id == customer)
    )
    return known | {alias: branch for alias, branch in aliases}


def unknown_branches(session: Session, load: LoadRow, customer: int) -> list[BranchGroup]:
    """Branches of a load that a person has to settle."""
    found = load.understood
    groups = group_branches(found.branches, known_branches(session, customer), found.hints)
    return [group for group in groups if group.branch_id is None]


def _loads(campaign_id: int) -> Select[*tuple[Any, ...]]:
    """Loads of a campaign in the fields of `LoadRow`."""
    added = (
        select(func.count())
        .where(Respondent.campaign_id == SampleImport.campaign_id, Respondent.import_id == SampleImport.id)
        .correlate(SampleImport)
        .scalar_subquery()
    )
    row = SampleImport
    who_and_what = row.id, row.file_name, row.size, row.state, row.created_at, row.published_at, User.full_name
    columns = *who_and_what, row.rows_total, row.rows_done, row.problem, row.understood, added
    return select(*columns).join(User, User.id == row.uploaded_by).where(row.campaign_id == campaign_id)


def loads(session: Session, campaign_id: int) -> list[LoadRow]:
    """Loads of a campaign that were not cancelled, the latest first."""
    kept = _loads(campaign_id).where(SampleImport.state != "cancelled")
    rows = session.execute(kept.order_by(SampleImport.created_at.desc(), SampleImport.id.desc()))
    return [LoadRow(*row) for row in rows]


def load(session: Session, campaign_id: int, import_id: int) -> LoadRow | None:
    """One load of this campaign, or None."""
    row = session.execute(_loads(campaign_id).where(SampleImport.id == import_id)).one_or_none()
    return LoadRow(*row) if row else None


def taken(counts: Mapping[str, int]) -> int:
    """How many of the rows become clients."""
    return sum(counts[fate] for fate in TAKEN)


def counts(session: Session, import_id: int) -> dict[str, int]:
    """Staged rows of a load by fate; all fates are there."""
    staged = select(ImportRow.fate, func.count()).where(ImportRow.import_id == import_id)
    rows = session.execute(staged.group_by(ImportRow.fate))
    return dict.fromkeys(FATES, 0) | {fate: number for fate, number in rows}


def receipt(session: Session, import_id: int, show: str, page: int, search: str = "") -> Receipt:
    """A page of the receipt, in the order of the file. `show`: a fate, `attention`, or anything else for all rows.

    `search`: the number of a row, or a part of what its cells said.
    """
    by_fate = counts(session, import_id)
    fates = (show,) if show in FATES else ATTENTION if show == "attention" else FATES
    chosen = [ImportRow.import_id == import_id, ImportRow.fate.in_(fates)]
    shown = sum(by_fate[fate] for fate in fates)
    if search:
        chosen.append(_holds(search))
        shown = session.execute(select(func.count()).where(*chosen)).scalar_one()
    pages = max(1, -(-shown // PAGE_ROWS))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        select(ImportRow).where(*chosen).order_by(ImportRow.row_no).offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS)
    )
    meant = ImportRow.import_id == import_id, ImportRow.proposal.in_(("proposed", "applied"))
    proposed = session.execute(select(func.count()).where(*meant)).scalar_one() if by_fate["update"] else 0
    return Receipt(by_fate, rows.all(), page, pages, shown, proposed)


def _holds(search: str) -> ColumnElement[bool]:
    """A row's number, else a part of organisation, contact, INN or number, as stored or as the cell had it.

    Rejected rows have cells only: their texts are compared as typed, because SQLite folds no Cyrillic. A few digits
    are the number of a row: as a part they would be in every second telephone.
    """
    digits = search.isascii() and search.isdigit()
    own_row = ImportRow.row_no % numbered_row(1, 0)
    row = [own_row == int(search)] if digits and len(search) <= _LONGEST_ROW_NUMBER else []
    if row and len(search) <= _ROW_NUMBER_ONLY:
        return row[0]
    cells = (ImportRow.raw[code].as_string() for code in ("organisation", "contact", "inn", "phone"))
    parts = [cell.contains(search, autoescape=True) for cell in cells]
    return or_(*row, ImportRow.search_fold.contains(fold(search), autoescape=True), *parts)


def file_path(session: Session, import_id: int) -> str:
    """Where the workbook of a load lies, from the data folder on. Raises NoResultFound."""
    return session.scalars(select(SampleImport.file_path).where(SampleImport.id == import_id)).one()


def rows_to_mark(session: Session, import_id: int) -> Iterator[RowToMark]:
    """Rows with something to say about them, in the order of the file, a chunk at a time."""
    told = or_(ImportRow.fate.in_(("corrected", "update", "duplicate", "rejected")), ImportRow.reason != "")
    columns = ImportRow.row_no, ImportRow.fate, ImportRow.reason, ImportRow.faulty, ImportRow.changed
    # A result that is left half read would keep its cursor on the server.
    with session.execute(
        select(*columns).where(ImportRow.import_id == import_id, told).order_by(ImportRow.row_no),
        execution_options={"yield_per": _CHUNK},
    ) as rows:
        yield from (RowToMark(*row) for row in rows)


def mended(row: ImportRow) -> dict[str, str]:
    """Fields of a row that were mended -> what is stored instead of the cell's text."""
    return {code: _phones(row) if code == "phone" else getattr(row, code) or "" for code in row.changed}


def _phones(row: ImportRow) -> str:
    first = {"e164": row.e164, "extension": row.extension}
    return ", ".join(phone_words(phone["e164"], phone["extension"]) for phone in [first, *(row.spare_phones or ())])
