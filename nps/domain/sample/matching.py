"""Which client of the project a row of a later base means, and what it says anew about him (top-up, R2)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any

from nps.domain.numbers import phone_key
from nps.domain.sample.branches import branch_key
from nps.domain.sample.contents import LEGAL_FORMS, is_person
from nps.domain.search import fold
from nps.domain.wording import phone_words

_NO_INN = "org:"
_WORD = re.compile(r"\w+")
_OF_REGION: Mapping[str, str] = MappingProxyType(
    {
        "udmurtia": "Удмуртии",
        "tatarstan": "Татарстана",
        "bashkiria": "Башкирии",
        "chuvashia": "Чувашии",
        "perm": "Пермского края",
    }
)
_SURVEYED = "Клиент уже опрошен: его ответы под другое имя не переносим, «тот же человек» выбрать нельзя."
_FORMS = frozenset(map(fold, LEGAL_FORMS))


class Meaning(StrEnum):
    """Whether a row of an organisation means this client of it."""

    SAME = "same"
    #: Only a person can say so.
    DOUBT = "doubt"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client of the project. `phones`: E.164 and extension, «+79…#12»; `identity` as the base spelled him.

    `dead`: those of his numbers that nobody is reached by; he has them, and is not found by them. `branch`: its name,
    with the code of its region. `surveyed`: his answers are kept.
    """

    id: int
    identity: str
    contact: str
    email: str
    phones: tuple[str, ...]
    withdrawn: bool = False
    inactive: bool = False
    dead: frozenset[str] = frozenset()
    organisation: str = ""
    branch: str = ""
    region: str | None = None
    surveyed: bool = False

    @property
    def who(self) -> str:
        """INN, or what stands for the organisation without one."""
        return who_of(self.identity)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a row is to a client of its organisation, and what it says anew about him.

    before: field of the base -> what he has now, of each that is new; `phones`: numbers that he has not. `said`: the
    sentences of the receipt. `may_write`: whether a person may have it written about him.
    """

    meaning: Meaning
    before: Mapping[str, str]
    phones: tuple[dict[str, Any], ...]
    said: tuple[str, ...]
    may_write: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """A client that a row means, or may mean."""

    client: KnownClient
    judged: Judged


def who_of(identity: str) -> str:
    """The organisation inside an identity."""
    return identity.partition("|")[0]


def judge(client: KnownClient, row: Mapping[str, Any]) -> Judged:
    """Decide whether a row of his organisation means the client: the one place that says so, at check and at writing.

    Another name at his number, a number without a name to compare or at a bare first name, and his name in a firm
    called otherwise are doubts. By INN alone another person is another client, and so is one of another firm: INNs
    collide. A surveyed client keeps his name. An empty cell takes nothing away, and a name that the base had from the
    beginning is not new, whoever answers for the organisation since.
    """
    meaning, why = _meaning(client, row)
    phones = tuple(phone for phone in row["phones"] if phone_key(phone) not in client.phones)
    before: dict[str, str] = {}
    said = [why]
    renames = row["contact"] and row["identity"] != client.identity and fold(row["contact"]) != fold(client.contact)
    if renames and client.surveyed and meaning is Meaning.SAME:
        said.append("Имя не меняем: клиент уже опрошен, кто отвечал, неизвестно.")
    elif renames:
        before["contact"] = client.contact
    if phones:
        before["phone"] = numbers_of(client)
    if row["email"] and row["email"].casefold() != client.email.casefold():
        before["email"] = client.email
    if _is_new(row["organisation"], client.organisation, _words) and client.organisation:
        before["organisation"] = client.organisation
    if _is_new(row["branch"], client.branch, branch_key):
        before["branch"] = client.branch
    may_write = not (client.surveyed and "contact" in before)
    said += _effects(client, row, before)
    return Judged(meaning, before, phones, (*said, *(() if may_write else (_SURVEYED,))), may_write)


def _meaning(client: KnownClient, row: Mapping[str, Any]) -> tuple[Meaning, str]:
    """What the row is to the client, and the sentence that says why."""
    who = "организация" if client.who.startswith(_NO_INN) else "ИНН"
    if row["identity"] == client.identity:
        return Meaning.SAME, f"Такой клиент уже есть в базе: совпали {who}, телефон и контакт."
    one, other = fold(row["contact"]), fold(client.contact)
    has_number = any(
        phone_key(phone) in client.phones and phone_key(phone) not in client.dead for phone in row["phones"]
    )
    is_firm = _is_one_firm(row["organisation"], client.organisation)
    if has_number and (one == other or not one or not other):
        return Meaning.SAME, f"Такой клиент уже есть в базе: совпали {who} и телефон."
    if has_number and is_firm:
        return Meaning.DOUBT, f"Совпали {who} и телефон, но имя другое. Это тот же человек?"
    if has_number or (one and other and one != other):
        return Meaning.OTHER, ""
    if not one or not other:
        return (Meaning.DOUBT if is_firm else Meaning.OTHER), f"Совпал {who}, сверить имя не с чем. Это тот же человек?"
    if not is_firm:
        return Meaning.DOUBT, f"Совпали {who} и имя, но телефон и организация другие. Это тот же человек?"
    if is_person(row["contact"]):
        return Meaning.SAME, f"Такой клиент уже есть в базе: совпали {who} и контакт."
    return Meaning.DOUBT, f"Совпали {who} и имя без фамилии, но телефон другой. Это тот же человек?"


def _effects(client: KnownClient, row: Mapping[str, Any], before: Mapping[str, str]) -> Iterator[str]:
    """What is new, and what follows from it."""
    if "contact" in before:
        yield "Другое контактное лицо."
    if "phone" in before:
        yield "Новый номер: клиент снова будет в работе." if client.inactive else "Новый номер."
    if "email" in before:
        yield "Другая почта."
    if "organisation" in before:
        yield "Другое название организации: так её назовёт оператор, так она будет в отчётах."
    if "branch" not in before:
        return
    if row["region"] == client.region:
        effect = "регион и часы звонков прежние"
    elif row["region"] is None:
        effect = "регион неизвестен, звонить нельзя, пока его не укажут"
    else:
        effect = f"звонить по времени {_OF_REGION[row['region']]}"
    counted = ", его ответы в отчётах перейдут туда" if client.surveyed else ""
    yield f"ОП станет {row['branch']}: {effect}{counted}."


def _is_new(said: str, known: str, key: Callable[[str], object]) -> bool:
    return said not in ("", known) and key(said) != key(known)


def _words(name: str) -> list[str]:
    """The words of a firm's name, however it is quoted and wherever its legal form stands."""
    return sorted(_WORD.findall(fold(name)))


