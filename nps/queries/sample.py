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
from nps.models import (
    Branch,
    BranchAlias,
    Campaign,
    Contract,
    ImportRow,
    Interview,
    Region,
    Respondent,
    SampleImport,
    User,
)
from nps.models.sample import PROPOSALS

FATES = ("accepted", "corrected", "update", "duplicate", "rejected", "empty")
#: Fates of rows that become clients.
TAKEN = ("accepted", "corrected")
_NONE = dict.fromkeys(PROPOSALS, 0)
WORKING = ("uploaded", "reading", "checking", "publishing")
#: Filters of the receipt: a fate, all rows, or those a person should look at.
ATTENTION = ("corrected", "update", "duplicate", "rejected", "empty")
#: The filter that shows rows of which a person has to say whom they mean.
ASKED = "asked"
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
    #: Rows of known clients by what was decided about them.
    decided: Mapping[str, int]

    @property
    def total(self) -> int:
        """All rows of the file."""
        return sum(self.counts.values())

    @property
    def taken(self) -> int:
        """Rows that become clients."""
        return taken(self.counts) + self.decided["separate"]

    @property
    def proposed(self) -> int:
        """Changes of known clients that a person means to make, or that were made."""
        return self.decided["proposed"] + self.decided["applied"]

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
    """A page of the receipt, in the order of the file.

    `show`: a fate, `attention`, `asked`, or anything else for all rows.
    `search`: the number of a row, or a part of what its cells said.
    """
    by_fate = counts(session, import_id)
    only = [ImportRow.is_question] if show == ASKED else []
    show = "update" if only else show
    fates = (show,) if show in FATES else ATTENTION if show == "attention" else FATES
    chosen = [ImportRow.import_id == import_id, ImportRow.fate.in_(fates), *only]
    shown = sum(by_fate[fate] for fate in fates)
    if search:
        chosen.append(_holds(search))
    if search or only:
        shown = session.execute(select(func.count()).where(*chosen)).scalar_one()
    pages = max(1, -(-shown // PAGE_ROWS))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        select(ImportRow).where(*chosen).order_by(ImportRow.row_no).offset((page - 1) * PAGE_ROWS).limit(PAGE_ROWS)
    )
    decided = _decided(session, import_id) if by_fate["update"] else _NONE
    return Receipt(by_fate, rows.all(), page, pages, shown, decided)


def _decided(session: Session, import_id: int) -> dict[str, int]:
    decided = select(func.coalesce(ImportRow.proposal, ""), func.count()).where(
        ImportRow.import_id == import_id, ImportRow.fate == "update"
    )
    return _NONE | {proposal: n for proposal, n in session.execute(decided.group_by(ImportRow.proposal))}


def is_new_client() -> ColumnElement[bool]:
    """Whether a staged row becomes a client."""
    return or_(ImportRow.fate.in_(TAKEN), ImportRow.proposal == "separate")


def answers(session: Session, rows: Sequence[ImportRow]) -> dict[int, set[str]]:
    """Rows of known clients by number -> what can be decided about each."""
    ids = [row.id for row in rows if row.fate == "update"]
    found: dict[int, set[str]] = {row.row_no: {"skipped"} for row in rows if row.fate == "update"}
    for proposal in ("proposed", "separate") if ids else ():
        allowed = select(ImportRow.row_no).where(ImportRow.id.in_(ids), *may_be(proposal))
        for row_no in session.scalars(allowed):
            found[row_no].add(proposal)
    return found


def may_be(proposal: str) -> list[ColumnElement[bool]]:
    """For which rows of known clients this can be decided, as `nps.domain.sample.matching` has it.

    A surveyed client keeps his name; a client who is repeated word for word is no second one.
    """
    client = select(Respondent.id).where(Respondent.id == ImportRow.respondent_id)
    if proposal == "proposed":
        answered = select(Interview.id).where(
            Interview.respondent_id == ImportRow.respondent_id, Interview.replaced_at.is_(None)
        )
        return [or_(ImportRow.before["contact"].as_string().is_(None), ~answered.exists())]
    return [~client.where(Respondent.identity == ImportRow.identity).exists()] if proposal == "separate" else []


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
    return {code: _stored(row, code) for code in row.changed}


def _stored(row: ImportRow, code: str) -> str:
    if code == "branch":
        return str(row.raw.get("branch", ""))
    if code != "phone":
        return str(getattr(row, code) or "")
    first = {"e164": row.e164, "extension": row.extension}
    said = [phone_words(phone["e164"], phone["extension"]) for phone in [first, *(row.spare_phones or ())]]
    had = (row.before or {}).get("phone", "").split(", ")
    return ", ".join(number for number in said if number not in had)
