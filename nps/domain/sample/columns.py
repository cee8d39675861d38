"""Where the table starts in a sheet, and what its columns mean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, zip_longest
from types import MappingProxyType

from nps.domain.sample.branches import suggested_region
from nps.domain.sample.contents import better_columns, guessed_columns, is_like
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
#: Columns without which a base is none; an INN may be missing as its cell may be empty, for ОП see `Header`.
REQUIRED = ("organisation", "phone")
#: Fields that may be read from several columns, and what is put between their texts.
SEVERAL: Mapping[str, str] = MappingProxyType({"organisation": " ", "contact": " ", "phone": "; "})

#: Field -> the columns it is read from, in their order, from 0.
Columns = Mapping[str, tuple[int, ...]]

#: The column that a workbook gets when it goes back with what became of its rows; it says nothing when it returns.
MARK_TITLE = "Итог проверки"

#: A heading is looked for in so many rows that are not empty.
HEADER_WITHIN = 1000
_LEAST_FIELDS = 2
#: What a row is instead of a client's.
GROUP_ROW = "Строка с названием подразделения: оно взято для строк под ней."
OTHER_HEADING = "Заголовки другой таблицы: строки под ними прочитаны по ним."
_LONGEST_BRANCH = 100

_EXACT = {
    "branch": (
        "оп, подразделение, филиал, отделение, обособленное подразделение, наименование оп, "
        "наименование подразделения, офис, офис продаж, branch, branch office"
    ),
    "inn": "инн, инн/кпп, инн кпп, инн организации, инн контрагента, инн клиента, inn, tax id, taxpayer id",
    "organisation": (
        "организация, наименование организации, название организации, контрагент, наименование контрагента, клиент, "
        "наименование клиента, компания, название компании, наименование, название, покупатель, предприятие, юрлицо, "
        "юридическое лицо, company, company name, organisation, organization"
    ),
    "contact": "фио, контактное лицо, фио контактного лица, фио контакта, контакт, представитель, имя, contact",
    "phone": (
        "телефон, тел, номер телефона, контактный телефон, телефон контактного лица, мобильный, мобильный телефон, "
        "моб, моб телефон, сотовый, сотовый телефон, рабочий телефон, телефоны, phone"
    ),
    "email": "электронная почта, почта, эл почта, e-mail, email, mail, адрес электронной почты",
}
_SYNONYMS = {name: code for code, names in _EXACT.items() for name in names.split(", ")}
#: The same words as they stand in headings, to be looked for in each row.
_TITLES = frozenset(spelled for name in _SYNONYMS for spelled in (name, name.capitalize(), name.upper(), name.title()))
#: For headers that say more than the bare word, most telling first: «Контактный телефон (с кодом)» is no contact.
_HINTS = (
    ("inn", re.compile(r"\bинн\b|\binn\b|tax")),
    ("email", re.compile(r"mail|почт(?!ов\w+ (?:адрес|индекс))")),
    ("phone", re.compile(r"\bтел\b|телефон|мобильн|сотов|\bмоб\b|phone|mobile")),
    ("contact", re.compile(r"\bфио\b|\bконт\w* лиц|контакт|ответственн|представител|contact|person")),
    ("branch", re.compile(r"\bоп\b|подраздел|филиал|отделени|branch")),
    (
        "organisation",
        re.compile(
            r"\bорг\b|орг-|организац|контрагент|компани|фирм|предприят|покупател|потребител|абонент|юр\w* лиц"
            r"|наименован|названи|клиент|заказчик|company|organi[sz]ation|customer|client"
        ),
    ),
)
#: Taken only when nothing else in the heading names the field.
_LAST = {"город": "branch", "регион": "branch", "населенный пункт": "branch", "city": "branch", "name": "contact"}
#: The columns of one person's name, in the order in which it is written.
_PERSON = ("фамилия", "имя", "отчество")
#: Latin letters that look like Russian ones.
_ALIKE = str.maketrans("aceopxykmhtb", "асеорхукмнтв")
_RUSSIAN = re.compile("[а-я]")
#: «и н н»: a word with its letters apart.
_APART = re.compile(r"\b\w(?: \w)+\b")
_NOISE = re.compile(r"[.:;,*№#()\"«»]+")
_FIGURE = re.compile(r"\d{4}|@")
_TOTALS = re.compile(r"^(итого|всего|итог)\b")
#: Nearly no row begins so: the whole cell is looked at only then.
_TOTALS_WITHIN, _MARKS = 20, ' .:;,*№#()"«»\xa0'


@dataclass(frozen=True, slots=True)
class Header:
    """The row with the names of the columns, 0 when there is none.

    Where no column names the ОП, `branch` is that of the whole base, or (`grouped`) rows of their own name it for the
    rows below.
    """

    row: int
    titles: tuple[str, ...]
    columns: Columns
    branch: str = ""
    grouped: bool = False

    @property
    def may_be_kept(self) -> bool:
        """Whether the titles are words: those of a row that is a client's would be his data, kept for ever."""
        return self.row > 0 and not any(_FIGURE.search(title) for title in self.titles)


