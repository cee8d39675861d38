"""What operators on shift and their manager write to each other: short, and nothing in it that says who a client is."""

from __future__ import annotations

import re

from nps.domain.errors import DomainError
from nps.domain.phone import holds_number

#: Signs of a text: more does not fit into its place on the desk.
MAX_TEXT = 300

_MAIL = re.compile(r"\S\s?@\s?\S")
#: Numbers that ten digits in a row do not show: parted by dots, slashes or long dashes, and local ones.
_PARTED = re.compile(r"(?:\+7|\b8)?[^\w\n]{0,3}\d{3}[^\w\n]{1,3}\d{3}[^\w\n]{1,3}\d{2}[^\w\n]?\d{2}(?!\d)")
_LOCAL = re.compile(r"(?<![\d.-])\d{1,3}[-\u2010-\u2015]\d{2}[-\u2010-\u2015]\d{2}(?![\d-])")


def names_somebody(text: str) -> bool:
    """Whether a text holds a telephone number, an INN or an address of mail, as far as form tells (R20)."""
    return holds_number(text) or any(found.search(text) for found in (_MAIL, _PARTED, _LOCAL))


def checked_text(text: str, *, required: bool = True) -> str:
    """Return the text as it is kept, in one line. Raises DomainError (`text`) for none, a long one, a personal one."""
    text = " ".join(text.split())
    if required and not text:
        raise DomainError("text", "Напишите сообщение.")
    if len(text) > MAX_TEXT:
        raise DomainError("text", f"Сообщение — не длиннее {MAX_TEXT} знаков, сейчас {len(text)}. Сократите его.")
    if names_somebody(text):
        raise DomainError(
            "text", "Напишите без имён, телефонов, ИНН и почты: карточка клиента и так приложена ссылкой."
        )
    return text
