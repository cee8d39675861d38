"""Where the table starts in a sheet, and what its columns mean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from nps.domain.search import fold

#: A row that is not empty: its number as Excel shows it, and the texts of its cells.
Row = tuple[int, Sequence[str]]

#: Fields of the base in the order of the terms; the words are the terms' own.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "branch": "ОП",
        "inn": "ИНН",
        "organisation": "Наименование организации",
        "contact": "ФИО контактного лица",
        "phone": "Телефон",
        "email": "Электронная почта",
    }
)
REQUIRED = ("branch", "inn", "organisation", "phone")

HEADER_WITHIN = 20
_LEAST_FIELDS = 2
_EXAMPLES = 3
_MOST_BRANCHES = 300
_LONGEST_EXAMPLE = 60
_LONGEST_BRANCH = 100

_EXACT = {
    "branch": "оп, подразделение, филиал, отделение, обособленное подразделение, наименование оп, branch",
    "inn": "инн, инн/кпп, инн организации, инн контрагента, инн клиента, inn",
    "organisation": (
        "организация, наименование организации, название организации, контрагент, наименование контрагента, клиент, "
        "наименование клиента, компания, название компании, наименование, название, покупатель, предприятие, юрлицо, "
        "юридическое лицо, company"
    ),
    "contact": "фио, ф и о, контактное лицо, фио контактного лица, фио контакта, контакт, представитель, имя, contact",
    "phone": (
        "телефон, тел, номер телефона, контактный телефон, телефон контактного лица, мобильный, мобильный телефон, "
        "моб, моб телефон, сотовый, сотовый телефон, рабочий телефон, телефоны, phone"
    ),
    "email": "электронная почта, почта, эл почта, e-mail, email, mail, адрес электронной почты",
}
_SYNONYMS = {name: code for code, names in _EXACT.items() for name in names.split(", ")}
#: For headers that say more than the bare word, most telling first: «Контактный телефон (с кодом)» is no contact.
_HINTS = (
    ("inn", re.compile(r"\bинн\b")),
    ("email", re.compile(r"mail|почт")),
    ("phone", re.compile(r"\bтел\b|телефон|мобильн|сотов|phone")),
    ("contact", re.compile(r"\bфио\b|контактн\w* лиц|контакт")),
    ("branch", re.compile(r"\bоп\b|подраздел|филиал")),
    ("organisation", re.compile(r"организац|контрагент|компани|предприят|покупател|юр\w* лиц|наименован|клиент")),
)
_NOISE = re.compile(r"[.:;,*№#()\"«»]+")
_TOTALS = re.compile(r"^(итого|всего|итог)\b")


@dataclass(frozen=True, slots=True)
class Header:
    """The row with the names of the columns. `columns`: field -> index of its column, from 0."""

    row: int
    titles: tuple[str, ...]
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows under a header look like. Rows of totals below the last client are not counted among the rows."""

    first_row: int
    last_row: int
    totals_rows: tuple[int, ...]
    examples: tuple[tuple[str, ...], ...]
    empty_cells: tuple[int, ...]
    #: Spelling of a branch -> rows that have it; '' are rows without one. Cut at a number no customer has.
    branches: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the file that the receipt accounts for."""
        return max(0, self.last_row - self.first_row + 1)

    @property
    def has_too_many_branches(self) -> bool:
        """Whether the column can hardly be that of the branches."""
        return len(self.branches) >= _MOST_BRANCHES


def find_header(rows: Iterable[Row]) -> Header | None:
    """Return the row among the first 20 whose cells name most fields, at least two; None when there is none."""
    best: Header | None = None
    for number, cells in rows:
        if number > HEADER_WITHIN:
            break
        found = header_at(number, cells)
        if len(found.columns) >= _LEAST_FIELDS and (best is None or len(found.columns) > len(best.columns)):
            best = found
    return best


def header_at(number: int, cells: Sequence[str]) -> Header:
    """Read this row as the header: exact words of a field first, then telling parts of words for the others."""
    titles = tuple(" ".join(cell.split()) for cell in cells)
    plain = [_plain(title) for title in titles]
    columns: dict[str, int] = {}
    for index, title in enumerate(plain):
        code = _SYNONYMS.get(title)
        if code:
            columns.setdefault(code, index)
    for index, title in enumerate(plain):
        if title and index not in columns.values():
            code = next((code for code, hint in _HINTS if hint.search(title)), None)
            if code:
                columns.setdefault(code, index)
    return Header(number, titles, columns)


def _plain(title: str) -> str:
    return fold(_NOISE.sub(" ", title))


def signature(titles: Sequence[str]) -> str:
    """Return what two workbooks with the same columns have in common, whatever their spelling of spaces and case."""
    return hashlib.sha256("\n".join(_plain(title) for title in titles).encode()).hexdigest()


def mapping_problem(columns: Mapping[str, int]) -> str:
    """Say in one sentence what a mapping lacks; '' when it can be used."""
    missing = [FIELDS[code] for code in REQUIRED if code not in columns]
    if missing:
        return f"Укажите, в каком столбце: {', '.join(f'«{name}»' for name in missing)}."
    if len(set(columns.values())) < len(columns):
        return "Один столбец выбран дважды. Оставьте у каждого столбца одно значение."
    return ""


def profile(rows: Iterable[Row], header: Header) -> Profile:
    """Look through all rows of the sheet once, below the header."""
    width = len(header.titles)
    examples: list[list[str]] = [[] for _ in range(width)]
    filled = [0] * width
    branches: Counter[str] = Counter()
    totals: list[int] = []
    last = header.row
    seen = 0
    for number, cells in rows:
        if number <= header.row:
            continue
        if is_totals(cells, header.columns):
            totals.append(number)
            continue
        last = number
        seen += 1
        for index, text in enumerate(cells[:width]):
            if text:
                filled[index] += 1
                if len(examples[index]) < _EXAMPLES and text[:_LONGEST_EXAMPLE] not in examples[index]:
                    examples[index].append(text[:_LONGEST_EXAMPLE])
        _count_branch(branches, cells, header.columns)
    return Profile(
        first_row=header.row + 1,
        last_row=last,
        totals_rows=tuple(number for number in totals if number > last),
        examples=tuple(tuple(texts) for texts in examples),
        empty_cells=tuple(seen - count for count in filled),
        branches=branches,
    )


def _count_branch(branches: Counter[str], cells: Sequence[str], columns: Mapping[str, int]) -> None:
    """A row without data of a client has no branch to ask about."""
    texts = texts_of(cells, columns)
    if not any(texts.values()):
        return
    name = branch_spelling(texts.get("branch", ""))
    if name in branches or len(branches) < _MOST_BRANCHES:
        branches[name] += 1


def branch_spelling(text: str) -> str:
    """Return the cell as the spelling of a branch: composed, white space collapsed, cut where no name is longer."""
    return " ".join(unicodedata.normalize("NFKC", text).split())[:_LONGEST_BRANCH]


def texts_of(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    """Return the texts of a row by field; '' where the row is too short."""
    return {code: cells[index] if index < len(cells) else "" for code, index in columns.items()}


def is_totals(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether the row sums up others: it starts with «Итого» or «Всего» and has neither INN nor phone."""
    first = next((cell for cell in cells if cell), "")
    if not _TOTALS.match(_plain(first)):
        return False
    texts = texts_of(cells, columns)
    return not texts.get("phone") and not texts.get("inn")
