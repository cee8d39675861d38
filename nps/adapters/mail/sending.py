"""One letter handed to one server, step by step, and what came of it."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr

from flask_mail import Message

from nps.adapters.mail.composing import one_line, with_crlf
from nps.adapters.mail.settings import MailSettings, ascii_domain

LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the letter. `refused` names the recipients it would not take it for, with its words."""

    words: str
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not taken, a later try may succeed: no connection, a 4xx answer, a login or certificate to put right."""

    words: str


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
    deadline = time.monotonic() + server.longest_s
    try:
        line = _connect(server)
    except _Stop as stop:
        return stop.result
    try:
        return _converse(_Line(line, server, deadline), server, sender, recipients, content, before_data)
    except _Stop as stop:
        return stop.result
    finally:
        _leave(line)


class _Stop(Exception):
    """The conversation is over, with this result."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


class _Line:
    """A connection whose every step has what is left of the letter's time, at most the time of one step."""

    def __init__(self, smtp: smtplib.SMTP, server: MailSettings, deadline: float) -> None:
        self.smtp = smtp
        self._step_s = server.timeout_s
        self._deadline = deadline

    def step(self, act: Callable[[], tuple[int, bytes]], name: str) -> tuple[int, str]:
        """The server's code and words; a lost line before the text is a Deferred."""
        self.limit(name)
        try:
            code, words = act()
        except (OSError, smtplib.SMTPException) as error:
            raise _Stop(_not_sent(error, name)) from error
        return code, _words(code, words)

    def limit(self, name: str) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _Stop(Deferred(f"Сервер отвечает слишком медленно (шаг {name})."))
        if self.smtp.sock is not None:
            self.smtp.sock.settimeout(min(self._step_s, left))


def _connect(server: MailSettings) -> smtplib.SMTP:
    name = server.domain if "." in server.domain else "[127.0.0.1]"
    try:
        if server.implicit_tls:
            return smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout_s, context=_trust(server))
        # The name is given because smtplib would ask the resolver for it, without a time-out.
        return smtplib.SMTP(server.host, server.port, name, timeout=server.timeout_s)
    except (OSError, smtplib.SMTPException) as error:
        raise _Stop(_not_sent(error, "соединение")) from error


def _trust(server: MailSettings) -> ssl.SSLContext:
    """Certificates are verified, host name included."""
    return server.tls or ssl.create_default_context()


def _converse(
    line: _Line,
    server: MailSettings,
    sender: str,
    recipients: Sequence[str],
    content: bytes,
    before_data: Callable[[], None],
) -> Result:
    smtp = line.smtp
    _expect(line.step(lambda: _greet(smtp), "EHLO"))
    if server.starttls:
        # Without the extension, or with a certificate that is not the server's, smtplib raises: nothing goes in clear.
        _expect(line.step(lambda: smtp.starttls(context=_trust(server)), "STARTTLS"))
        _expect(line.step(lambda: _greet(smtp), "EHLO"))
    if server.username:
        _expect(line.step(lambda: smtp.login(server.username or "", server.password or ""), "AUTH"))
    _expect(line.step(lambda: smtp.mail(sender), "MAIL"))
    refused = _recipients(line, recipients)
    before_data()
    _expect(line.step(lambda: smtp.docmd("DATA"), "DATA"), 354)
    return _text(line, content, refused)


def _greet(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    code, words = smtp.ehlo()
    return (code, words) if 200 <= code <= 299 else smtp.helo()


def _recipients(line: _Line, recipients: Sequence[str]) -> tuple[tuple[str, str], ...]:
    answers = []
    for address in recipients:
        code, words = line.step(lambda address=address: line.smtp.rcpt(address), "RCPT")  # type: ignore[misc]
        answers.append((address, code, words))
    refused = [answer for answer in answers if not 200 <= answer[1] <= 299]
    if len(refused) == len(recipients):
        # One that may be taken later keeps the letter alive for all.
        _, code, words = min(refused, key=lambda answer: answer[1] >= 500)
        _expect((code, words))
    return tuple((address, words) for address, _, words in refused)


def _text(line: _Line, content: bytes, refused: tuple[tuple[str, str], ...]) -> Result:
    """From the final dot on, a lost line means that nobody knows; before it a server must not take the letter."""
    quoted = re.sub(rb"(?m)^\.", b"..", content)
    line.limit("текст письма")
    try:
        line.smtp.send(quoted)
    except (OSError, smtplib.SMTPException) as error:
        return _not_sent(error, "текст письма")
    try:
        line.smtp.send(b".\r\n")
        code, raw = line.smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Unknown(f"Связь оборвалась после отправки текста, до ответа сервера: {_fault(error)}")
    words = _words(code, raw)
    if 200 <= code <= 299:
        return Sent(words, refused)
    if 400 <= code <= 599:
        return _answer(code, words)
    return Unknown(f"Непонятный ответ на текст письма: {words}")


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye. The letter's fate is settled by now: whatever fails here changes nothing."""
    with suppress(OSError, smtplib.SMTPException):
        if smtp.sock is not None:
            smtp.sock.settimeout(2.0)
            smtp.quit()
    smtp.close()


def _expect(answer: tuple[int, str], wanted: int | None = None) -> None:
    code, words = answer
    if code == wanted or (wanted is None and 200 <= code <= 299):
        return
    raise _Stop(_answer(code, words))


def _answer(code: int, words: str) -> Deferred | Refused:
    return Refused(words) if 500 <= code <= 599 else Deferred(words)


def _not_sent(error: Exception, step: str) -> Deferred | Refused:
    """What an error before the final dot means. A failing login or certificate is not the letter's fault: it waits."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Deferred(f"Сервер не принял логин или пароль: {_words(error.smtp_code, error.smtp_error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Deferred(f"Сервер не умеет того, что требуют настройки (шаг {step}): {_fault(error)}")
    if isinstance(error, ssl.SSLError):
        return Deferred(f"Защищённое соединение не установлено: {_fault(error)}")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return _answer(error.smtp_code, _words(error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return Deferred(f"Сервер ответил не по правилам (шаг {step}): {_fault(error)}")
    return Deferred(f"Нет связи с почтовым сервером (шаг {step}): {_fault(error)}")


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
