"""The local mail catcher takes a real letter over SMTP and keeps it as a file."""

import smtplib
import subprocess
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from nps.supervisor.listen import open_socket, port_of
from tests.infra.conftest import PYTHON


def test_a_letter_is_kept_whole_with_its_envelope(data: Path, on_leash: Callable[..., subprocess.Popen[str]]) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = "Обращение клиента", "nps@localhost", "k@example.ru"
    letter.set_content("Перезвоните, пожалуйста.")
    with open_socket("127.0.0.1", 20000, try_next=True) as listener:
        on_leash(
            *(*PYTHON, "-m", "nps.mail_catcher", "--fd", str(listener.fileno()), "--folder", str(data / "mail")),
            pass_fds=(listener.fileno(),),
        )
        with smtplib.SMTP("127.0.0.1", port_of(listener), timeout=30) as smtp:
            smtp.send_message(letter, to_addrs=["k@example.ru", "copy@example.ru"])
    (file,) = (data / "mail").iterdir()
    kept = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert kept["Subject"] == "Обращение клиента"
    assert kept["X-RcptTo"] == "k@example.ru, copy@example.ru"
    assert kept.get_content().strip() == "Перезвоните, пожалуйста."
    assert file.stat().st_mode & 0o077 == 0