class RowReader:
    """Reads the rows of a base in their order: a row's branch may stand above it, and so may a second heading."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._columns = header.columns
        self._grouped = header.grouped and "branch" not in header.columns
        self._branch = header.branch

    def texts(self, cells: Sequence[str]) -> dict[str, str] | str:
        """The texts of a row by field, '' where it is too short.

        What the row is instead: one that names the branch of the rows below it, or the heading of another table.
        """
        if self._grouped and (name := group_name(cells)):
            self._branch = name
            return GROUP_ROW
        if len(_TITLES.intersection(cells)) > _LEAST_FIELDS:
            columns = header_at(0, cells).columns
            if signature(cells) == signature(self._header.titles):
                # The same table goes on: its columns are those that a person has confirmed.
                self._columns = self._header.columns
            elif all(code in columns for code in REQUIRED):
                self._columns = columns
                return OTHER_HEADING
        texts = texts_of(cells, self._columns)
        if "branch" not in self._columns:
            texts["branch"] = self._branch if any(texts.values()) else ""
        return texts


def group_name(cells: Sequence[str]) -> str:
    """The only text of a row that has no more than one, a row of totals apart; else ''."""
    texts = set(filter(None, cells))
    name = texts.pop() if len(texts) == 1 else ""
    return "" if _TOTALS.match(_plain(name)) or _FIGURE.search(name) else name


def find_header(rows: Iterable[Row]) -> Header | None:
    """Return the row among the first 1000 whose cells name most fields, at least two; None when there is none.

    A header of two rows («Контакты» over «Телефон» and «Почта») is read as one, at its lower row. Of two columns with
    titles of the same field the one with such contents is taken.
    """
    best: Header | None = None
    above: Row = (0, ())
    head = list(islice(rows, HEADER_WITHIN))
    for number, cells in head:
        for found in (header_at(number, cells), _two_rows(above, (number, cells))):
            if found and len(found.columns) >= _LEAST_FIELDS and (not best or len(found.columns) > len(best.columns)):
                best = found
        above = number, cells
    return seen_in(best, head) if best else None


def guessed_header(rows: Iterable[Row]) -> Header | None:
    """A table without a heading (row 0), its columns known by their contents; None when hardly any are."""
    head = list(islice(rows, HEADER_WITHIN))
    columns = guessed_columns([cells for _, cells in head])
    if len(columns) <= _LEAST_FIELDS:
        return None
    return seen_in(Header(0, (), {code: (column,) for code, column in columns.items()}), head)


def seen_in(header: Header, rows: Iterable[Row]) -> Header:
    """The header with the rows below it in view.

    As wide as they are; of columns alike the one with the contents; surname, first name and patronymic put together,
    and telephones of several columns; a branch in rows of its own.
    """
    below = [cells for number, cells in rows if number > header.row]
    width = max(map(len, below), default=0)
    titles = header.titles + ("",) * (width - len(header.titles))
    plain = [_plain(title) for title in titles]
    same = {code: [n for n, title in enumerate(plain) if _meaning(title) == code] for code in header.columns}
    columns = better_columns(header.columns, same, below)
    taken = {column for places in columns.values() for column in places}
    columns["phone"] = (
        *columns.get("phone", ()),
        *(n for n in same.get("phone", ()) if n not in taken and is_like("phone", below, n)),
    )
    person = [plain.index(title) for title in _PERSON if title in plain]
    if len(person) > 1:
        columns["contact"] = tuple(person)
    # The last words of a report stand above nobody.
    groups = [group_name(cells) for cells, after in pairwise(below) if len({*filter(None, after)}) > 1]
    groups = [name for name in groups if name]
    grouped = "branch" not in columns and sum(suggested_region(name) is not None for name in groups) * 2 > len(groups)
    return Header(header.row, titles, {code: places for code, places in columns.items() if places}, grouped=grouped)


def _two_rows(upper: Row, lower: Row) -> Header | None:
    """Both rows as one header; None when the lower one is not below the upper, or holds figures as clients do."""
    (number, titles), (below, cells) = upper, lower
    if number + 1 != below or any(_FIGURE.search(cell) for cell in (*titles, *cells)):
        return None
    # One that says more beside it gives way: «Контактные данные» stands over a column that has a name of its own.
    return header_at(below, [low or high for low, high in zip_longest(cells, titles, fillvalue="")])


def header_at(number: int, cells: Sequence[str]) -> Header:
    """Read this row as the header: exact words of a field first, then telling parts of words for the others."""
    titles = tuple(" ".join(cell.split()) for cell in cells)
    plain = [_plain(title) for title in titles]
    columns: dict[str, tuple[int, ...]] = {}
    for known in (_SYNONYMS.get, _hint, _LAST.get):
        for index, title in enumerate(plain):
            if title and (index,) not in columns.values() and (code := known(title)):
                columns.setdefault(code, (index,))
    return Header(number, titles, columns)


def _hint(title: str) -> str | None:
    return next((code for code, hint in _HINTS if hint.search(title)), None)


def _meaning(title: str) -> str | None:
    return (_SYNONYMS.get(title) or _hint(title)) if title else None


def _plain(title: str) -> str:
    """The title as it is compared: no marks, letters that look alike as Russian ones, letters apart put together."""
    words = [word.translate(_ALIKE) if _RUSSIAN.search(word) else word for word in fold(_NOISE.sub(" ", title)).split()]
    return _APART.sub(lambda found: found[0].replace(" ", ""), " ".join(words))


def signature(titles: Sequence[str]) -> str:
    """Return what two workbooks with the same columns have in common, whatever their spelling of spaces and case."""
    own = [_plain(title) for title in titles if title != MARK_TITLE]
    while own and not own[-1]:
        own.pop()
    return hashlib.sha256("\n".join(own).encode()).hexdigest()


def mapped_by_title(titles: Sequence[str], columns: Columns, header: Header) -> dict[str, tuple[int, ...]] | None:
    """Return the mapping that a person confirmed for other columns, carried over to the same titles of this header.

    What it does not say stays as the header itself is understood. None when the header names none of the titles.
    """
    places = {_plain(title): index for index, title in reversed(list(enumerate(header.titles))) if title}
    carried = {}
    for code, indexes in columns.items():
        known = [_plain(titles[index]) for index in indexes if index < len(titles)]
        if known and all(title in places for title in known):
            carried[code] = tuple(places[title] for title in known)
    if not carried:
        return None
    taken = {index for indexes in carried.values() for index in indexes}
    rest = {code: indexes for code, indexes in header.columns.items() if not taken.intersection(indexes)}
    return rest | carried


def columns_from_json(kept: Mapping[str, int | Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """A mapping as it was kept; an older release kept one column a field."""
    return {code: (place,) if isinstance(place, int) else tuple(place) for code, place in kept.items()}


def mapping_problem(header: Header) -> str:
    """Say in one sentence what a mapping lacks; '' when it can be used."""
    columns = header.columns
    has_branch = "branch" in columns or header.branch or header.grouped
    missing = [*([] if has_branch else ["branch"]), *(code for code in REQUIRED if code not in columns)]
    if missing == ["branch"]:
        return "Столбца «ОП» нет: напишите подразделение всей базы или отметьте, что оно стоит строками над клиентами."
    if missing:
        return f"Укажите, в каком столбце: {', '.join(f'«{FIELDS[code]}»' for code in missing)}."
    twice = next((code for code, places in columns.items() if len(places) > 1 and code not in SEVERAL), None)
    if twice:
        return f"«{FIELDS[twice]}» берётся из одного столбца, выбрано {len(columns[twice])}. Оставьте один."
    return ""


def branch_spelling(text: str) -> str:
    """Return the cell as the spelling of a branch: composed, white space collapsed, cut where no name is longer."""
    composed = text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    return " ".join(composed.split())[:_LONGEST_BRANCH]


def texts_of(cells: Sequence[str], columns: Columns) -> dict[str, str]:
    """Return the texts of a row by field; '' where the row is too short."""
    width = len(cells)
    texts = {}
    for code, places in columns.items():
        if len(places) == 1:
            texts[code] = cells[places[0]] if places[0] < width else ""
        else:
            texts[code] = SEVERAL[code].join(cells[place] for place in places if place < width and cells[place])
    return texts


def is_caption(cells: Sequence[str], texts: Mapping[str, str]) -> bool:
    """Whether the row is a line of words under or above a table: nothing is in it but what stands for the branch."""
    only = texts.get("branch")
    return bool(only) and texts.get("phone", "") in ("", only) and set(filter(None, cells)) == {only}


def is_totals(cells: Sequence[str], columns: Columns) -> bool:
    """Whether the row sums up others: it starts with «Итого» or «Всего» and has neither INN nor phone."""
    first = next((cell for cell in cells if cell), "")
    if not first[:_TOTALS_WITHIN].strip(_MARKS).lower().startswith(("итог", "всего")) or not _TOTALS.match(
        _plain(first)
    ):
        return False
    texts = texts_of(cells, columns)
    return not texts.get("phone") and not texts.get("inn")
