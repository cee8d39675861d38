"""The link on the card that has a telephone or a program dial (R8): a scheme of telephones, a place for the number."""

from __future__ import annotations

import re

# Only schemes that a telephone program takes: the link may be followed without a question.
_FORMAT = re.compile(r"(tel|sip|sips|callto):[^{}\s\"'<>]*\{(e164|digits)\}[^{}\s\"'<>]*")


def is_dial_link(text: str) -> bool:
    """Whether a link can be made of it for every number: `tel:{e164}`, `sip:{digits}@host` (RFC 3966, RFC 3261)."""
    return _FORMAT.fullmatch(text) is not None


def dial_link(text: str, e164: str) -> str:
    """The link that dials a number (E.164)."""
    return text.replace("{e164}", e164).replace("{digits}", e164.lstrip("+"))
