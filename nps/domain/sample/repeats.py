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
        self._joined: dict[int, int] = {}

    def find(self, row: Mapping[str, Any], row_no: int) -> Repeat | None:
        """The earlier client whom a row means; None for a new one. The row is remembered either way."""
        contact = _contact(row["identity"])
        numbers = {_number(row["identity"], phone): phone for phone in row["phones"]}
        found: dict[int, bytes] = {}
        free = []
        for number in numbers:
            key = self._key(number, contact)
            if key is None:
                free.append(number)
            else:
                found.setdefault(self.owner_of(self._owner[key]), key[_NUMBER:])
        if not found:
            self._take(free, contact, row_no)
            return None
        owner = min(found)
        joined = [place for place, name in found.items() if place != owner and may_be_one(name, found[owner])]
        self._joined |= dict.fromkeys(joined, owner)
        if not found[owner]:
            # A client without a name may turn out to be anybody's who shares a number with him: so he shares none.
            free = [number for number in free if number not in self._first]
        self._take(free, found[owner], owner)
        return Repeat(owner, tuple(numbers[number] for number in free), tuple(sorted(joined)))

    def owner_of(self, row_no: int) -> int:
        """The row whose client a row means by now."""
        while row_no in self._joined:
            row_no = self._joined[row_no]
        return row_no

    def _key(self, number: bytes, contact: bytes) -> bytes | None:
        if not contact:
            return self._first.get(number)
        return next((key for key in (number + contact, number) if key in self._owner), None)

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
