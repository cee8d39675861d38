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
from nps.domain.phone_text import Named
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
from nps.domain.sample.columns import Header, RowReader, branch_spelling, is_caption, is_totals, texts_of
from nps.domain.sample.contents import is_person
from nps.domain.sample.matching import ClientIndex, KnownClient, Match, Meaning, numbers_of
from nps.domain.sample.repeats import Repeat, Repeats
from nps.domain.sample.sheets import row_words
from nps.domain.search import fold
from nps.domain.wording import greeting_name

_MAX_RAW = 500
_MAX_SEARCH = 1000
_LONGEST_IN_IDENTITY = 200
#: Of the words that are kept beside a number.
_MAX_WORDS = 200
#: Numbers named in the reason of a row; there are hardly ever more.
_MOST_TOLD = 5


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
_WITHDRAWN = "Такой клиент уже есть в базе. Заказчик его исключил: вернуть можно на странице клиента."


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
    #: Of a row that changes a client: field -> what he has now; and whether only a person can say that it means him.
    before: Mapping[str, str] = field(default_factory=dict)
    asked: bool = False


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
        sheets: Sequence[str] = (),
    ) -> None:
        """`decisions`: by folded spelling of the branch. `clients`: those of the project. `sheets`: see `row_words`."""
        self.turn_to(header)
        self._sheets = sheets
        self._decisions = decisions
        self._branches: dict[str, tuple[str, str]] = {}
        self._stop = stop or StopEntries()
        self._repeats = Repeats()
        self._clients = ClientIndex(clients)
        self._waiting: dict[int, tuple[Verdict, dict[str, Any]]] = {}
        self._matched: dict[int, KnownClient] = {}
        self._late: list[Verdict] = []
        self._joined: list[Verdict] = []

    def turn_to(self, header: Header) -> None:
        """The next rows are those of another sheet, under its header."""
        self._header = header
        self._reader = RowReader(header)
        self._titles = {
            code: fold(text) for code, text in texts_of(header.titles, header.columns).items() if header.row
        }

    @property
    def joined(self) -> Sequence[Verdict]:
        """New verdicts on rows that were called clients of their own before a later row showed whose they are.

        To be asked after `rest`; `same_as_row` is the client's row, and their numbers go to him.
        """
        return [replace(one, same_as_row=self._repeats.owner_of(one.row_no)) for one in self._joined]

    @property
    def missing(self) -> int:
        """How many clients of the project the base does not name; to be asked after `rest`."""
        return self._clients.missing

    def empty(self, row_no: int) -> Verdict:
        return Verdict(row_no, Fate.EMPTY)

    def leave(self, row_no: int, cells: Sequence[str]) -> Verdict:
        """The verdict on a row that a person does not want; one that names a branch still does for those below it."""
        texts = self._reader.texts(cells)
        raw = {} if isinstance(texts, str) else {code: text[:_MAX_RAW] for code, text in texts.items()}
        return Verdict(row_no, Fate.EMPTY, "Скрытая строка: не загружена, так выбрали.", raw)

    def check(self, row_no: int, cells: Sequence[str]) -> Verdict | None:
        """The verdict on a row; None when it will be among those of `rest`."""
        texts = self._reader.texts(cells)
        if isinstance(texts, str):
            return Verdict(row_no, Fate.EMPTY, texts)
        raw = {code: text[:_MAX_RAW] for code, text in texts.items()}
        if reason := self._no_client(cells, texts, raw):
            return Verdict(row_no, Fate.EMPTY, reason, raw)
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
        if elsewhere := self._clients.elsewhere(client):
            found.notes.append(elsewhere)
        fate = Fate.CORRECTED if found.changed else Fate.ACCEPTED
        verdict = Verdict(
            row_no, fate, sentences(found.notes), raw, client, tuple(found.changed), tuple(found.faulty), noticed
        )
        if not self._clients.knows(client["identity"]):
            return verdict
        match = self._clients.exact(client)
        if match:
            return self._known(verdict, client, match)
        self._waiting[row_no] = verdict, client
        return None

    def _no_client(self, cells: Sequence[str], texts: Mapping[str, str], raw: Mapping[str, str]) -> str:
        """What the row is when it is no client's; else ''."""
        if not any(raw.values()):
            return "В строке нет данных клиента."
        if is_totals(cells, self._header.columns):
            return "Строка итогов, не клиент."
        if is_caption(cells, texts):
            return "Подпись, не клиент: в строке одна ячейка."
        return "Повтор строки заголовков." if self._is_header(raw) else ""

    def rest(self) -> Iterator[Verdict]:
        """Verdicts on the rows that had to wait, when all rows have been seen."""
        yield from self._late
        waiting = list(self._waiting.values())
        for find in self._clients.ways:
            left = []
            for verdict, client in waiting:
                match = find(client)
                if match:
                    yield self._known(verdict, client, match)
                else:
                    left.append((verdict, client))
            waiting = left
        for verdict, client in waiting:
            yield replace(verdict, reason=sentences([self._clients.newcomer(client), *filter(None, [verdict.reason])]))

    def _known(self, verdict: Verdict, row: dict[str, Any], match: Match) -> Verdict:
        """The verdict on a row that means a client of the project, or may mean him."""
        client, judged = match.client, match.judged
        self._matched[verdict.row_no] = client
        is_asked = judged.meaning is Meaning.DOUBT
        if client.withdrawn or not (judged.before or is_asked):
            said = _WITHDRAWN if client.withdrawn else sentences(judged.said)
            return Verdict(verdict.row_no, Fate.DUPLICATE, said, verdict.raw, same_as_client=client.id)
        reason = sentences([*judged.said, *filter(None, [self._will_refuse(judged.phones).strip()])])
        return replace(
            verdict, fate=Fate.UPDATE, reason=reason, changed=tuple(judged.before), same_as_client=client.id,
            before=judged.before, asked=is_asked,
        )  # fmt: skip

    def _is_header(self, raw: Mapping[str, str]) -> bool:
        """Whether the row repeats the titles; nearly every row is known not to by its branch."""
        if not self._titles or self._branch(raw["branch"])[1] != self._titles.get("branch", fold(raw["branch"])):
            return False
        return all(fold(raw.get(code, "")) == title for code, title in self._titles.items())

    def _client(self, raw: Mapping[str, str], found: Findings) -> dict[str, Any]:
        """Read all fields, so that a rejected row names everything that is wrong with it at once."""
        branch, branch_fold = self._branch(raw["branch"])
        decision = self._decision(branch, branch_fold, found)
        organisation = read_organisation(raw, found)
        contact = read_contact(raw, found)
        inn = read_inn(raw.get("inn", ""), found)
        phones = read_phones(raw["phone"], decision.area_code or None, found)
        if not contact and phones and is_person(phones[0].words):
            contact = phones[0].words
            found.mend("contact", "beside", "Контакт взят из ячейки с телефоном.")
        who = inn or f"org:{hashlib.sha256(fold(organisation).encode()).hexdigest()[:32]}"
        number = f"{phones[0].phone.e164}#{phones[0].phone.extension}" if phones else ""
        return {
            "branch_fold": branch_fold,
            "branch": decision.name if branch_fold else "",
            "region": decision.region,
            "inn": inn,
            "organisation": organisation,
            "contact": contact,
            "email": read_email(raw.get("email", ""), found),
            "greeting_name": greeting_name(contact)[:200],
            "phones": [_phone(named, contact) for named in phones],
            "search_fold": search_text(organisation, contact, inn, (p.phone.e164 for p in phones)),
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
        owner, extra = repeat.owner, list(repeat.extra)
        self._join(repeat, verdict.row_no)
        same = f"Те же ИНН, телефон и контакт, что в строке {self._row(owner)}. Оставлена первая строка."
        verdict = replace(verdict, same_as_row=owner, reason=self._added(owner, extra) if extra else same)
        if owner in self._matched:
            return self._add_to_known(verdict, row, self._matched[owner], extra, same)
        if owner in self._waiting:
            self._give(self._waiting[owner][1], extra)
            return verdict
        # They wait in the receipt's row for the client to be made.
        return replace(verdict, fixed={"phones": extra, "stopped": bool(self._stopped(extra))})

    def _added(self, owner: int, extra: Sequence[Mapping[str, Any]]) -> str:
        told = ", ".join(show(phone["e164"], phone["extension"]) for phone in extra[:_MOST_TOLD])
        more = f" и ещё {len(extra) - _MOST_TOLD}" if len(extra) > _MOST_TOLD else ""
        return (
            f"Тот же клиент, что в строке {self._row(owner)}: к нему добавлено {told}{more}.{self._will_refuse(extra)}"
        )

    def _add_to_known(
        self, verdict: Verdict, row: dict[str, Any], known: KnownClient, phones: list[dict[str, Any]], same: str
    ) -> Verdict:
        """The row brings a client of the project these numbers, as far as he has not got them."""
        new = [phone for phone in phones if phone_key(phone) not in known.phones]
        if not new or known.withdrawn:
            return replace(verdict, reason=same)
        fixed = row | {"identity": known.identity, "phones": new, "stopped": False}
        before = {"phone": numbers_of(known)}
        return replace(
            verdict, fate=Fate.UPDATE, fixed=fixed, changed=("phone",), before=before, same_as_row=None,
            same_as_client=known.id,
        )  # fmt: skip

    def _give(self, row: dict[str, Any], phones: Iterable[dict[str, Any]]) -> None:
        """A row that waits gets numbers of another one."""
        has = {phone_key(phone) for phone in row["phones"]}
        new = [phone for phone in phones if phone_key(phone) not in has]
        row["phones"] += new
        row["stopped"] = row["stopped"] or bool(self._stopped(new))
        digits_of_new = "".join(f" {phone['e164'][2:]}" for phone in new)
        row["search_fold"] = f"{row['search_fold']}{digits_of_new}"[:_MAX_SEARCH]

    def _join(self, repeat: Repeat, row_no: int) -> None:
        """Rows that have been taken for other clients mean this one too."""
        for place in repeat.joined:
            owner = repeat.owner
            joined = Verdict(place, Fate.DUPLICATE, self._shown(owner, row_no), same_as_row=owner)
            if place in self._matched and owner in self._matched:
                continue  # Two clients of the project stay two: only a person joins them.
            if place not in self._waiting and owner not in self._waiting:
                self._joined.append(joined)
            elif place in self._waiting and owner in self._waiting:
                verdict, other = self._leave(place)
                self._give(self._waiting[owner][1], other["phones"])
                self._late.append(replace(joined, raw=verdict.raw))
            else:
                # One of the two is a client of the project already: the numbers of the other row are his.
                at, known = (place, self._matched[owner]) if place in self._waiting else (owner, self._matched[place])
                verdict, other = self._leave(at)
                self._matched[at] = known
                same = self._shown(place + owner - at, row_no)
                meant = Verdict(at, Fate.DUPLICATE, same, verdict.raw, same_as_row=place + owner - at)
                self._late.append(self._add_to_known(meant, other, known, other["phones"], same))

    def _shown(self, other: int, by: int) -> str:
        common = self._row(by)
        return f"Тот же клиент, что в строке {self._row(other)}: общий номер в строке {common}. Номера добавлены."

    def _row(self, row_no: int) -> str:
        return row_words(row_no, self._sheets)

    def _leave(self, place: int) -> tuple[Verdict, dict[str, Any]]:
        """A row that waits is no client of its own."""
        verdict, row = self._waiting.pop(place)
        self._clients.forget(row["identity"])
        return verdict, row


def _phone(named: Named, contact: str) -> dict[str, Any]:
    """A number as it is stored, with the words beside it that the name of the contact does not say already."""
    phone, words = named.phone, named.words
    if words and set(fold(words).split()) <= set(fold(contact).split()):
        words = ""
    own = {"e164": phone.e164, "extension": phone.extension, "guessed": phone.guessed}
    return own | {"words": words[:_MAX_WORDS]}


def _short(text: str) -> str:
    """A contact inside an identity: `|` parts it, and a text of any length must fit."""
    text = text.replace("|", "/")
    if len(text) <= _LONGEST_IN_IDENTITY:
        return text
    return f"{text[: _LONGEST_IN_IDENTITY - 33]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"
