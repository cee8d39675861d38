"""The texts of a letter, the message they make, and the file of one that stays on this machine."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.encoders import encode_base64
from email.errors import MessageError
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from flask_mail import Attachment, sanitize_address
from flask_mail import Message as FlaskMessage
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from markupsafe import Markup

from nps.adapters.mail.settings import MailSettings

#: Octets of a line that every server must take, CRLF not counted (RFC 5321, 4.5.3.1.6).
LONGEST_LINE = 998

_TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "email"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


#: After a mark of punctuation, and anywhere in what has none for long.
_BREAKS = re.compile(r"(?<=[@.,;/_-])(?=\S)|(?<=[^\s@.,;/_-]{16})(?=\S)")


class LetterError(Exception):
    """A letter that can't be written: its template and its values don't fit, or an address is none."""


def one_line(text: str) -> str:
    """The text without line breaks and control characters, for headers: nothing in it can start a header of its own."""
    return " ".join(_CONTROL.sub(" ", text).split())


@dataclass(frozen=True, slots=True)
class Letter:
    """The three texts of one letter."""

    subject: str
    text: str
    html: str


_letters = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def _breakable(text: str) -> Markup:
    """The text, escaped, with places where a long address or name may go on in the next line of a narrow column."""
    return Markup("<wbr>").join(_BREAKS.split(text))


_letters.filters["breakable"] = _breakable


def render(letter: str, context: Mapping[str, Any]) -> Letter:
    """Fill the templates of `templates/email/<letter>/`.

    Values are escaped in the HTML; the subject is one line whatever they hold. Raises LetterError.
    """
    parts = ("subject.txt", "body.txt", "body.html")
    try:
        subject, text, html = (_letters.get_template(f"{letter}/{part}").render(context) for part in parts)
    except (TemplateError, TypeError, ValueError) as error:
        raise LetterError(f"{letter}: {one_line(str(error))}") from error
    return Letter(one_line(subject), text, html)


class Message(FlaskMessage):
    """A message of seven-bit bytes: Flask-Mail itself writes a paragraph as one line of 8-bit text, however long.

    Such a line is refused by servers that keep to RFC 5321, and 8-bit text by those without 8BITMIME (RFC 6152).
    """

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMENonMultipart:  # type: ignore[override]
        part = MIMENonMultipart("text", subtype, charset="utf-8")
        # The line ends of text are CRLF before they are encoded (RFC 2045, 6.8).
        part.set_payload(with_crlf((text or "").encode()))
        encode_base64(part)
        return part

    def _message(self) -> MIMEBase:
        message = super()._message()
        written = {"From": [self.sender], "To": self.recipients, "Reply-To": [self.reply_to] if self.reply_to else []}
        for name, addresses in written.items():
            if addresses:
                del message[name]
                message.set_raw(name, ",\r\n ".join(_mailbox(address) for address in addresses))
        return message


def _mailbox(address: str | tuple[str, str]) -> str:
    """`Name <address>` in lines of a header, as long as lines may be: nothing is left to be folded (see `build`)."""
    name, bare = address if isinstance(address, tuple) else parseaddr(address)
    bare = sanitize_address(("", bare))
    return f"{_encoded(name, 'Reply-To')}\r\n <{bare}>" if name else bare


def _encoded(text: str, header: str) -> str:
    """The text as encoded words. Folding a long value again, Python 3.11 loses the space where two of them meet."""
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def build(
    letter: Letter,
    server: MailSettings,
    *,
    recipients: Sequence[str],
    message_id: str,
    written_at: datetime,
    campaign_id: int,
    reply_to: Sequence[str] | None = None,
    attachment: Attachment | None = None,
    switch_off: str = "",
) -> Message:
    """The message, alike at each try but for MIME boundaries.

    Raises LetterError for a line break in an address, and for what no line of LONGEST_LINE seven-bit octets can hold.

    `reply_to` is the name and address of a person who answers replies. `switch_off` is the page where a letter that
    comes again and again is switched off (RFC 2369).
    """
    message = Message(
        subject=_encoded(letter.subject, "Subject"),
        recipients=list(recipients),
        body=letter.text,
        html=letter.html,
        sender=server.sender,
        date=written_at.timestamp(),
        reply_to=(one_line(reply_to[0]), reply_to[1]) if reply_to else None,
        attachments=[attachment] if attachment else None,
        extra_headers={
            # RFC 3834: nobody's out-of-office program answers this.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
            "X-NPS-Campaign": str(int(campaign_id)),
            **({"List-Unsubscribe": f"<{one_line(switch_off)}>"} if switch_off else {}),
        },
    )
    message.msgId = one_line(message_id)
    if message.has_bad_headers():
        raise LetterError("в адресе есть перевод строки")
    try:
        content = message.as_bytes()
    except (ValueError, MessageError) as error:
        raise LetterError(one_line(str(error))) from error
    if not content.isascii() or any(len(line) > LONGEST_LINE for line in content.splitlines()):
        raise LetterError("в адресе или имени есть то, чего почтовые серверы не принимают")
    return message


def catch(message: Message, folder: Path) -> None:
    """Keep the letter as a file of the local mail page; nothing is sent. The same letter overwrites its own file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"kept-{hashlib.sha256(message.msgId.encode()).hexdigest()[:32]}.eml"
    draft = folder / f".{name}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(with_crlf(message.as_bytes()))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / name)


def with_crlf(content: bytes) -> bytes:
    """The content with the line ends of mail, the last one included."""
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"
