"""One text for each value, the same on both engines: what PostgreSQL's COPY writes in UTC.

A copy moves from engine to engine as such texts, and they are what is compared at the end. PostgreSQL's types say what
a column holds: SQLite takes anything anywhere, so each of its values is looked at before it is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import blake2b
from math import isfinite
from typing import Any, NoReturn

from nps.domain.wording import number, plural

#: How COPY writes NULL. A text of these two characters is written with its backslash doubled.
NULL = "\\N"
_CONTROL = re.compile("[\b\f\n\r\t\v]")
_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d:\d\d(?:\.\d{6})?", re.ASCII)
_UUID = re.compile("[0-9a-f]{32}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_TEXT_TYPE = re.compile(r"character varying\((\d+)\)")
_DIGEST_BYTES = 16


class Unfit(ValueError):
    """A value that PostgreSQL would refuse in its column; the text says why, in Russian and without the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type holds.

    `encode`: SQLite's value to the text of COPY, or Unfit. `decode`: that text to SQLite's value. `canonical`: the text
    of a dump as `encode` would give it, None where PostgreSQL writes nothing else.
    """

    encode: Callable[[Any], str]
    decode: Callable[[str], Any]
    canonical: Callable[[str], str] | None = None


def kind_of(type_name: str) -> Kind | None:
    """The kind of a PostgreSQL type, as `format_type` names it; None for one that no table of ours has."""
    text = _TEXT_TYPE.fullmatch(type_name)
    return Kind(_text(int(text[1])), unescape) if text else _KINDS.get(type_name)


class Digest:
    """Rows of a table and a sum of their hashes. The order does not matter: each engine sorts text in its own way."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.rows = 0
        self._sum = _hash("\t".join(columns).encode())

    def add(self, lines: list[bytes]) -> None:
        """Count and hash rows, each in the texts of COPY with tabs between."""
        self.rows += len(lines)
        self._sum += sum(map(_hash, lines))

    @property
    def value(self) -> str:
        """The sum, modulo 2**128, in hexadecimal digits."""
        return f"{self._sum % (1 << 8 * _DIGEST_BYTES):032x}"


def _hash(line: bytes) -> int:
    return int.from_bytes(blake2b(line, digest_size=_DIGEST_BYTES).digest(), "big")


def escape(text: str) -> str:
    """A text as COPY writes it."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return _CONTROL.sub(lambda found: _ESCAPES[found[0]], text) if _CONTROL.search(text) else text


def unescape(field: str) -> str:
    """The text that COPY has written."""
    if "\\" not in field:
        return field
    return _ESCAPED.sub(lambda found: _MEANINGS.get(found[1], found[1]), field)


def _text(limit: int) -> Callable[[Any], str]:
    def encode(value: Any) -> str:
        if type(value) is not str:
            raise Unfit("это не текст")
        if len(value) > limit:
            marks = plural(len(value), "знак", "знака", "знаков")
            raise Unfit(f"в тексте {number(len(value))} {marks}, помещается {number(limit)}: сократите его")
        return escape(_storable(value))

    return encode


def _storable(value: str) -> str:
    if "\0" in value:
        raise Unfit("в тексте есть нулевой знак (код 0), PostgreSQL его не хранит: удалите знак")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("текст не в UTF-8: запишите его заново") from None
    return value


def _integer(bits: int) -> Callable[[Any], str]:
    limit = 1 << bits - 1

    def encode(value: Any) -> str:
        if type(value) is not int:
            raise Unfit("это не целое число")
        if not -limit <= value < limit:
            raise Unfit(f"число {value} не помещается, наибольшее — {limit - 1}")
        return str(value)

    return encode


def _boolean(value: Any) -> str:
    if value not in (0, 1):
        raise Unfit("это не «да» и не «нет» (1 или 0)")
    return "t" if value else "f"


def _instant(value: Any) -> str:
    return f"{_checked(value, _INSTANT, datetime, '2026-01-31 08:30:00.000000')}+00"


def _checked(value: Any, form: re.Pattern[str], point: type[datetime | date | time], example: str) -> str:
    """A moment in SQLite's text, without zeros at the end of its fraction."""
    try:
        if form.fullmatch(value):
            point.fromisoformat(value)
            return value.rstrip("0").rstrip(".") if "." in value else str(value)
    except (TypeError, ValueError):
        pass
    raise Unfit(f"это не дата или время вида {example}")


def _stored_instant(field: str) -> str:
    if field.endswith("+00"):
        # Four times as quick as by way of a datetime; what is stored is compared at the end.
        second, _, fraction = field[:-3].partition(".")
        return f"{second}.{fraction:0<6}"
    at = datetime.fromisoformat(field).astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


def _in_utc(field: str) -> str:
    """A dump is written in the time zone of its server."""
    return field if field.endswith("+00") else _instant(_stored_instant(field))


def _date(value: Any) -> str:
    return _checked(value, _DATE, date, "2026-01-31")


def _time(value: Any) -> str:
    return _checked(value, _TIME, time, "08:30:00.000000")


def _stored_time(field: str) -> str:
    return time.fromisoformat(field).isoformat("microseconds")


def _uuid(value: Any) -> str:
    if type(value) is not str or not _UUID.fullmatch(value):
        raise Unfit("это не идентификатор из 32 знаков")
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


def _json(value: Any) -> str:
    if type(value) in (int, float):
        # SQLite turns the text of a lone number into a number.
        return _json_number(value) if isfinite(value) else _no_constant(str(value))
    if type(value) is not str:
        raise Unfit("это не JSON")
    try:
        json.loads(_storable(value), parse_constant=_no_constant)
    except Unfit:
        raise
    except ValueError:
        raise Unfit("это не JSON") from None
    return escape(value)


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"в JSON стоит {name}, PostgreSQL его не хранит: замените его числом")


def _json_number(value: float) -> str:
    return str(int(value)) if abs(value) < 1 << 53 and value == int(value) else repr(value)


def _canonical_json(field: str) -> str:
    return _json_number(json.loads(field)) if _NUMBER.fullmatch(field) else field


_KINDS = {
    "bigint": Kind(_integer(64), int),
    "integer": Kind(_integer(32), int),
    "boolean": Kind(_boolean, "ft".index),
    "timestamp with time zone": Kind(_instant, _stored_instant, _in_utc),
    "date": Kind(_date, str),
    "time without time zone": Kind(_time, _stored_time),
    "json": Kind(_json, unescape, _canonical_json),
    "uuid": Kind(_uuid, lambda field: field.replace("-", "")),
}
