"""The bytes of letters: lines that every mail server takes, and what is read from them is what was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from email.header import decode_header, make_header
from typing import Any

import pytest
from flask_mail import Attachment

from nps.adapters import mail
from nps.adapters.mail import LetterError, MailSettings, Sent
from tests.adapters.test_mail import WRITTEN_AT, application, message, settings, smtp  # noqa: F401
from tests.letter_examples import EXAMPLES
from tests.smtp_server import FaultyServer


def stretched(value: Any, by: str) -> Any:
    """The same values with something long behind each text of the person; what links are made of stays."""
    if isinstance(value, Mapping):
        return {key: of if "path" in key or "url" in key else stretched(of, by) for key, of in value.items()}
    if isinstance(value, list):
        return [stretched(of, by) for of in value]
    return value + by if isinstance(value, str) else value


#: Without a break, with breaks of every kind, and ASCII that needs no coding and would go as it is.
LONG = ("Ы" * 4000, "🙂" * 2000, "x" * 4000, "длинное имя " * 300, "строка\r\n.\rдругая\n" * 200, "=20 ?=" * 700)


@pytest.mark.parametrize("by", LONG, ids=[text[:8].strip() for text in LONG])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_letter_is_one_that_the_strictest_server_takes(
    settings: MailSettings,  # noqa: F811
    smtp: FaultyServer,  # noqa: F811
    name: str,
    by: str,
) -> None:
    """RFC 5321, 4.5.3.1.6: 998 octets a line; without 8BITMIME seven bits. What was written is what is read."""
    kind, context = EXAMPLES[name]
    letter = mail.render(kind, stretched(context, by))
    built = mail.build(
        letter,
        replace(settings, sender=f"{'Опрос клиентов ' * 40}<opros@example.ru>"),
        recipients=[f"k{number}@example.ru" for number in range(90)],
        message_id=f"<{'a' * 120}@example.ru>",
        written_at=WRITTEN_AT,
        campaign_id=7,
        reply_to=("Орлова-Чесменская " * 30, "orlova@example.ru"),
        attachment=Attachment(f"{'Обращение ' * 40}.bin", "application/octet-stream", bytes(range(256)) * 40),
        switch_off="https://nps.example.ru/" + "letters/" * 40,
    )
    result = mail.send(built, settings, lambda: None)
    assert isinstance(result, Sent), result
    (taken,) = smtp.taken
    lines = taken.content.split(b"\r\n")
    body = taken.content.partition(b"\r\n\r\n")[2]
    assert taken.content.isascii() and max(map(len, lines)) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 78 or b"filename*" in body
    got = taken.message
    assert not list(got.defects) and not [part.defects for part in got.walk() if part.defects]
    assert got["Subject"] == letter.subject
    sender = taken.content.partition(b"\r\nFrom: ")[2].partition(b"\r\n <")[0].decode()
    # By RFC 2047, 6.2: the parser of addresses of Python 3.11 puts spaces between encoded words.
    assert str(make_header(decode_header(sender))) == " ".join(["Опрос клиентов"] * 40)
    assert {address.addr_spec for address in got["To"].addresses} == {f"k{n}@example.ru" for n in range(90)}
    for part, written in (("plain", letter.text), ("html", letter.html)):
        read = got.get_body((part,))
        assert read is not None and read["Content-Transfer-Encoding"] == "base64"
        assert re.split("\r\n|\r|\n", read.get_content()) == re.split("\r\n|\r|\n", written)
    (file,) = list(got.iter_attachments())
    assert file.get_content() == bytes(range(256)) * 40
    assert file.get_filename() == f"{'Обращение ' * 40}.bin"


def test_a_letter_that_no_server_would_take_is_no_letter(settings: MailSettings) -> None:  # noqa: F811
    with pytest.raises(LetterError):
        message(settings, recipients=[f"{'a' * 1200}@example.ru"])
