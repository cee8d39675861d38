"""Typed reading of payloads from outside: what is not there or of another kind raises BadPayload."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from nps.domain.errors import PhoneError
from nps.domain.local_time import Zone
from nps.domain.phone_text import parse_phone
from nps.domain.typed_time import instant_of

_ID = re.compile(r"[\w.:@+-]{1,80}")
_DIGITS = re.compile(r"[0-9]{1,12}")
#: Seconds since 1970 of the last moment that is believed, in the year 2096; the first is 1970.
LAST = 4_000_000_000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:?\d\d)?")


class BadPayload(Exception):
    """The payload is not of the documented form; the text names the field."""


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadPayload(name)
    return value


def identifier(payload: Mapping[str, Any], name: str) -> str:
    """An id that must be there: letters, digits and marks that ids have."""
    text = str(payload.get(name) or "")
    if not _ID.fullmatch(text):
        raise BadPayload(name)
    return text


def number_or_none(payload: Mapping[str, Any], name: str, most: int = 9999) -> int | None:
    """A whole number of at most `most`, also as text; None when it is absent."""
    text = str(payload.get(name, "") if payload.get(name) is not None else "")
    if not text:
        return None
    if not _DIGITS.fullmatch(text) or int(text) > most:
        raise BadPayload(name)
    return int(text)


def epoch(payload: Mapping[str, Any], name: str) -> datetime:
    """Seconds since 1970."""
    value = number_or_none(payload, name, LAST)
    if value is None:
        raise BadPayload(name)
    return datetime.fromtimestamp(value, UTC)


def moment(payload: Mapping[str, Any], name: str, zone: Zone) -> datetime:
    """An instant in ISO form; without an offset it is the clock of `zone`."""
    found = _STAMP.fullmatch(str(payload.get(name) or ""))
    if found is None:
        raise BadPayload(name)
    at = instant_of(f"{found[1]}T{found[2]}{found[3] or ''}", zone)
    if at is None:
        raise BadPayload(name)
    return at


def known(phone: Any, extension: Any) -> dict[str, Any]:
    """What binds a call that has no id of ours to one: the client's number (E.164) and the operator's telephone."""
    found: dict[str, Any] = {}
    with contextlib.suppress(PhoneError):
        found["phone"] = parse_phone(str(phone or "")).e164
    if isinstance(extension, str) and _ID.fullmatch(extension):
        found["extension"] = extension
    return found
