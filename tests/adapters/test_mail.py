"""Building letters, and sending them to servers that fail at every step."""

from __future__ import annotations

import io
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_mail import Attachment
from openpyxl import load_workbook

from nps.adapters import mail
from nps.adapters.mail import Deferred, LetterError, MailSettings, Refused, Sent, Unknown, Unreachable
from nps.domain.escalation import COLUMNS
from tests import smtp_server
from tests.conftest import make_app
from tests.letter_examples import EXAMPLES, FOLDER, PARTS, rendered
from tests.smtp_server import FaultyServer

WRITTEN_AT = datetime(2026, 11, 18, 11, 42, tzinfo=UTC)
CONTEXT: dict[str, Any] = dict(EXAMPLES["escalation"][1])


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Building a message reads the application's settings; no database is touched."""
    folder = tmp_path_factory.mktemp("mail")
    app = make_app(folder, f"sqlite:///{folder}/nps.sqlite3")
    with app.app_context():
        yield app


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


@pytest.fixture
def settings(application: Flask, smtp: FaultyServer, tmp_path: Path) -> MailSettings:
    return MailSettings(
        host=smtp.host,
        port=smtp.port,
        sender="Опрос клиентов <opros@example.ru>",
        folder=tmp_path / "mail",
        public_url="https://nps.example.ru",
        default_recipient="k.service@u-energo.ru",
        timeout_s=5.0,
    )


def message(
    settings: MailSettings,
    recipients: list[str] | None = None,
    attachment: Attachment | None = None,
    reply_to: tuple[str, str] | None = None,
    **changes: Any,
) -> mail.Message:
    return mail.build(
        mail.render("escalation", CONTEXT | changes),
        settings,
        recipients=recipients or ["k.service@u-energo.ru"],
        message_id="<one@example.ru>",
        written_at=WRITTEN_AT,
        campaign_id=7,
        attachment=attachment,
        reply_to=reply_to,
    )


def deliver(settings: MailSettings, **kwargs: Any) -> tuple[mail.Result, int]:
    """The result, and how often the moment before the text was announced."""
    announced: list[str] = []
    result = mail.send(message(settings, **kwargs), settings, lambda: announced.append("data"))
    return result, len(announced)


def test_a_letter_arrives_with_its_headers_and_both_texts(settings: MailSettings, smtp: FaultyServer) -> None:
    result, announced = deliver(settings)
    assert isinstance(result, Sent) and result.words == "250 queued as 1" and announced == 1
    (taken,) = smtp.taken
    assert (taken.sender, taken.recipients) == ("opros@example.ru", ("k.service@u-energo.ru",))
    got = taken.message
    assert got["Subject"] == "Обращение № 38: ООО «Хлебокомбинат»"
    assert got["From"] == "Опрос клиентов <opros@example.ru>"
    assert got["Message-ID"] == "<one@example.ru>"
    assert got["Auto-Submitted"] == "auto-generated" and got["Reply-To"] is None
    assert got["X-NPS-Campaign"] == "7"
    assert got["Date"].datetime == WRITTEN_AT
    assert got.get_body(("plain",)) is not None and got.get_body(("html",)) is not None


def test_a_long_subject_keeps_every_space(settings: MailSettings, smtp: FaultyServer) -> None:
    organisation = "ООО «Уралэнерго, отдел снабжения и комплектации, г. Набережные Челны»"
    deliver(settings, columns=[[CONTEXT["columns"][0][0], organisation], *CONTEXT["columns"][1:]])
    (taken,) = smtp.taken
    assert taken.message["Subject"] == f"Обращение № 38: {organisation}"


def test_the_subject_holds_nothing_of_the_person(settings: MailSettings) -> None:
    subject = mail.render("escalation", CONTEXT).subject
    for value in ("Кузнецова", "917", "zakaz1198", "кабель"):
        assert value not in subject


