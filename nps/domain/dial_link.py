"""The link on the card that has a telephone or a program dial (R8): a scheme of telephones, a place for the number.

An extension goes as the parameter `;ext=` right behind the number (RFC 3966 §5.3): in `tel:`, and in a `sip:` whose
user part is said to be a telephone number by `;user=phone` (RFC 3261 §19.1.6). Other formats say where by `{ext}`.
"""

from __future__ import annotations

import re

# Only schemes that a telephone program takes: the link may be followed without a question.
_FORMAT = re.compile(r"(?:tel|sip|sips|callto):[^{}\s\"'<>]*\{(?:e164|digits)\}(?:\{ext\})?[^{}\s\"'<>]*")
_NUMBER = re.compile(r"\{(?:e164|digits)\}")
_TELEPHONE_NUMBER = re.compile(r"tel:[^;]*\{(?:e164|digits)\}(?:;.*)?|sips?:[^@]*\{(?:e164|digits)\}@.*;user=phone\b.*")


def is_dial_link(text: str) -> bool:
    """Whether a link can be made of it for every number: `tel:{e164}`, `sip:{digits}@host` (RFC 3966, RFC 3261)."""
    return _FORMAT.fullmatch(text) is not None


def carries_extension(text: str) -> bool:
    """Whether the link says an extension; else a person has to dial it when the telephone there has answered."""
    return "{ext}" in text or _TELEPHONE_NUMBER.fullmatch(text) is not None


def dial_link(text: str, e164: str, extension: str = "") -> str:
    """The link that dials a number (E.164), with its extension where the format can carry one."""
    if "{ext}" not in text and carries_extension(text):
        text = _NUMBER.sub(lambda found: found[0] + "{ext}", text)
    said = f";ext={extension}" if extension else ""
    return text.replace("{e164}", e164).replace("{digits}", e164.lstrip("+")).replace("{ext}", said)
