"""A stop list as customers send it: whom each row of a table says not to call (R21)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from nps.domain.digits import plain
from nps.domain.errors import InnError
from nps.domain.inn import normal_inn
from nps.domain.phone_text import find_phones
from nps.domain.sample.branches import suggested_area_code
from nps.domain.sample.cells import sentences
from nps.domain.sample.columns import Header, Row, header_at, is_totals, seen_in, texts_of
from nps.domain.sample.contents import guessed_columns
from nps.domain.search import fold

#: What is taken of rows that have both a number and an INN, in words: only a person can say.
TAKEN_BY: Mapping[str, str] = MappingProxyType(
    {"phone": "Только номера", "inn": "Организации целиком, по ИНН", "both": "И номера, и организации"}
)
_REASONS = ("причин", "коммент", "примеч", "основан", "reason", "comment")
_LOOKED_AT = 100
_LONGEST_SAID = 300


class StopFate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    LISTED = "listed"
    REPEAT = "repeat"
    WRONG = "wrong"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class StopEntry:
    """A number in E.164 or an INN that nobody calls, and why, where the row says so."""

    e164: str = ""
    inn: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StopRow:
    """A row with what it says: `said` as it stood, `entries` of which `new` are not on the list, `note` to be read.

    `where`: its number, and the sheet where there are several.
    """

    where: str
    said: str
    fate: StopFate
    note: str = ""
    entries: tuple[StopEntry, ...] = ()
    new: tuple[StopEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class StopTable:
    """Where a table has its numbers, INNs and reasons."""

    header: Header
    reason: int | None = None
    kinds: frozenset[str] = field(default_factory=frozenset)


def stop_table(rows: Sequence[Row]) -> StopTable:
    """Find the titles above the first row with a number; a table without them is known by its contents."""
    head = rows[:_LOOKED_AT]
    first = next((at for at, (_, cells) in enumerate(head) if any(map(_is_entry, cells))), 0)
    header, known, reason = Header(0, (), {}), 0, None
    for number, cells in head[:first]:
        found = header_at(number, cells)
        said = next((at for at, title in enumerate(cells) if any(word in fold(title) for word in _REASONS)), None)
        fields = len(found.columns) + (said is not None)
        if {"phone", "inn"} & set(found.columns) and fields >= known:
            header, known, reason = seen_in(found, head), fields, said
    if not known:
        guessed = guessed_columns([cells for _, cells in head[first:]])
        header = replace(header, columns={code: (at,) for code, at in guessed.items() if code in ("phone", "inn")})
    return StopTable(header, reason, frozenset({"phone", "inn"} & set(header.columns)))


def stop_rows(
    rows: Sequence[Row],
    table: StopTable,
    kinds: Collection[str],
    listed: Collection[str],
    seen: dict[str, str],
    sheet: str = "",
) -> Iterator[StopRow]:
    """What becomes of each row below the titles; `kinds`: what is taken of it, `phone` and `inn`.

    `listed`: numbers and INNs that are on the list already; `seen`: those of rows before, with their place.
    """
    for number, cells in rows:
        where = f"{sheet}, {number}" if sheet else str(number)
        said = " · ".join(filter(None, cells))[:_LONGEST_SAID]
        if number <= table.header.row:
            yield StopRow(where, said, StopFate.EMPTY, "Заголовки." if number == table.header.row else "Над таблицей.")
        elif is_totals(cells, table.header.columns):
            yield StopRow(where, said, StopFate.EMPTY, "Строка итогов.")
        else:
            yield _judged(_read(where, said, cells, table, kinds), listed, seen)


def _read(where: str, said: str, cells: Sequence[str], table: StopTable, kinds: Collection[str]) -> StopRow:
    texts, at = texts_of(cells, table.header.columns), table.reason
    reason = cells[at] if at is not None and at < len(cells) else ""
    entries, notes = [], []
    if "phone" in kinds and texts.get("phone"):
        found = find_phones(texts["phone"], suggested_area_code(texts.get("branch", "")) or None)
        entries += [StopEntry(e164=named.phone.e164, reason=reason) for named in found.numbers]
        alone = len(found.bad) == 1 and not found.numbers
        notes += [error.message if alone else f"«{piece}»: {error.message}" for piece, error in found.bad]
    if "inn" in kinds and texts.get("inn"):
        try:
            inn = normal_inn(plain(texts["inn"]))
            entries += [StopEntry(inn=inn, reason=reason)] if inn else []
        except InnError as error:
            notes.append(error.message)
    if not kinds:
        return StopRow(where, said, StopFate.EMPTY, "Ждёт выбора: номера или организации.")
    if not entries and not notes:
        notes.append(
            "Нет ни телефона, ни ИНН." if len(kinds) > 1 else "Нет ИНН." if "inn" in kinds else "Нет телефона."
        )
    return StopRow(where, said, StopFate.NEW if entries else StopFate.WRONG, sentences(notes), tuple(entries))


def _judged(row: StopRow, listed: Collection[str], seen: dict[str, str]) -> StopRow:
    """Whether the list, or a row above, has all of it already."""
    new = tuple(one for one in row.entries if (value := one.e164 or one.inn) not in listed and value not in seen)
    if row.entries and not new:
        above = next((seen[value] for one in row.entries if (value := one.e164 or one.inn) in seen), "")
        note = sentences([f"То же, что в строке {above}." if above else "Уже в стоп-листе.", *filter(None, [row.note])])
        return replace(row, fate=StopFate.REPEAT if above else StopFate.LISTED, note=note)
    seen.update({one.e164 or one.inn: row.where for one in new})
    return replace(row, new=new)


def _is_entry(text: str) -> bool:
    if find_phones(text).numbers:
        return True
    try:
        return bool(normal_inn(plain(text)))
    except InnError:
        return False
