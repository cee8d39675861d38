"""One letter handed to one server, step by step, and what came of it."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial

from nps.adapters.mail.composing import Message, one_line, with_crlf
from nps.adapters.mail.connection import Connection
from nps.adapters.mail.settings import MailSettings, ascii_domain
from nps.domain.mail_answer import Blame, Step, blame

LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the letter. `refused` names the recipients it would not take it for, with its words."""

    words: str
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not taken, a later try may succeed: a 4xx answer."""

    words: str


@dataclass(frozen=True, slots=True)
class Unreachable(Deferred):
    """Surely not taken, nor would another letter be: no connection, silence, something of ours to put right."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not taken, and the same try would end the same: a 5xx answer, an address that can't be one."""

    words: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The line was lost between the text and the answer to it: nobody can tell whether it was taken."""

    words: str


Result = Sent | Deferred | Refused | Unknown


def send(message: Message, server: MailSettings, before_data: Callable[[], None]) -> Result:
    """Hand the letter to the server.

    `before_data` is called when the server has accepted sender and recipients and the text is about to go: what it
    commits tells a crash before the text from one after it. What it raises comes out of here, with nothing sent.
    """
    content = with_crlf(message.as_bytes())
    try:
        recipients = [_wire_address(address) for address in message.recipients]
        sender = _wire_address(server.sender_address)
    except ValueError as error:
        return Refused(f"Адрес нельзя записать на конверте: {error}")
    line = Connection(server)
    try:
        return _converse(line, server, sender, recipients, content, before_data)
    except _Stop as stop:
        return stop.result
    finally:
        line.leave()


class _Stop(Exception):
    """The conversation is over, with this result."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


def _step(line: Connection, name: Step, act: Callable[[], tuple[int, bytes]]) -> tuple[int, str]:
    """The server's code and words; a lost line before the text is Unreachable."""
    try:
        line.begin()
        code, words = act()
    except (OSError, smtplib.SMTPException) as error:
        raise _Stop(_not_sent(error, name)) from error
    return code, _words(code, words)


def _converse(
    line: Connection,
    server: MailSettings,
    sender: str,
    recipients: Sequence[str],
    content: bytes,
    before_data: Callable[[], None],
) -> Result:
    _expect(line, Step.CONNECT, line.open)
    _expect(line, Step.EHLO, lambda: _greet(line))
    if server.starttls:
        # Without the extension, or with a certificate that is not the server's, smtplib raises: nothing goes in clear.
        _expect(line, Step.STARTTLS, lambda: line.starttls(context=server.trust))
        _expect(line, Step.EHLO, lambda: _greet(line))
    if server.username:
        _expect(line, Step.AUTH, lambda: line.login(server.username or "", server.password or ""))
    _expect(line, Step.MAIL, lambda: line.mail(sender))
    refused = _recipients(line, recipients)
    before_data()
    _expect(line, Step.DATA, lambda: line.docmd("DATA"), 354)
    return _text(line, content, refused)


def _greet(smtp: Connection) -> tuple[int, bytes]:
    code, words = smtp.ehlo()
    return (code, words) if 200 <= code <= 299 else smtp.helo()


def _recipients(line: Connection, recipients: Sequence[str]) -> tuple[tuple[str, str], ...]:
    answers = []
    for address in recipients:
        code, words = _step(line, Step.RCPT, partial(line.rcpt, address))
        answers.append((address, code, words))
    refused = [answer for answer in answers if not 200 <= answer[1] <= 299]
    if len(refused) == len(recipients):
        # One that may be taken later keeps the letter alive for all.
        _, code, words = min(refused, key=lambda answer: blame(Step.RCPT, answer[1], answer[2]) is Blame.LETTER)
        raise _Stop(_answer(Step.RCPT, code, words))
    return tuple((address, words) for address, _, words in refused)


def _text(line: Connection, content: bytes, refused: tuple[tuple[str, str], ...]) -> Result:
    """From the final dot on, a lost line means that nobody knows; before it a server must not take the letter."""
    quoted = re.sub(rb"(?m)^\.", b"..", content)
    try:
        line.begin()
        line.send(quoted)
    except (OSError, smtplib.SMTPException) as error:
        return _not_sent(error, Step.TEXT)
    try:
        line.send(b".\r\n")
        code, raw = line.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Unknown(f"Связь оборвалась после отправки текста, до ответа сервера: {_fault(error)}")
    words = _words(code, raw)
    if 200 <= code <= 299:
        return Sent(words, refused)
    if 400 <= code <= 599:
        return _answer(Step.TEXT, code, words)
    return Unknown(f"Непонятный ответ на текст письма: {words}")


def _expect(line: Connection, step: Step, act: Callable[[], tuple[int, bytes]], wanted: int | None = None) -> None:
    code, words = _step(line, step, act)
    if code == wanted or (wanted is None and 200 <= code <= 299):
        return
    raise _Stop(_answer(step, code, words))


def _answer(step: Step, code: int, words: str) -> Deferred | Refused:
    match blame(step, code, words):
        case Blame.HOUSE:
            return Unreachable(f"Сервер не принимает наши письма (шаг {step}): {words}"[:LONGEST_WORDS])
        case Blame.LATER:
            return Deferred(words)
    return Refused(words)


def _not_sent(error: Exception, step: Step) -> Deferred | Refused:
    """What an error before the final dot means. A failing login or certificate is not the letter's fault: it waits."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Unreachable(f"Сервер не принял логин или пароль: {_words(error.smtp_code, error.smtp_error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Unreachable(f"Сервер не умеет того, что требуют настройки (шаг {step}): {_fault(error)}")
    if isinstance(error, ssl.SSLError):
        return Unreachable(f"Защищённое соединение не установлено: {_fault(error)}")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return _answer(step, error.smtp_code, _words(error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return Deferred(f"Сервер ответил не по правилам (шаг {step}): {_fault(error)}")
    return Unreachable(f"Нет связи с почтовым сервером (шаг {step}): {_fault(error)}")


def _fault(error: Exception) -> str:
    # smtplib wraps a time-out into a lost connection.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "сервер молчит"
    return one_line(str(error))[:LONGEST_WORDS] or type(error).__name__


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return one_line(f"{code} {text}")[:LONGEST_WORDS]


def _wire_address(address: str | tuple[str, str]) -> str:
    """The bare address in ASCII, a Russian domain in its ASCII form. Raises ValueError when it has none."""
    bare = address[1] if isinstance(address, tuple) else parseaddr(address)[1]
    local, at, domain = bare.rpartition("@")
    wire = ascii_domain(domain)
    if not at or not local.isascii() or not wire or one_line(bare) != bare or " " in bare:
        raise ValueError(one_line(bare) or "адреса нет")
    return f"{local}@{wire}"
