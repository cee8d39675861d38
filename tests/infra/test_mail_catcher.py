"""The local mail catcher takes a real letter over SMTP and keeps it as a file."""

import smtplib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from nps.adapters import mail
from nps.supervisor.listen import open_socket, port_of
from tests.adapters.test_mail import CONTEXT, message
from tests.conftest import make_app
from tests.infra.conftest import PYTHON

OnLeash = Callable[..., subprocess.Popen[str]]


@contextmanager
def catching(folder: Path, on_leash: OnLeash) -> Iterator[int]:
    """The port of a catcher that keeps letters in `folder`."""
    with open_socket("127.0.0.1", 20000, try_next=True) as listener:
        on_leash(
            *(*PYTHON, "-m", "nps.mail_catcher", "--fd", str(listener.fileno()), "--folder", str(folder)),
            pass_fds=(listener.fileno(),),
        )
        yield port_of(listener)


def test_a_letter_is_kept_whole_with_its_envelope(data: Path, on_leash: OnLeash) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = "Обращение клиента", "nps@localhost", "k@example.ru"
    letter.set_content("Перезвоните, пожалуйста.")
    with catching(data / "mail", on_leash) as port, smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.send_message(letter, to_addrs=["k@example.ru", "copy@example.ru"])
    (file,) = (data / "mail").iterdir()
    kept = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert kept["Subject"] == "Обращение клиента"
    assert kept["X-RcptTo"] == "k@example.ru, copy@example.ru"
    assert kept.get_content().strip() == "Перезвоните, пожалуйста."
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("question", ["Ы" * 4000, "🙂" * 4000, "Есть ли кабель? " * 250], ids=["Ы", "🙂", "words"])
def test_a_letter_of_ours_is_taken_however_long_its_lines_are(data: Path, on_leash: OnLeash, question: str) -> None:
    app = make_app(data, f"sqlite:///{data}/nps.sqlite3")
    with app.app_context(), catching(data / "caught", on_leash) as port:
        server = replace(mail.settings(), host="127.0.0.1", port=port, timeout_s=30)
        columns = [*CONTEXT["columns"][:-1], ["Обращение", question]]
        assert isinstance(mail.send(message(server, columns=columns), server, lambda: None), mail.Sent)
    (file,) = (data / "caught").iterdir()
    kept = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert kept is not None and question.strip() in kept.get_content()
