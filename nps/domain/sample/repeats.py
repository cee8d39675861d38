"""Rows of one base that mean one person: the same INN, any number in common, and the same contact or none (R2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nps.domain.numbers import may_be_one, phone_key
from nps.domain.sample.matching import who_of

_NUMBER, _CONTACT = 12, 8
_NOBODY = b""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A row means the client of an earlier one. `extra`: numbers that are nobody's yet and come to him by this row.

    joined: further earlier rows that turn out to mean him too, since this row has a number in common with each.
    """

    owner: int
    extra: tuple[dict[str, Any], ...]
    joined: tuple[int, ...]


class Repeats:
    """Remembers whose the numbers are: of 100,000 rows the digests, not the texts."""

    def __init__(self) -> None:
        # Number and contact -> row; number -> its first key above.
        self._owner: dict[bytes, int] = {}
        self._first: dict[bytes, bytes] = {}
        # Rows that mean another one's client, and what such a client is called: his own row may have no name.
        self._joined: dict[int, int] = {}
        self._names: dict[int, bytes] = {}

    def find(self, row: Mapping[str, Any], row_no: int) -> Repeat | None:
        """The earlier client whom a row means; None for a new one. The row is remembered either way."""
        contact = _contact(row["identity"])
        numbers = {_number(row["identity"], phone): phone for phone in row["phones"]}
        found: dict[int, bytes] = {}
        free = []
        for number in numbers:
            known = self._whose(number, contact)
            if known is None:
                free.append(number)
            else:
                found.setdefault(*known)
        if not found:
            self._take(free, contact, row_no)
            return None
        owner = min(found)
        joined = self._join(owner, found)
        if not found[owner]:
            # A client without a name may turn out to be anybody's who shares a number with him: so he shares none.
            free = [number for number in free if number not in self._first]
        self._take(free, found[owner], owner)
        return Repeat(owner, tuple(numbers[number] for number in free), joined)

    def _join(self, owner: int, found: Mapping[int, bytes]) -> tuple[int, ...]:
        """The rows among those found that are the owner's: of two names he can have only one."""
        name, joined = found[owner], []
        for row_no in sorted(found):
            if row_no != owner and may_be_one(name, found[row_no]):
                name = name or found[row_no]
                joined.append(row_no)
        if joined:
            self._joined |= dict.fromkeys(joined, owner)
            self._names[owner] = name
        return tuple(joined)

    def owner_of(self, row_no: int) -> int:
        """The row whose client a row means by now."""
        while row_no in self._joined:
            row_no = self._joined[row_no]
        return row_no

    def _whose(self, number: bytes, contact: bytes) -> tuple[int, bytes] | None:
        """Row and contact of the client who has a number and may be this contact."""
        keys = (number + contact, number) if contact else (self._first.get(number, _NOBODY),)
        for key in keys:
            if key in self._owner:
                row_no = self.owner_of(self._owner[key])
                name = self._names.get(row_no, key[_NUMBER:])
                if may_be_one(contact, name):
                    return row_no, name
        return None

    def _take(self, numbers: list[bytes], contact: bytes, row_no: int) -> None:
        for number in numbers:
            key = number + contact
            self._owner[key] = row_no
            self._first.setdefault(number, key)


def _number(identity: str, phone: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(f"{who_of(identity)}|{phone_key(phone)}".encode(), digest_size=_NUMBER).digest()


def _contact(identity: str) -> bytes:
    name = identity.rpartition("|")[2]
    return hashlib.blake2b(name.encode(), digest_size=_CONTACT).digest() if name else _NOBODY