def test_the_plain_twin_tells_the_same_six_columns_in_order() -> None:
    text = mail.render("escalation", CONTEXT).text
    places = [text.index(f"{label}:\n    {value.splitlines()[0]}") for label, value in CONTEXT["columns"]]
    assert places == sorted(places)
    assert "    И какая цена?" in text
    assert "https://nps.example.ru/escalations/38" in text


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_letters_are_those_that_were_looked_at(name: str, part: str) -> None:
    assert rendered(name)[part] == (FOLDER / name / part).read_bytes().decode()


@pytest.mark.parametrize("name", EXAMPLES)
def test_letters_keep_to_what_mail_programs_show(name: str) -> None:
    html = rendered(name)["body.html"]
    # What only some programs know may only help: without it the letter must stand as well.
    plain = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    for forbidden in ("<script", "<style", "<img", "<form", "flex", "float:", "position:", "max-width", "rgba", "rem;"):
        assert forbidden not in plain
    assert re.sub(r"[0-9]+px", "", plain).count("px") == 0
    assert all(int(size) % 2 == 0 for size in re.findall(r"(?:font-size|line-height):([0-9]+)px", plain))
    assert len(html.encode("utf-8")) < 100_000


def test_a_question_of_full_length_is_not_cut_by_mail_programs() -> None:
    longest = [[label, "Ы" * 4000 if label == "Обращение" else value] for label, value in CONTEXT["columns"]]
    assert len(mail.render("escalation", CONTEXT | {"columns": longest}).html.encode()) < 100_000


def test_the_same_table_comes_as_a_workbook_in_which_nothing_is_a_formula(
    settings: MailSettings, smtp: FaultyServer
) -> None:
    values = ["=1+1", "0123456789", "@SUM(A1)", "+7 917 000-75-53", "-x", "Есть ли кабель?\nИ цена?"]
    columns = [(label, value) for (_, label), value in zip(COLUMNS, values, strict=True)]
    attachment = mail.workbook(38, columns, WRITTEN_AT)
    mail.send(message(settings, attachment=attachment), settings, lambda: None)
    (file,) = list(smtp.taken[0].message.iter_attachments())
    assert file.get_filename() == "obraschenie_38.xlsx"
    sheet = load_workbook(io.BytesIO(file.get_content())).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows == [[label for _, label in COLUMNS], values]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_a_reply_goes_to_a_person(settings: MailSettings, smtp: FaultyServer) -> None:
    mail.send(message(settings, reply_to=("Марина Орлова", "orlova@example.ru")), settings, lambda: None)
    mail.send(message(settings, reply_to=("М\r\nBcc: t@example.com", "o@example.ru")), settings, lambda: None)
    first, second = (taken.message for taken in smtp.taken)
    assert first["Reply-To"] == "Марина Орлова <orlova@example.ru>"
    assert second["Bcc"] is None and second["Reply-To"].addresses[0].addr_spec == "o@example.ru"


def test_markup_in_any_field_is_shown_as_text() -> None:
    evil = '<img src=x onerror="alert(1)">'
    letter = mail.render(
        "escalation",
        CONTEXT | {"columns": [[label, evil] for _, label in COLUMNS], "wished_time": evil, "campaign": evil}
        | {"operator": evil, "place": evil},
    )  # fmt: skip
    assert "<img" not in letter.html
    assert letter.html.count("&lt;img") >= 9


@pytest.mark.parametrize(
    "name", ["ООО\r\nBcc: thief@example.com", "ООО\nSubject: другое", "ООО\u2028X-Evil: 1", "ООО\0\x0b"]
)
def test_no_field_can_add_a_header(settings: MailSettings, smtp: FaultyServer, name: str) -> None:
    columns = [[CONTEXT["columns"][0][0], name], *CONTEXT["columns"][1:]]
    result, _ = deliver(settings, columns=columns)
    assert isinstance(result, Sent)
    (taken,) = smtp.taken
    assert taken.recipients == ("k.service@u-energo.ru",)
    assert taken.message["Bcc"] is None and taken.message["X-Evil"] is None
    assert len(taken.message.get_all("Subject", [])) == 1


def test_a_recipient_with_a_line_break_is_no_letter(settings: MailSettings) -> None:
    with pytest.raises(LetterError):
        message(settings, recipients=["k@example.ru\r\nRCPT TO:<thief@example.com>"])


