"""What the cells of a column look like: which field it can be, whatever stands above it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from nps.domain.errors import InnError
from nps.domain.inn import normal_inn
from nps.domain.phone_text import find_phones, usual_phone
from nps.domain.sample.branches import suggested_region

#: Rows that are looked at; the others are like them.
_LOOKED_AT = 100
#: The share of a column's cells that must look like the field.
_ENOUGH = 0.5

LEGAL_FORMS = (
    "ООО", "ОАО", "ПАО", "ЗАО", "АО", "НАО", "ИП", "ГУП", "МУП", "ФГУП", "ТСЖ", "ТСН", "ЖСК", "СНТ", "КФХ", "МБУ",
    "МКУ", "ГБУ", "МБОУ",
)  # fmt: skip
_LEGAL_FORM = re.compile(rf"\b(?:{'|'.join(LEGAL_FORMS)})\b|[«\"].+[»\"]")
_PERSON = re.compile(r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s+[А-ЯЁ](?:[а-яё]+|\.)(?:\s*[А-ЯЁ](?:[а-яё]+|\.))?")


def _is_inn(text: str) -> bool:
    try:
        return bool(normal_inn(text))
    except InnError:
        return False


#: Field -> whether a cell looks like it, most telling first: a column is one field only.
_LOOKS: Mapping[str, Callable[[str], object]] = {
    "inn": _is_inn,
    "phone": lambda text: usual_phone(text) or find_phones(text).numbers,
    "email": re.compile(r"\S+@\S+\.\S+").fullmatch,
    "branch": suggested_region,
    "organisation": _LEGAL_FORM.search,
    "contact": _PERSON.match,
}


def is_person(text: str) -> bool:
    """Whether the text is a person's name and nothing more."""
    return _PERSON.fullmatch(text) is not None


def is_like(field: str, rows: Iterable[Sequence[str]], column: int) -> bool:
    """Whether most filled cells of the column look like the field."""
    return share(field, rows, column) >= _ENOUGH


def share(field: str, rows: Iterable[Sequence[str]], column: int) -> float:
    """The share of filled cells of the column, among the first rows, that look like the field; 0 without any."""
    cells = [row[column] for row in islice(rows, _LOOKED_AT) if column < len(row) and row[column]]
    return sum(bool(_LOOKS[field](cell)) for cell in cells) / len(cells) if cells else 0.0


def guessed_columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field -> the column whose cells look most like it, of a table without titles."""
    columns: dict[str, int] = {}
    for field in _LOOKS:
        free = [column for column in range(max(map(len, rows), default=0)) if column not in columns.values()]
        best = max(free, key=lambda column: share(field, rows, column), default=None)
        if best is not None and share(field, rows, best) >= _ENOUGH:
            columns[field] = best
    return columns


def better_columns(
    columns: Mapping[str, tuple[int, ...]], same: Mapping[str, Sequence[int]], rows: Sequence[Sequence[str]]
) -> dict[str, tuple[int, ...]]:
    """The columns, a field given to another of the `same` title where that looks like it and the chosen does not."""
    found = dict(columns)
    for field, others in same.items():
        free = [column for column in others if (column,) not in found.values()]
        best = max(free, key=lambda column: share(field, rows, column), default=None)
        if best is not None and is_like(field, rows, best) and not is_like(field, rows, found[field][0]):
            found[field] = (best,)
    return found
