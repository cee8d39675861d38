"""Which numbers of a client count, and when two rows mean one person: the one definition of both (R2, R21).

Every live number counts: at loading, in the search for repeats and for known clients, on the stop list, when a client
is given to an operator and when he is dialled. A dead number is kept and counts for nothing; a base brings live ones.
`nps.queries.numbers` says the same to the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nps.domain.phone import show


def phone_key(phone: Mapping[str, Any]) -> str:
    """A number as clients' numbers are compared; another extension is another number."""
    return f"{phone['e164']}#{phone['extension']}"


def stopped_number(live: Iterable[str], listed: Collection[str]) -> str | None:
    """The first of a client's live numbers (E.164) that is on the stop list: it refuses him whatever the others are."""
    return next((number for number in live if number in listed), None)


def stopped_words(e164: str) -> str:
    """Why nobody is called: the number by its digits."""
    return f"Номер {show(e164)} в стоп-листе"


def may_be_one(contact: Any, other: Any) -> bool:
    """Whether two rows of one organisation that share a number are one person: the same contact, or none on a side."""
    return not contact or not other or contact == other
