"""Reading what a form or an address said. What can't be read raises FormError, whose sentence names the field."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection
from datetime import date, datetime, time

from flask import request

from nps.domain import typed_time
from nps.domain.errors import DomainError

_CSRF, _KEY = "csrf_token", "form_key"
_KEY_LENGTH = 64
#: An id from outside, in an address too: no longer one is exact in a browser, or fits the 63 bits of either engine.
NUMBER = "[0-9]{1,15}"
MOST = 10**15 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_SPACES = re.compile("[\\s\N{NARROW NO-BREAK SPACE}]+")


class FormError(DomainError):
    """A field holds something that can't be taken; `field` is its name in the form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__("form", message)
        self.field = field


def form_key() -> str:
    """A fresh key for a form that counts once (`nps.services.form_keys`)."""
    return secrets.token_urlsafe(18)


def sent_key() -> str:
    """The key that came with this form; '' for a form made by hand. Raises FormError for what is no key of ours."""
    key = request.form.get(_KEY, "")
    if len(key) > _KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise FormError(_KEY, "Форма не принята: её ключ испорчен. Обновите страницу и отправьте снова.")
    return key


def fields() -> dict[str, list[str]]:
    """Everything the form said except its token and key: what its envelope compares."""
    return {name: request.form.getlist(name) for name in request.form if name not in (_CSRF, _KEY)}


def typed() -> dict[str, str]:
    """What was typed, to be shown again beside an error; passwords and tokens are not given back."""
    return {name: value for name, value in request.form.items() if name not in (_CSRF, _KEY) and "password" not in name}


def text(name: str, limit: int = 200, *, label: str = "", required: bool = False) -> str:
    """The field without surrounding space and control characters (PostgreSQL refuses a NUL); '' when it is absent.

    Raises FormError when it is longer than `limit` characters, or empty although `required`.
    """
    value = _clean(request.form.get(name, ""))
    if len(value) > limit:
        raise FormError(name, f"{_named(label)}: не больше {limit} знаков, сейчас {len(value)}. Сократите текст.")
    if required and not value:
        raise FormError(name, f"{_named(label)}: заполните поле.")
    return value


def secret(name: str) -> str:
    """A password exactly as typed or pasted: nothing is trimmed or cut."""
    return request.form.get(name, "")


def texts(name: str, limit: int = 200) -> list[str]:
    """All values of a field that may come several times (checkboxes), cleaned like `text`."""
    values = [_clean(value) for value in request.form.getlist(name)]
    if any(len(value) > limit for value in values):
        raise FormError(name, "Значение слишком длинное. Обновите страницу и выберите ещё раз.")
    return values


def flag(name: str) -> bool:
    """Whether a checkbox was ticked."""
    return request.form.get(name, "") not in ("", "0")


def choice(name: str, allowed: Collection[str], *, label: str = "") -> str:
    """One of the listed codes; raises FormError for anything else."""
    value = request.form.get(name, "")
    if value not in allowed:
        raise FormError(name, f"{_named(label)}: выберите значение из списка.")
    return value


def whole(name: str, least: int, most: int, *, label: str = "", default: int | None = None) -> int:
    """A whole number inside [least, most]; thousands may be parted by spaces. An empty field is `default`.

    Raises FormError for anything else, digits of other scripts included.
    """
    value = _SPACES.sub("", request.form.get(name, ""))
    if not value and default is not None:
        return default
    if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
        raise FormError(name, f"{_named(label)}: нужно целое число от {least} до {most}.")
    return int(value)


def numbers(name: str) -> list[int]:
    """The ids in a field that may come several times (checkboxes); what no row can have as its id is left out."""
    return [number for value in request.form.getlist(name) if (number := id_or_none(value)) is not None]


def id_or_none(value: str) -> int | None:
    """The id that a text from outside stands for, None when it is none: other digits than 0-9, or above MOST."""
    return int(value) if re.fullmatch(NUMBER, value) else None


def number_or_none(name: str, least: int = 1, most: int = MOST, *, label: str = "") -> int | None:
    """Like `whole`, None for an empty field."""
    return whole(name, least, most, label=label) if request.form.get(name, "").strip() else None


def day(name: str, *, label: str = "", required: bool = True) -> date | None:
    """A calendar day as `<input type=date>` sends it (2026-11-18) or as people type it (18.11.2026).

    None when it is empty and not required; raises FormError otherwise.
    """
    value = _clean(request.form.get(name, ""))
    if not value and not required:
        return None
    found = typed_time.day_of(value)
    if found is None:
        raise FormError(name, f"{_named(label)}: укажите дату, например 18.11.2026.")
    return found


def clock(name: str, *, label: str) -> time | None:
    """A time of day as people type it (9:30, 09:30:15); None when it is empty, raises FormError for anything else."""
    value = _clean(request.form.get(name, ""))
    found = typed_time.clock_of(value)
    if value and found is None:
        raise FormError(name, f"«{label}»: нужно время вида 9:00, часы и минуты.")
    return found


def instant(name: str) -> datetime | None:
    """An instant that the page itself put there, as ISO text with its offset, in UTC; None for anything else."""
    return typed_time.instant_of(request.form.get(name, ""))


def arg(name: str, limit: int = 200) -> str:
    """A parameter of the address, cleaned and cut: nobody types it, so a wrong one needs no sentence."""
    return _clean(request.args.get(name, ""))[:limit]


def arg_day(name: str) -> date | None:
    """A day in the address; None when it is absent or no day."""
    return typed_time.day_of(arg(name))


def arg_number(name: str, default: int = 1, least: int = 1, most: int = MOST) -> int:
    """A whole number in the address (a page, an id), moved into [least, most]; `default` when it is absent or none."""
    value = arg(name)
    return min(max(int(value), least), most) if _WHOLE.fullmatch(value) else default


def _clean(value: str) -> str:
    kept = "".join(c for c in value.replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return kept.strip()


def _named(label: str) -> str:
    return f"«{label}»" if label else "Поле"