def _is_one_firm(name: str, other: str) -> bool:
    if not name or not other or name == other:
        return True
    return (set(_words(name)) ^ set(_words(other))) <= _FORMS


_Candidates = Callable[[Mapping[str, Any]], list[KnownClient]]


class ClientIndex:
    """Finds who a row means among the clients of its organisation; each client is meant by one row."""

    def __init__(self, clients: Iterable[KnownClient]) -> None:
        self._exact: dict[str, KnownClient] = {}
        self._by_phone: defaultdict[tuple[str, str], list[KnownClient]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], list[KnownClient]] = defaultdict(list)
        self._by_person: dict[tuple[str, str], KnownClient] = {}
        self._by_who: defaultdict[str, list[KnownClient]] = defaultdict(list)
        self._meant: set[int] = set()
        self._rows: Counter[str] = Counter()
        for client in clients:
            self._exact[client.identity] = client
            self._by_who[client.who].append(client)
            for phone in client.phones:
                if phone in client.dead:
                    continue
                self._by_phone[client.who, phone].append(client)
                if client.contact and not client.withdrawn:
                    self._by_person.setdefault((phone, fold(client.contact)), client)
            if client.contact:
                self._by_name[client.who, fold(client.contact)].append(client)

    def knows(self, identity: str) -> bool:
        """Whether the organisation has clients; the row is counted as one of its contacts."""
        who = who_of(identity)
        if who not in self._by_who:
            return False
        self._rows[who] += 1
        return True

    def elsewhere(self, row: Mapping[str, Any]) -> str:
        """What is said of a row whose person, with the same number, is a client of another organisation; else ''."""
        who, contact = who_of(row["identity"]), fold(row["contact"]) if self._by_person else ""
        for phone in row["phones"]:
            client = self._by_person.get((phone_key(phone), contact))
            if client is not None and client.who != who:
                inn = "" if client.who.startswith(_NO_INN) else f", ИНН {client.who}"
                return (
                    f"Человек с этим именем и номером уже есть в проекте: {client.organisation}{inn}. "
                    "Проверьте, не тот же ли это клиент."
                )
        return ""

    def forget(self, identity: str) -> None:
        """The row that `knows` counted is no contact of its own: it means the client of another row."""
        self._rows[who_of(identity)] -= 1

    def exact(self, row: Mapping[str, Any]) -> Match | None:
        """The client that the row repeats word for word."""
        client = self._exact.get(row["identity"])
        return self._take(client, judge(client, row)) if client else None

    @property
    def ways(self) -> Iterator[Callable[[Mapping[str, Any]], Match | None]]:
        """How the rows left find their clients, the surest first; each is asked about all rows before the next."""
        for meaning in (Meaning.SAME, Meaning.DOUBT):
            for candidates in (self._of_phone, self._of_name, self._of_firm):
                yield partial(self._match, meaning, candidates)

    def _match(self, meaning: Meaning, candidates: _Candidates, row: Mapping[str, Any]) -> Match | None:
        for client in candidates(row):
            judged = judge(client, row)
            if client.id not in self._meant and judged.meaning is meaning:
                return self._take(client, judged)
        return None

    def _of_phone(self, row: Mapping[str, Any]) -> list[KnownClient]:
        """Those who have a number of the row. Among several the one of that name; without a name the first."""
        who, contact = who_of(row["identity"]), fold(row["contact"])
        found = [client for phone in row["phones"] for client in self._by_phone[who, phone_key(phone)]]
        found = [client for client in found if client.id not in self._meant]
        named = [client for client in found if fold(client.contact) == contact]
        if named or not contact or len({client.id for client in found}) == 1:
            return named or found
        return []

    def _of_name(self, row: Mapping[str, Any]) -> list[KnownClient]:
        contact = row["contact"]
        return self._by_name[who_of(row["identity"]), fold(contact)] if contact else []

    def _of_firm(self, row: Mapping[str, Any]) -> list[KnownClient]:
        """By INN alone, when the project and the base both have one contact of the organisation."""
        who = who_of(row["identity"])
        known = [client for client in self._by_who[who] if not client.withdrawn]
        return known if not who.startswith(_NO_INN) and len(known) == 1 and self._rows[who] == 1 else []

    @property
    def missing(self) -> int:
        """Clients that no row means; withdrawn ones are not waited for."""
        everybody = (client for clients in self._by_who.values() for client in clients)
        return sum(not client.withdrawn and client.id not in self._meant for client in everybody)

    def newcomer(self, row: Mapping[str, Any]) -> str:
        """What is said of a row that means none of the clients of its organisation."""
        known = self._by_who[who_of(row["identity"])]
        if any(_is_one_firm(row["organisation"], client.organisation) for client in known):
            return "У организации уже есть клиент в проекте; это другой контакт, новый клиент."
        return "Тот же ИНН в проекте у организации с другим названием. Принят новым клиентом: проверьте ИНН."

    def _take(self, client: KnownClient, judged: Judged) -> Match:
        self._meant.add(client.id)
        return Match(client, judged)


def numbers_of(client: KnownClient) -> str:
    """The numbers a client has, as people read them."""
    return ", ".join(_number_words(phone) for phone in client.phones)


def _number_words(key: str) -> str:
    e164, _, extension = key.partition("#")
    return phone_words(e164, extension)