def test_what_has_no_bytes_is_no_letter(settings: MailSettings) -> None:
    with pytest.raises(LetterError):
        message(settings, operator="\ud800")


def test_an_address_that_is_none_is_refused_without_a_call(settings: MailSettings, smtp: FaultyServer) -> None:
    result, _ = deliver(settings, recipients=["просто слова"])
    assert isinstance(result, Refused) and smtp.connections == 0


def test_a_russian_domain_goes_out_in_ascii(settings: MailSettings, smtp: FaultyServer) -> None:
    result, _ = deliver(settings, recipients=["info@почта.рф"])
    assert isinstance(result, Sent)
    assert smtp.taken[0].recipients == ("info@xn--80a1acny.xn--p1ai",)


def test_lines_that_begin_with_a_dot_arrive_whole(settings: MailSettings, smtp: FaultyServer) -> None:
    built = message(settings)
    built.alts.clear()
    built.body = ".\r\n..two\r\n.end"
    assert isinstance(mail.send(built, settings, lambda: None), Sent)
    assert smtp.taken[0].message.get_content().rstrip("\n").splitlines() == [".", "..two", ".end"]


@pytest.mark.parametrize(
    "fault",
    ["banner_421", "banner_454", "ehlo_421", "mail_421", "mail_451", "rcpt_450", "data_451", "text_451", "cut_banner"]
    + ["cut_ehlo", "cut_mail", "cut_rcpt", "cut_data"],
)
def test_what_may_pass_is_deferred(settings: MailSettings, smtp: FaultyServer, fault: str) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(settings)
    assert isinstance(result, Deferred) and result.words
    assert smtp.taken == []


@pytest.mark.parametrize("fault", ["banner_554", "ehlo_550", "mail_550", "mail_553"])
def test_a_no_to_our_house_is_not_about_the_letter(settings: MailSettings, smtp: FaultyServer, fault: str) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(settings)
    assert isinstance(result, Unreachable)
    assert "Сервер не принимает наши письма" in result.words and f"{fault[-3:]} the server says no" in result.words
    assert smtp.taken == []


@pytest.mark.parametrize("fault", ["rcpt_550", "data_554", "text_554"])
def test_a_final_no_is_refused_with_the_servers_words(settings: MailSettings, smtp: FaultyServer, fault: str) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(settings)
    assert isinstance(result, Refused)
    assert result.words == f"{fault[-3:]} the server says no"
    assert smtp.taken == []


@pytest.mark.parametrize("fault", ["cut_after", "quit_500", "cut_quit"])
def test_a_letter_that_was_taken_is_sent_whatever_the_farewell(
    settings: MailSettings, smtp: FaultyServer, fault: str
) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(settings)
    assert isinstance(result, Sent)
    assert len(smtp.taken) == 1


