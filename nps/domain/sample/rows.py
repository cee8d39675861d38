"""What becomes of each row of a base: accepted as it is, corrected, a duplicate, rejected, or no client at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from nps.domain.numbers import phone_key, stopped_number, stopped_words
from nps.domain.phone import digits, show
from nps.domain.sample.branches import Decision
from nps.domain.sample.cells import (
    Findings,
    read_contact,
    read_email,
    read_inn,
    read_organisation,
    read_phones,
    sentences,
)
from nps.domain.sample.columns import Header, branch_spelling, is_totals, texts_of
from nps.domain.sample.matching import ClientIndex, KnownClient, Match, change_of, numbers_of
from nps.domain.sample.repeats import Repeat, Repeats
from nps.domain.search import fold
from nps.domain.wording import greeting_name

_MAX_RAW = 500
_MAX_SEARCH = 1000
_LONGEST_IN_IDENTITY = 200


class Fate(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    #: A client of the project about whom the row says something new.
    UPDATE = "update"
    EMPTY = "empty"


#: Fates as people read them.
FATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "accepted": "Принята",
        "corrected": "Исправлена",
        "duplicate": "Дубль",
        "rejected": "Отклонена",
        "update": "Изменение",
        "empty": "Пустая",
    }
)


_UNKNOWN = Decision()
_CHANGED = {"contact": "другое контактное лицо", "phone": "новый номер", "email": "другая почта"}


@dataclass(frozen=True, slots=True)
class StopEntries:
    """The customer's stop list (R21): phones in E.164, and INNs of whole organisations."""

    phones: frozenset[str] = frozenset()
    inns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row with its fate. `raw`: texts by field as they stood. `fixed`: what is stored of a client.

    `changed`: the fields whose stored value is not what the cell said, spelling of numbers apart. `faulty`: those whose
    cell is wrong and has to be put right by its owner. `noticed`: (field, kind) of all that was mended or wrong.
    """

    row_no: int
    fate: Fate
    reason: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    noticed: tuple[tuple[str, str], ...] = ()
    same_as_row: int | None = None
    same_as_client: int | None = None
    #: Of a row that changes a client: field -> what he has now.
    before: Mapping[str, str] = field(default_factory=dict)


def search_text(organisation: str, contact: str, inn: str | None, phones: Iterable[str]) -> str:
    """Return what the search looks in: organisation, contact, INN and phone digits, folded."""
    numbers = (phone[2:] if phone.startswith("+7") else digits(phone) for phone in phones)
    return fold(" ".join([organisation, contact, inn or "", *numbers]))[:_MAX_SEARCH]


class RowChecker:
    """Judges rows one after another and remembers them: a later row that repeats an earlier one is a duplicate (R2).

    Rows of an organisation that the project knows wait until all rows are seen: who repeats a client word for word
    comes first, and only then is anybody taken for a client with a new name or number.
    """

    def __init__(
        self,
        header: Header,
        decisions: Mapping[str, Decision],
        clients: Iterable[KnownClient] = (),
        stop: StopEntries | None = None,
    ) -> None:
        """`decisions`: by folded spelling of the branch. `clients`: those of the project."""
        self._header = header
        self._titles = {code: fold(header.titles[index]) for code, index in header.columns.items()}
        self._decisions = decisions
        self._branches: dict[str, tuple[str, str]] = {}
        self._stop = stop or StopEntries()
        self._repeats = Repeats()
        self._clients = ClientIndex(clients)
        self._waiting: dict[int, tuple[Verdict, dict[str, Any]]] = {}
        self._matched: dict[int, KnownClient] = {}
        self._late: list[Verdict] = []
        self._joined: list[Verdict] = []

    @property
    def joined(self) -> Sequence[Verdict]:
        """New verdicts on rows that were called clients of their own before a later row showed whose they are.

        To be asked after `rest`; `same_as_row` is the client's row, and their numbers go to him.
        """
        return self._joined

    @property
    def missing(self) -> int:
        """How many clients of the project the base does not name; to be asked after `rest`."""
        return self._clients.missing

    def empty(self, row_no: int) -> Verdict:
        """The verdict on a row with nothing in it."""
        return Verdict(row_no, Fate.EMPTY)

    def check(self, row_no: int, cells: Sequence[str]) -> Verdict | None:
        """The verdict on a row; None when it will be among those of `rest`."""
        raw = {code: text[:_MAX_RAW] for code, text in texts_of(cells, self._header.columns).items()}
        if not any(raw.values()):
            return Verdict(row_no, Fate.EMPTY, "В строке нет данных клиента.", raw)
        if is_totals(cells, self._header.columns):
            return Verdict(row_no, Fate.EMPTY, "Строка итогов, не клиент.", raw)
        if self._is_header(raw):
            return Verdict(row_no, Fate.EMPTY, "Повтор строки заголовков.", raw)
        found = Findings()
        client = self._client(raw, found)
        noticed = tuple(found.noticed)
        if found.errors:
            reason = sentences(found.errors)
            return Verdict(row_no, Fate.REJECTED, reason, raw, faulty=tuple(found.faulty), noticed=noticed)
        repeat = self._repeats.find(client, row_no)
        if repeat:
            return self._repeated(Verdict(row_no, Fate.DUPLICATE, raw=raw), client, repeat)
        listed = self._stopped(client["phones"])
        if listed or client["inn"] in self._stop.inns:
            client["stopped"] = True
            found.notes.append(f"{listed or 'Организация в стоп-листе'}: считается отказом, звонить не будем.")
        fate = Fate.CORRECTED if found.changed else Fate.ACCEPTED
        verdict = Verdict(
            row_no, fate, sentences(found.notes), raw, client, tuple(found.changed), tuple(found.faulty), noticed
        )
        if not self._clients.knows(client["identity"]):
            return verdict
        match = self._clients.exact(client["identity"])
        if match:
            return self._known(verdict, client, match)
        self._waiting[row_no] = verdict, client
        return None

    def rest(self) -> Iterator[Verdict]:
        """Verdicts on the rows that had to wait, when all rows have been seen."""
        yield from self._late
        waiting = list(self._waiting.values())
        for find in (self._clients.match_phone, self._clients.match_name, self._clients.match_inn):
            left = []
            for verdict, client in waiting:
                match = find(client)
                if match:
                    yield self._known(verdict, client, match)
                else:
                    left.append((verdict, client))
            waiting = left
        yield from (verdict for verdict, _ in waiting)

    def _known(self, verdict: Verdict, row: dict[str, Any], match: Match) -> Verdict:
        """The verdict on a row that means a client of the project."""
        client = self._matched[verdict.row_no] = match.client
        same = f"Такой клиент уже есть в базе: совпали {match.by}."
        row_no, raw = verdict.row_no, verdict.raw
        if client.withdrawn:
            reason = f"{same} Заказчик его исключил: вернуть можно на странице клиента."
            return Verdict(row_no, Fate.DUPLICATE, reason, raw, same_as_client=client.id)
        change = change_of(match, row)
        if change is None:
            return Verdict(row_no, Fate.DUPLICATE, same, raw, same_as_client=client.id)
        words = [_CHANGED[code] for code in change.fields]
        reason = f"{same} {' и '.join(words).capitalize()}."
        if change.phones and client.inactive:
            reason += " Номер новый: клиент снова будет в работе."
        reason += self._will_refuse(change.phones)
        return Verdict(
            row_no,
            Fate.UPDATE,
            reason,
            raw,
            row | {"phones": list(change.phones), "stopped": False},
            change.fields,
            verdict.faulty,
            verdict.noticed,
            same_as_client=client.id,
            before=change.before,
        )

    def _is_header(self, raw: Mapping[str, str]) -> bool:
        """Whether the row repeats the titles; nearly every row is known not to by its branch."""
        if self._branch(raw["branch"])[1] != self._titles["branch"]:
            return False
        return all(fold(text) == self._titles[code] for code, text in raw.items())

    def _client(self, raw: Mapping[str, str], found: Findings) -> dict[str, Any]:
        """Read all fields, so that a rejected row names everything that is wrong with it at once."""
        branch, branch_fold = self._branch(raw["branch"])
        decision = self._decision(branch, branch_fold, found)
        organisation = read_organisation(raw, found)
        contact = read_contact(raw, found)
        inn = read_inn(raw["inn"], found)
        phones = read_phones(raw["phone"], decision.area_code or None, found)
        who = inn or f"org:{hashlib.sha256(fold(organisation).encode()).hexdigest()[:32]}"
        number = f"{phones[0].e164}#{phones[0].extension}" if phones else ""
        return {
            "branch_fold": branch_fold,
            "inn": inn,
            "organisation": organisation,
            "contact": contact,
            "email": read_email(raw.get("email", ""), found),
            "greeting_name": greeting_name(contact)[:200],
            "phones": [{"e164": p.e164, "extension": p.extension, "guessed": p.guessed} for p in phones],
            "search_fold": search_text(organisation, contact, inn, (p.e164 for p in phones)),
            "identity": f"{who}|{number}|{_short(fold(contact))}",
            "stopped": False,
        }

    def _branch(self, text: str) -> tuple[str, str]:
        """Spelling and folded spelling; a base has few of them, in many rows."""
        known = self._branches.get(text)
        if known is None:
            branch = branch_spelling(text)
            known = self._branches[text] = (branch, fold(branch))
        return known

    def _decision(self, name: str, folded: str, found: Findings) -> Decision:
        decision = self._decisions.get(folded, _UNKNOWN)
        if decision.outside:
            what = f"ОП «{name}»" if name else "Строки без ОП"
            found.refuse("branch", "outside", f"{what} вне пяти регионов опроса, такие клиенты не загружаются.")
        elif decision.branch_id is None and decision.region is None:
            found.notes.append("Регион неизвестен: звонить нельзя, пока его не укажут.")
        return decision

    def _stopped(self, phones: Iterable[Mapping[str, Any]]) -> str:
        listed = stopped_number((phone["e164"] for phone in phones), self._stop.phones)
        return stopped_words(listed) if listed else ""

    def _will_refuse(self, phones: Iterable[Mapping[str, Any]]) -> str:
        listed = self._stopped(phones)
        return f" {listed}: клиент будет считаться отказом." if listed else ""

    def _repeated(self, verdict: Verdict, row: dict[str, Any], repeat: Repeat) -> Verdict:
        """The verdict on a row that means the client of an earlier row: its further numbers are his (R2)."""
        owner, extra = repeat.owner, repeat.extra
        self._join(repeat, verdict.row_no)
        known = self._matched.get(owner)
        if known is not None:
            extra = tuple(phone for phone in extra if phone_key(phone) not in known.phones)
        reason = f"Те же ИНН, телефон и контакт, что в строке {owner}. Оставлена первая строка."
        if extra:
            told = ", ".join(show(phone["e164"], phone["extension"]) for phone in extra)
            reason = f"Тот же клиент, что в строке {owner}: к нему добавлено {told}.{self._will_refuse(extra)}"
        waiting = self._waiting.get(owner)
        if waiting is not None:
            waiting[1]["phones"] += extra
            waiting[1]["stopped"] = waiting[1]["stopped"] or bool(self._stopped(extra))
            waiting[1]["search_fold"] = f"{waiting[1]['search_fold']} {_digits_of(extra)}".strip()[:_MAX_SEARCH]
        elif known is not None and extra and not known.withdrawn:
            fixed = row | {"identity": known.identity, "phones": list(extra), "stopped": False}
            return replace(
                verdict, fate=Fate.UPDATE, reason=reason, fixed=fixed, changed=("phone",), same_as_client=known.id,
                before={"phone": numbers_of(known)},
            )  # fmt: skip
        elif known is None:
            # They wait in the receipt's row for the client to be made.
            fixed = {"phones": list(extra), "stopped": bool(self._stopped(extra))}
            return replace(verdict, reason=reason, fixed=fixed, same_as_row=owner)
        return replace(verdict, reason=reason, same_as_row=owner)

    def _join(self, repeat: Repeat, row_no: int) -> None:
        """Rows that have been taken for other clients mean this one too."""
        for place in repeat.joined:
            if place in self._matched or repeat.owner in self._matched:
                continue  # Two clients of the project stay two: only a person joins them.
            reason = f"Тот же клиент, что в строке {repeat.owner}: общий номер в строке {row_no}. Номера добавлены."
            joined, into = Verdict(place, Fate.DUPLICATE, reason, same_as_row=repeat.owner), self._joined
            if place in self._waiting:
                verdict, other = self._waiting.pop(place)
                joined, into = replace(joined, raw=verdict.raw), self._late
                self._clients.forget(other["identity"])
                _, owner = self._waiting[repeat.owner]
                has = {phone_key(phone) for phone in owner["phones"]}
                owner["phones"] += [phone for phone in other["phones"] if phone_key(phone) not in has]
                owner["stopped"] = owner["stopped"] or other["stopped"]
            into.append(joined)


def _digits_of(phones: Iterable[Mapping[str, Any]]) -> str:
    return " ".join(phone["e164"][2:] for phone in phones)


def _short(text: str) -> str:
    """A contact inside an identity: `|` parts it, and a text of any length must fit."""
    text = text.replace("|", "/")
    if len(text) <= _LONGEST_IN_IDENTITY:
        return text
    return f"{text[: _LONGEST_IN_IDENTITY - 33]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"
