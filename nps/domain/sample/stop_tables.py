"""A stop list as customers send it: whom each row of a table says not to call (R21)."""

from __future__ import annotations

import re
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
_BOTH = re.compile(r"инн.*(?:тел|номер)|(?:тел|номер).*инн")
_INN_LABEL = re.compile(r"\bинн\b|\binn\b", re.IGNORECASE)
_PUNCTUATION, _NOT_DIGIT = re.compile(r"[«»\"'„“”.,;:()]+"), re.compile(r"\D+")
_WHOLE_NUMBER = 11
_EITHER = "Это может быть и телефон, и ИНН: назовите столбец «Телефон» или «ИНН» и загрузите снова."
_NO_NAME = "Такой организации нет в базах заказчика: впишите её ИНН или телефон."
_MANY_NAMES = "Организаций с таким названием в базах несколько: впишите ИНН."
_NO_INN = "У этой организации в базе нет ИНН: впишите её телефоны."
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
    """Where a table has its numbers, INNs and reasons; `either`: columns that have numbers and INNs."""

    header: Header
    reason: int | None = None
    kinds: frozenset[str] = field(default_factory=frozenset)
    either: frozenset[int] = frozenset()

    def name(self, cells: Sequence[str]) -> str:
        """The name of an organisation in a row that has no INN; '' where it need not be looked for."""
        texts = texts_of(cells, self.header.columns)
        return "" if self.either or texts.get("inn") else texts.get("organisation", "")


def name_key(name: str) -> str:
    """What spellings of an organisation's name have in common: case, quotes and the order of its words aside."""
    return " ".join(sorted(_PUNCTUATION.sub(" ", fold(name)).split()))


def stop_table(rows: Sequence[Row]) -> StopTable:
    """Find the titles above the first row with a number; a table without them is known by its contents."""
    head = rows[:_LOOKED_AT]
    first = next((at for at, (_, cells) in enumerate(head) if any(map(_is_entry, cells))), None)
    header, known, reason = Header(0, (), {}), 0, None
    for number, cells in head[:first]:
        found = header_at(number, cells)
        said = next((at for at, title in enumerate(cells) if any(word in fold(title) for word in _REASONS)), None)
        fields = len(found.columns) + (said is not None)
        # Among names alone the first row is the one of titles: a firm may be called «Клиент».
        is_better = fields > known if first is None else fields >= known
        if {"phone", "inn", "organisation"} & set(found.columns) and is_better:
            header, known, reason = seen_in(found, head), fields, said
    if not known:
        below = [cells for _, cells in head[first or 0 :]]
        guessed = {code: at for code, at in guessed_columns(below).items() if code in ("phone", "inn")}
        header = replace(header, columns={code: (at,) for code, at in guessed.items()})
        widest = max(map(len, below), default=0)
        either = {at for at in range(widest) if _is_mixed([cells[at] for cells in below if at < len(cells)])}
    else:
        either = {at for at, title in enumerate(header.titles) if _BOTH.search(fold(title))}
    columns = {code: places for code, places in header.columns.items() if not either.intersection(places)}
    kinds = {"phone", "inn"} if either else {"phone", "inn"} & set(columns)
    if not kinds and "organisation" in columns:
        kinds = {"inn"}
    return StopTable(replace(header, columns=columns), reason, frozenset(kinds), frozenset(either))


def stop_rows(
    rows: Sequence[Row],
    table: StopTable,
    kinds: Collection[str],
    listed: Collection[str],
    seen: dict[str, str],
    sheet: str = "",
    inns: Mapping[str, Collection[str | None]] = MappingProxyType({}),
) -> Iterator[StopRow]:
    """What becomes of each row below the titles; `kinds`: what is taken of it, `phone` and `inn`.

    `listed`: numbers and INNs that are on the list already; `seen`: those of rows before, with their place. `inns`: of
    the customer's clients, by `name_key`.
    """
    for number, cells in rows:
        where = f"{sheet}, {number}" if sheet else str(number)
        said = " · ".join(filter(None, cells))[:_LONGEST_SAID]
        if number <= table.header.row:
            yield StopRow(where, said, StopFate.EMPTY, "Заголовки." if number == table.header.row else "Над таблицей.")
        elif is_totals(cells, table.header.columns):
            yield StopRow(where, said, StopFate.EMPTY, "Строка итогов.")
        else:
            yield _judged(_read(where, said, cells, table, kinds, inns), listed, seen)


def _read(
    where: str,
    said: str,
    cells: Sequence[str],
    table: StopTable,
    kinds: Collection[str],
    inns: Mapping[str, Collection[str | None]],
) -> StopRow:
    texts, at = texts_of(cells, table.header.columns), table.reason
    reason = cells[at] if at is not None and at < len(cells) else ""
    for column in sorted(table.either):
        text = cells[column] if column < len(cells) else ""
        if text:
            texts[_kind_of(text)] = text
    entries: list[StopEntry] = []
    notes: list[str] = []
    if text := texts.get("either", ""):
        notes.append(f"«{text}»: {_EITHER}")
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
    if "inn" in kinds and not entries and not notes and (name := table.name(cells)):
        known = inns.get(name_key(name), ())
        of_name = [inn for inn in known if inn]
        entries += [StopEntry(inn=inn, reason=reason) for inn in of_name if len(of_name) == 1]
        is_one = f"ИНН {of_name[0]} взят из базы клиентов." if entries else ""
        notes.append(is_one or (_MANY_NAMES if of_name else _NO_INN if known else _NO_NAME))
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
    return bool(find_phones(text).numbers) or _is_inn(text)


def _is_inn(text: str) -> bool:
    try:
        return bool(normal_inn(plain(text)))
    except InnError:
        return False


def _is_mixed(texts: Sequence[str]) -> bool:
    """Whether some can only be INNs, and some only numbers."""
    looks = {(bool(find_phones(text).numbers), _is_inn(text)) for text in texts}
    return {(True, False), (False, True)} <= looks


def _kind_of(text: str) -> str:
    """Which field a cell of a column with both is: `inn`, `phone`, or `either` where nobody can say."""
    if _INN_LABEL.search(text):
        return "inn"
    is_number, is_inn = bool(find_phones(text).numbers), _is_inn(text)
    if is_number and is_inn and len(_NOT_DIGIT.sub("", text)) != _WHOLE_NUMBER:
        return "either"
    return "inn" if is_inn and not is_number else "phone"