def test_a_line_lost_before_the_answer_to_the_text_is_unknown(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.faults.append("cut_text")
    result, announced = deliver(settings)
    assert isinstance(result, Unknown) and announced == 1


@pytest.mark.parametrize("fault", ["hang_banner", "hang_ehlo", "hang_mail", "hang_rcpt", "hang_data"])
def test_a_silent_server_is_given_up(settings: MailSettings, smtp: FaultyServer, fault: str) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(replace(settings, timeout_s=0.2))
    assert isinstance(result, Deferred) and "сервер молчит" in result.words


@pytest.mark.parametrize("fault", ["drip_banner", "drip_ehlo", "drip_mail", "drip_rcpt", "drip_data"])
def test_a_server_that_drips_its_answer_is_given_up_too(settings: MailSettings, smtp: FaultyServer, fault: str) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(replace(settings, timeout_s=0.3))
    assert isinstance(result, Unreachable) and "сервер молчит" in result.words


def test_dripping_after_the_text_is_unknown(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.faults.append("drip_text")
    result, _ = deliver(replace(settings, timeout_s=0.3))
    assert isinstance(result, Unknown)


@pytest.mark.parametrize(
    ("fault", "server_is_down"),
    [("cut_banner", True), ("hang_rcpt", True), ("cut_data", True), ("auth_535", True)]
    + [("banner_421", False), ("mail_451", False), ("rcpt_450", False), ("text_451", False)],
)
def test_a_server_that_is_down_is_told_from_one_that_says_later(
    settings: MailSettings, smtp: FaultyServer, fault: str, server_is_down: bool
) -> None:
    smtp.faults.append(fault)
    result, _ = deliver(replace(settings, timeout_s=0.3, username="opros", password="wrong"))
    assert isinstance(result, Deferred) and isinstance(result, Unreachable) == server_is_down


def test_a_line_lost_inside_the_text_is_never_taken_for_sent(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.faults.append("cut_body")
    result, _ = deliver(settings)
    assert isinstance(result, Deferred | Unknown)
    assert smtp.taken == []


def test_silence_after_the_text_is_unknown(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.faults.append("hang_text")
    result, _ = deliver(replace(settings, timeout_s=0.2))
    assert isinstance(result, Unknown)


def test_no_server_at_all_is_deferred(settings: MailSettings) -> None:
    with smtp_server.running() as gone:
        port = gone.port
    result, announced = deliver(replace(settings, port=port))
    assert isinstance(result, Deferred) and announced == 0


def test_the_moment_before_the_text_comes_after_all_recipients(settings: MailSettings, smtp: FaultyServer) -> None:
    seen: list[list[str]] = []
    mail.send(message(settings), settings, lambda: seen.append([c.split()[0].upper() for c in smtp.commands]))
    assert seen == [["EHLO", "MAIL", "RCPT"]]


def test_what_the_caller_raises_before_the_text_stops_the_letter(settings: MailSettings, smtp: FaultyServer) -> None:
    def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        mail.send(message(settings), settings, lost)
    assert smtp.taken == []


def test_refused_recipients_are_seen_while_the_others_get_it(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.refused_recipients = frozenset({"gone@example.ru"})
    result, _ = deliver(settings, recipients=["gone@example.ru", "k@example.ru"])
    assert isinstance(result, Sent)
    assert [address for address, _ in result.refused] == ["gone@example.ru"]
    assert "no such user" in result.refused[0][1]
    assert smtp.taken[0].recipients == ("k@example.ru",)


def test_a_login_that_fails_waits_to_be_put_right(settings: MailSettings, smtp: FaultyServer) -> None:
    smtp.faults.append("auth_535")
    result, _ = deliver(replace(settings, username="opros", password="wrong"))
    assert isinstance(result, Deferred) and "логин или пароль" in result.words


@pytest.mark.parametrize("implicit", [False, True])
def test_tls_is_used_and_its_certificate_verified(settings: MailSettings, tmp_path: Path, implicit: bool) -> None:
    certificate = smtp_server.certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with smtp_server.running(context, implicit_tls=implicit) as server:
        kind = {"implicit_tls": True} if implicit else {"starttls": True}
        secure = replace(settings, host=server.host, port=server.port, **kind)
        result, _ = deliver(secure)
        assert isinstance(result, Deferred) and "Защищённое соединение" in result.words
        assert server.taken == []
        result, _ = deliver(replace(secure, tls=ssl.create_default_context(cafile=certificate)))
        assert isinstance(result, Sent)
        assert len(server.taken) == 1


def test_a_server_without_tls_gets_nothing_in_clear(settings: MailSettings, smtp: FaultyServer) -> None:
    result, _ = deliver(replace(settings, starttls=True, username="opros", password="secret"))
    assert isinstance(result, Deferred)
    assert [command.split()[0].upper() for command in smtp.commands] == ["EHLO", "QUIT"]


def test_a_caught_letter_is_one_file_that_nobody_else_reads(settings: MailSettings, tmp_path: Path) -> None:
    mail.catch(message(settings), tmp_path / "mail")
    mail.catch(message(settings), tmp_path / "mail")
    (file,) = (tmp_path / "mail").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    got = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert got["Subject"] == "Обращение № 38: ООО «Хлебокомбинат»"
