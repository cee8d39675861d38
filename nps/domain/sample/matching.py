"""Which client of the project a row of a later base means, and what it says anew about him (top-up, R2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nps.domain.numbers import phone_key
from nps.domain.search import fold
from nps.domain.wording import phone_words

_NO_INN = "org:"


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client of the project. `phones`: E.164 and extension, «+79…#12»; `identity` as the base spelled him.

    `dead`: those of his numbers that nobody is reached by; he has them, and is not found by them.
    """

    id: int
    identity: str
    contact: str
    email: str
    phones: tuple[str, ...]
    withdrawn: bool = False
    inactive: bool = False
    dead: frozenset[str] = frozenset()

    @property
    def who(self) -> str:
        """INN, or what stands for the organisation without one."""
        return who_of(self.identity)


@dataclass(frozen=True, slots=True)
class Match:
    """A client that a row means, and by what it was found; `is_exact` when the base spelled him so before."""

    client: KnownClient
    by: str
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a row says anew about its client. `fields`: of the base; `phones`: those he does not have yet."""

    fields: tuple[str, ...]
    before: Mapping[str, str]
    phones: tuple[dict[str, Any], ...]


def who_of(identity: str) -> str:
    """The organisation inside an identity."""
    return identity.partition("|")[0]


class ClientIndex:
    """Finds clients by INN and phone, then INN and name, then by INN alone; each client is meant by one row."""

    def __init__(self, clients: Iterable[KnownClient]) -> None:
        self._exact: dict[str, KnownClient] = {}
        self._by_phone: defaultdict[tuple[str, str], list[KnownClient]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], list[KnownClient]] = defaultdict(list)
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
            if client.contact:
                self._by_name[client.who, fold(client.contact)].append(client)

    def knows(self, identity: str) -> bool:
        """Whether the organisation has clients; the row is counted as one of its contacts."""
        who = who_of(identity)
        if who not in self._by_who:
            return False
        self._rows[who] += 1
        return True

    def forget(self, identity: str) -> None:
        """The row that `knows` counted is no contact of its own: it means the client of another row."""
        self._rows[who_of(identity)] -= 1

    def exact(self, identity: str) -> Match | None:
        """The client that the row repeats word for word."""
        client = self._exact.get(identity)
        return replace(self._take(client, "ИНН, телефон и контакт"), is_exact=True) if client else None

    def match_phone(self, row: Mapping[str, Any]) -> Match | None:
        """By INN and phone. Among several the one of that name; without a name the first."""
        who, contact = who_of(row["identity"]), row["contact"]
        found = [client for phone in row["phones"] for client in self._free(self._by_phone[who, phone_key(phone)])]
        named = [client for client in found if fold(client.contact) == fold(contact)]
        if named or (found and (not contact or len({client.id for client in found}) == 1)):
            return self._take((named or found)[0], "ИНН и телефон")
        return None

    def match_name(self, row: Mapping[str, Any]) -> Match | None:
        """By INN and contact person."""
        contact = row["contact"]
        found = self._free(self._by_name[who_of(row["identity"]), fold(contact)]) if contact else []
        return self._take(found[0], "ИНН и контакт") if found else None

    def match_inn(self, row: Mapping[str, Any]) -> Match | None:
        """By INN alone, when the project and the base both have one contact of the organisation."""
        who = who_of(row["identity"])
        known = [client for client in self._by_who[who] if not client.withdrawn]
        if who.startswith(_NO_INN) or len(known) != 1 or self._rows[who] != 1 or not self._free(known):
            return None
        return self._take(known[0], "ИНН, и контакт у организации один")

    @property
    def missing(self) -> int:
        """Clients that no row means; withdrawn ones are not waited for."""
        everybody = (client for clients in self._by_who.values() for client in clients)
        return sum(not client.withdrawn and client.id not in self._meant for client in everybody)

    def _free(self, clients: Iterable[KnownClient]) -> list[KnownClient]:
        return [client for client in clients if client.id not in self._meant]

    def _take(self, client: KnownClient, by: str) -> Match:
        self._meant.add(client.id)
        return Match(client, by)


def numbers_of(client: KnownClient) -> str:
    """The numbers a client has, as people read them."""
    return ", ".join(_words(phone) for phone in client.phones)


def _words(key: str) -> str:
    e164, _, extension = key.partition("#")
    return phone_words(e164, extension)


def change_of(match: Match, row: Mapping[str, Any]) -> Change | None:
    """What the row says anew, or None. An empty cell takes nothing away.

    A name that the base had from the beginning is not new, whoever answers for the organisation since.
    """
    client = match.client
    phones = tuple(phone for phone in row["phones"] if phone_key(phone) not in client.phones)
    before: dict[str, str] = {}
    if row["contact"] and not match.is_exact and fold(row["contact"]) != fold(client.contact):
        before["contact"] = client.contact
    if phones:
        before["phone"] = numbers_of(client)
    if row["email"] and row["email"].casefold() != client.email.casefold():
        before["email"] = client.email
    return Change(tuple(before), before, phones) if before else None
