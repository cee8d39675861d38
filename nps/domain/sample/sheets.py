"""Several sheets of one workbook as one base: which go together, and how their rows are told apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nps.domain.sample.branches import suggested_region
from nps.domain.sample.columns import REQUIRED, Header, branch_spelling, mapped_by_title, signature

#: So many sheets make one base at most; further ones are named as left.
MOST_SHEETS = 100
#: Rows of a load are numbered sheet by sheet: those of its second sheet from a million on. No sheet has as many.
_ROWS_OF_A_SHEET = 1_000_000

#: A sheet that is called so is kept beside the base for another purpose: a person takes it, or nobody does.
_SET_ASIDE = re.compile(
    r"архив|\bкопи[яи]\b|\bcopy\b|\bold\b|backup|резерв|\bстар(?:ое|ые|ая|ый)?\b(?! оскол| русс)|\bпрошл|не ?актуальн"
    r"|чернов|удал[её]н|исключ[её]н|закрыт|\bстоп|не звонить|\bотказ|ч[её]рный спис|образец|пример|шаблон",
    re.IGNORECASE,
)
#: Names that a spreadsheet gives by itself.
_UNNAMED = re.compile(r"(?:лист|страница|таблица|sheet|table)\s*\d*", re.IGNORECASE)


def numbered_row(position: int, row: int) -> int:
    """The number within the load of a row of its `position`-th sheet, from 0; in the first it is its own."""
    return position * _ROWS_OF_A_SHEET + row


def row_of_sheet(row_no: int) -> tuple[int, int]:
    """What `numbered_row` was made of: the position of the sheet and the row's own number there."""
    return divmod(row_no, _ROWS_OF_A_SHEET)


def row_words(row_no: int, sheets: Sequence[str]) -> str:
    """«5», or «5 листа «Казань»» where the load has several sheets (their names in its order)."""
    position, row = row_of_sheet(row_no)
    return f"{row} листа «{sheets[position]}»" if len(sheets) > 1 else str(row)


def is_set_aside(name: str) -> bool:
    """Whether the name says that the sheet is no part of the base: an archive, a copy, a stop list."""
    return _SET_ASIDE.search(" ".join(name.split())) is not None


def goes_with(lead: Header, other: Header) -> bool:
    """Whether the rows of another sheet are of the same table as those of the leading one.

    The same titles; no titles, but the contents in the same places; other titles that name the same fields.
    """
    same_fields = other.columns.keys() == lead.columns.keys() and all(code in other.columns for code in REQUIRED)
    return same_fields or _is_same(lead, other)


def _is_same(lead: Header, other: Header) -> bool:
    if other.row == 0:
        return bool(other.columns) and all(lead.columns.get(code) == places for code, places in other.columns.items())
    return lead.row > 0 and signature(lead.titles) == signature(other.titles)


def follow(lead: Header, lead_name: str, other: Header, name: str) -> Header:
    """The header of another sheet with what the leading one's columns mean to its user.

    Without a column of branches the ОП of the whole base is theirs; one that is the name of the leading sheet says
    that each sheet is named after its own.
    """
    own = dict(other.columns)
    columns = dict(lead.columns) if _is_same(lead, other) else mapped_by_title(lead.titles, lead.columns, other) or own
    if "branch" in columns:
        return replace(other, columns=columns, branch="", grouped=False)
    by_name = lead.branch == branch_spelling(lead_name) and not _UNNAMED.fullmatch(name.strip())
    branch = branch_spelling(name) if by_name else lead.branch
    return replace(other, columns=columns, branch=branch, grouped=lead.grouped)


def are_branches(names: Sequence[str]) -> bool:
    """Whether sheets are called after branches: at least half of them after cities that we know."""
    return sum(suggested_region(name) is not None for name in names) * 2 >= len(names)
