"""Whom a mail server's no is about: our house, this letter later, or this letter for good (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from enum import StrEnum


class Blame(StrEnum):
    """HOUSE: no letter of ours would be taken now. LATER: this one may be taken another time. LETTER: never."""

    HOUSE = "house"
    LATER = "later"
    LETTER = "letter"


class Step(StrEnum):
    """Where in the conversation it was said, in the words that people read."""

    CONNECT = "соединение"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    TEXT = "текст письма"


#: Once a recipient is named an answer can be about somebody else than us.
_AFTER_RECIPIENT = (Step.RCPT, Step.DATA, Step.TEXT)
_ENHANCED = re.compile(r"(?<![\d.])[45]\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_TOO_LARGE = re.compile(r"size limit|too (?:large|big)|exceeds? (?:\w+ )*(?:maximum|size)|message size", re.I)
#: A full mailbox is emptied.
_FULL = re.compile(
    r"mailbox (?:is )?full|over ?quota|quota (?:exceeded|exceed|is full)|exceeded (?:\w+ )*(?:storage|quota)"
    r"|insufficient (?:system )?storage|out of storage|ящик переполнен",
    re.I,
)
#: How much we send.
_OUR_LIMIT = re.compile(
    r"(?:daily|hourly|sending|outgoing|rate|sender)[^.;]{0,60}limit|limit[^.;]{0,60}(?:messages|mails|letters|sending)"
    r"|too many (?:messages|connections|mails|recipients this)|sending too (?:fast|much|many)|ratelimit",
    re.I,
)
_LATER = re.compile(r"try (?:again|it|your (?:message|request)) ?(?:again )?later|temporar|greylist|позже", re.I)
#: Who we are, and whether we may.
_OUR_RIGHT = re.compile(
    r"relay|authenticat|authoriz|not owned by|log ?in|starttls|client host|\bsender\b|return.path|\bspf\b|\bdkim\b"
    r"|\bdmarc\b|black ?list|block ?list|\brbl\b|dnsbl|spamhaus|reputation|your (?:ip|host|network|server|domain)"
    r"|reverse dns|\bptr\b|\bhelo\b|banned|policy",
    re.I,
)
_HIS_ADDRESS = re.compile(
    r"recipient address rejected|user unknown|unknown user|no such (?:user|mailbox|recipient|person)|не существует"
    r"|mailbox (?:not found|unavailable|does not exist|(?:is )?disabled)|invalid (?:recipient|mailbox)|не найден"
    r"|(?:user|account|recipient|address)[^.;]{0,40}(?:not (?:found|exist)|doesn'?t exist|disabled|unknown|invalid)"
    r"|(?:user|account|recipient|address)[^.;]{0,40}(?:inactive|suspended)",
    re.I,
)
_THIS_TEXT = re.compile(r"\bspam\b|virus|malware|content|suspicio|phish|attachment|заражен|спам", re.I)
_ADDRESS, _MAILBOX, _SYSTEM, _NETWORK, _POLICY = 1, 2, 3, 4, 7


def blame(step: Step, code: int, words: str) -> Blame:
    """Whom the answer `code` with these words at this step of the conversation is about; 4xx is always for later."""
    if code < 500:
        return Blame.LATER
    found = _ENHANCED.search(words)
    subject, detail = (int(found[1]), int(found[2])) if found else (0, 0)
    is_full = (subject, detail) == (_MAILBOX, 2) or _FULL.search(words)
    if (subject, detail) == (_SYSTEM, 4) or (_TOO_LARGE.search(words) and not is_full):
        return Blame.LETTER
    if step not in _AFTER_RECIPIENT:
        return Blame.HOUSE
    if is_full:
        return Blame.LATER
    if _OUR_LIMIT.search(words) or (subject, detail) == (_NETWORK, 5):
        return Blame.HOUSE
    if step is Step.RCPT and (subject == _ADDRESS or _HIS_ADDRESS.search(words)) and not _is_ours(subject, detail):
        return Blame.LETTER
    if _LATER.search(words):
        return Blame.LATER
    if step is not Step.RCPT and _THIS_TEXT.search(words):
        return Blame.LETTER
    if subject in (_POLICY, _SYSTEM) or (subject in (0, _ADDRESS) and _is_ours(subject, detail, words)):
        return Blame.HOUSE
    return Blame.LETTER


def _is_ours(subject: int, detail: int, words: str = "") -> bool:
    """5.1.7 and 5.1.8 speak of the sender's address; without a code the words do."""
    return (subject == _ADDRESS and detail in (7, 8)) or _OUR_RIGHT.search(words) is not None
