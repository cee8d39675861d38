"""What becomes of each row of a base: accepted as it is, corrected, a duplicate, rejected, or no client at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nps.domain.errors import InnError, PhoneError
from nps.domain.inn import normal_inn
from nps.domain.phone import Phone, digits, parse_phone, split_phones
from nps.domain.sample.branches import Decision
from nps.domain.sample.columns import Header, branch_spelling, is_totals, texts_of
from nps.domain.search import fold
from nps.domain.wording import greeting_name, plural

MAX_NAME = 300
MAX_PHONES = 3
_MAX_RAW = 500
_MAX_REASON = 500
_MAX_SEARCH = 1000
_LONGEST_IN_IDENTITY = 200

_EMAIL = re.compile(r"[^\s@<>()\"',;]+@[^\s@<>()\"',;.]+(?:\.[^\s@<>()\"',;.]+)+")
#: The letter O, Russian or Latin, where a number has a zero; never the one in «доб.».
_LETTER_O = re.compile(r"(?<![A-Za-zА-Яа-яЁё])[ОоOo]+(?![A-Za-zА-Яа-яЁё])")
_RUSSIAN_WORD = re.compile(r"[А-ЯЁ][А-ЯЁ-]*")


class Fate(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class StopEntries:
    """The customer's stop list (R21): phones in E.164, and INNs of whole organisations."""

    phones: frozenset[str] = frozenset()
    inns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row with its fate. `raw`: texts by field as they stood. `fixed`: what is stored of a client.

    `changed`: the fields whose stored value is not what the cell said, spelling of numbers apart.
    """

    row_no: int
    fate: Fate
    reason: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    same_as_row: int | None = None
    same_as_client: int | None = None


@dataclass(slots=True)
class _Findings:
    """What was noticed about one row."""

    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def mend(self, code: str, note: str) -> None:
        self.notes.append(note)
        if code not in self.changed:
            self.changed.append(code)


def search_text(organisation: str, contact: str, inn: str | None, phones: Iterable[str]) -> str:
    """Return what the search looks in: organisation, contact, INN and phone digits, folded."""
    return fold(" ".join([organisation, contact, inn or "", *(digits(phone) for phone in phones)]))[:_MAX_SEARCH]


class RowChecker:
    """Judges rows one after another and remembers them: a later row that repeats an earlier one is a duplicate (R2)."""

    def __init__(
        self,
        header: Header,
        decisions: Mapping[str, Decision],
        clients: Iterable[tuple[int, str]] = (),
        stop: StopEntries | None = None,
    ) -> None:
        """`decisions`: by folded spelling of the branch. `clients`: id and identity of those in the campaign."""
        self._header = header
        self._decisions = decisions
        self._stop = stop or StopEntries()
        # A place is a row's number, or minus the id of a client.
        self._exact: dict[str, int] = {}
        self._first: dict[str, int] = {}
        for client_id, identity in clients:
            self._remember(identity, -client_id)

    def empty(self, row_no: int) -> Verdict:
        """The verdict on a row with nothing in it."""
        return Verdict(row_no, Fate.EMPTY)

    def check(self, row_no: int, cells: Sequence[str]) -> Verdict:
        """The verdict on a row."""
        raw = {code: text[:_MAX_RAW] for code, text in texts_of(cells, self._header.columns).items()}
        if not any(raw.values()):
            return Verdict(row_no, Fate.EMPTY, "В строке нет данных клиента.", raw)
        if is_totals(cells, self._header.columns):
            return Verdict(row_no, Fate.EMPTY, "Строка итогов, не клиент.", raw)
        if all(fold(text) == fold(self._header.titles[self._header.columns[code]]) for code, text in raw.items()):
            return Verdict(row_no, Fate.EMPTY, "Повтор строки заголовков.", raw)
        found = _Findings()
        client = self._client(raw, found)
        if found.errors:
            return Verdict(row_no, Fate.REJECTED, _sentences(found.errors), raw)
        duplicate = self._duplicate(row_no, client["identity"], raw)
        if duplicate:
            return duplicate
        self._remember(client["identity"], row_no)
        if client["phones"][0]["e164"] in self._stop.phones or client["inn"] in self._stop.inns:
            client["stopped"] = True
            found.notes.append("В стоп-листе: считается отказом, звонить не будем.")
        fate = Fate.CORRECTED if found.changed else Fate.ACCEPTED
        return Verdict(row_no, fate, _sentences(found.notes), raw, client, tuple(found.changed))

    def _client(self, raw: Mapping[str, str], found: _Findings) -> dict[str, Any]:
        """Read all fields, so that a rejected row names everything that is wrong with it at once."""
        branch = branch_spelling(raw["branch"])
        decision = self._decision(branch, found)
        organisation = _name("organisation", raw, found)
        if not organisation:
            found.errors.append("Нет названия организации. Впишите его.")
        contact = _contact(raw, found)
        inn = _inn(raw["inn"], found)
        phones = _phones(raw["phone"], decision.area_code or None, found)
        who = inn or f"org:{hashlib.sha256(fold(organisation).encode()).hexdigest()[:32]}"
        number = f"{phones[0].e164}#{phones[0].extension}" if phones else ""
        return {
            "branch_fold": fold(branch),
            "inn": inn,
            "organisation": organisation,
            "contact": contact,
            "email": _email(raw.get("email", ""), found),
            "greeting_name": greeting_name(contact)[:200],
            "phones": [{"e164": p.e164, "extension": p.extension, "guessed": p.guessed} for p in phones],
            "search_fold": search_text(organisation, contact, inn, (p.e164 for p in phones)),
            "identity": f"{who}|{number}|{_short(fold(contact))}",
            "stopped": False,
        }

    def _decision(self, name: str, found: _Findings) -> Decision:
        decision = self._decisions.get(fold(name), Decision())
        if decision.outside:
            what = f"ОП «{name}»" if name else "Строки без ОП"
            found.errors.append(f"{what} вне пяти регионов опроса, такие клиенты не загружаются.")
        elif decision.branch_id is None and decision.region is None:
            found.notes.append("Регион неизвестен: звонить нельзя, пока его не укажут.")
        return decision

    def _remember(self, identity: str, place: int) -> None:
        self._exact.setdefault(identity, place)
        self._first.setdefault(identity.rpartition("|")[0], place)

    def _duplicate(self, row_no: int, identity: str, raw: Mapping[str, str]) -> Verdict | None:
        """The same INN and phone, and the same contact or none on either side (R2)."""
        group, _, contact = identity.rpartition("|")
        place = (self._exact.get(identity) or self._exact.get(f"{group}|")) if contact else self._first.get(group)
        if place is None:
            return None
        if place < 0:
            reason = "Такой клиент уже есть в базе: те же ИНН, телефон и контакт."
            return Verdict(row_no, Fate.DUPLICATE, reason, raw, same_as_client=-place)
        reason = f"Те же ИНН, телефон и контакт, что в строке {place}. Оставлена первая строка."
        return Verdict(row_no, Fate.DUPLICATE, reason, raw, same_as_row=place)


def _sentences(parts: Iterable[str]) -> str:
    text = " ".join(parts)
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"


def _short(text: str) -> str:
    """A contact inside an identity: `|` parts it, and a text of any length must fit."""
    text = text.replace("|", "/")
    if len(text) <= _LONGEST_IN_IDENTITY:
        return text
    return f"{text[: _LONGEST_IN_IDENTITY - 33]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _name(code: str, raw: Mapping[str, str], found: _Findings) -> str:
    text = " ".join(raw.get(code, "").split())
    if len(text) <= MAX_NAME:
        return text
    found.mend(code, f"Текст длиннее {MAX_NAME} знаков, обрезан.")
    return text[:MAX_NAME].rstrip()


def _contact(raw: Mapping[str, str], found: _Findings) -> str:
    text = _name("contact", raw, found)
    words = text.split()
    if len(words) > 1 and all(_RUSSIAN_WORD.fullmatch(word) for word in words):
        found.mend("contact", "ФИО прописными буквами.")
        return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in words)
    return text


def _inn(text: str, found: _Findings) -> str:
    try:
        inn = normal_inn(text)
    except InnError as error:
        found.errors.append(error.message)
        return ""
    if not inn:
        found.notes.append("ИНН не указан.")
        return ""
    before_kpp = re.sub(r"\D+", "", re.split(r"[/\\|]", text)[0])
    if re.search(r"\d\s*[/\\|]\s*\d", text):
        found.mend("inn", "ИНН вместе с КПП.")
    if inn == f"0{before_kpp}":
        found.mend("inn", "У ИНН пропал ведущий ноль, контрольная сумма сошлась.")
    return inn


def _phones(text: str, area_code: str | None, found: _Findings) -> list[Phone]:
    """The numbers of the cell in their order; one that can be dialled is enough."""
    repaired = _LETTER_O.sub(lambda match: "0" * len(match[0]), text) if any(char.isdigit() for char in text) else text
    if repaired != text:
        found.mend("phone", "В телефоне буква «О» вместо нуля.")
    pieces = _pieces(repaired)
    good: list[Phone] = []
    bad: list[str] = []
    for piece in pieces:
        try:
            phone = parse_phone(piece, area_code)
        except PhoneError as error:
            bad.append(error.message if len(pieces) == 1 else f"«{piece}»: {error.message}")
            continue
        if all((phone.e164, phone.extension) != (other.e164, other.extension) for other in good):
            good.append(phone)
    if not good:
        found.errors.extend(bad)
        return []
    _note_phones(good, bad, found)
    return good[:MAX_PHONES]


def _pieces(text: str) -> tuple[str, ...]:
    try:
        pieces = split_phones(text)
    except PhoneError:  # a number that Excel has rounded: parse_phone says so
        return (text,)
    return pieces if len(pieces) > 1 else (text,)


def _note_phones(good: list[Phone], bad: list[str], found: _Findings) -> None:
    if len(good) > 1:
        spare = min(len(good), MAX_PHONES) - 1
        found.mend("phone", f"Несколько номеров: {spare} {plural(spare, 'запасной', 'запасных', 'запасных')}.")
    if len(good) > MAX_PHONES:
        found.mend("phone", f"Взяты первые {MAX_PHONES} номера из {len(good)}.")
    if bad:
        found.mend("phone", f"Не все номера взяты. {_sentences(bad)}")
    if any(phone.guessed for phone in good):
        found.mend("phone", "Код города добавлен по подразделению.")


def _email(text: str, found: _Findings) -> str:
    text = text.strip()
    if not text or (_EMAIL.fullmatch(text) and len(text) <= 254):
        return text
    found.mend("email", "Почта с ошибкой, не загружена.")
    return ""
