"""A small mail server of our own that can go wrong at every step, and remembers what it took.

    with smtp_server.running() as server:
        server.faults.append("rcpt_550")      # the next connection; without one it behaves

Faults: `<verb>_<code>` answers banner, ehlo, starttls, auth, mail, rcpt, data, text or quit with the code;
`cut_<verb>` closes the line there; `hang_<verb>` says nothing more until the client leaves; `drip_<verb>` says its
answer so slowly that it never ends; `wait_<verb>` sets `reached` and answers when `go_on` is set. `text` is the moment
after the final dot: `cut_text` and `hang_text` keep the letter and do not say so. `cut_body` closes while the text is
still coming, `cut_after` once the 250 is said.

It takes what the strictest server must take and no more: lines of 998 octets (RFC 5321, 4.5.3.1.6) of seven bits each,
since it never offers 8BITMIME (RFC 6152).
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

#: Octets of a line without its CRLF.
LONGEST_LINE = 998


@dataclass(frozen=True)
class Taken:
    """A letter that the server has, whatever it told the client."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class FaultyServer:
    port: int
    faults: deque[str] = field(default_factory=deque)
    #: A fault of every connection that has none of its own.
    always: str = ""
    refused_recipients: frozenset[str] = frozenset()
    tls: ssl.SSLContext | None = None
    #: TLS from the first byte, not by STARTTLS.
    implicit_tls: bool = False
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def take(self, letter: Taken) -> None:
        with self._changed:
            self.taken.append(letter)
            self._changed.notify_all()

    def wait_for(self, letters: int, timeout_s: float = 30) -> bool:
        """Whether so many letters arrived within a time that is long enough for any machine."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.taken) >= letters, timeout_s)

    @property
    def host(self) -> str:
        return "localhost" if self.tls else "127.0.0.1"


class _Left(Exception):
    """The conversation is over."""


class _Conversation:
    """One connection; `fault` is what goes wrong in it."""

    def __init__(self, server: FaultyServer, connection: socket.socket, fault: str) -> None:
        self.server, self.connection, self.fault = server, connection, fault
        self.file = connection.makefile("rb")
        self.sender, self.recipients = "", []

    def run(self) -> None:
        with suppress(_Left, OSError):
            if self.server.implicit_tls:
                self.wrap()
            self.at("banner", "220 ready")
            while True:
                line = self.file.readline()
                if not line:
                    return
                command = line.decode("ascii", "replace").strip()
                self.server.commands.append(command)
                self.obey(command)
        self.connection.close()

    def obey(self, command: str) -> None:
        verb, _, rest = command.partition(" ")
        match verb.upper():
            case "EHLO":
                extensions = [
                    "localhost",
                    *(["STARTTLS"] if self.server.tls and not self.server.implicit_tls else []),
                    "AUTH PLAIN",
                ]
                last = len(extensions) - 1
                lines = (f"250{' ' if n == last else '-'}{name}" for n, name in enumerate(extensions))
                self.at("ehlo", "\r\n".join(lines))
            case "HELO":
                self.at("ehlo", "250 localhost")
            case "STARTTLS":
                self.starttls()
            case "AUTH":
                self.at("auth", "235 welcome")
            case "MAIL":
                self.sender = rest.partition(":")[2].strip(" <>")
                self.at("mail", "250 OK")
            case "RCPT":
                self.recipient(rest.partition(":")[2].strip(" <>"))
            case "DATA":
                self.at("data", "354 go on")
                self.text()
            case "QUIT":
                self.at("quit", "221 bye")
                raise _Left
            case _:
                self.say("250 OK")

    def recipient(self, address: str) -> None:
        if address in self.server.refused_recipients:
            self.say(f"550 5.1.1 <{address}>: no such user")
            return
        self.recipients.append(address)
        self.at("rcpt", "250 OK")

    def starttls(self) -> None:
        self.at("starttls", "220 go ahead")
        self.wrap()

    def wrap(self) -> None:
        assert self.server.tls is not None
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")

    def text(self) -> None:
        lines: list[bytes] = []
        while (line := self.file.readline()) != b".\r\n":
            if not line or self.fault == "cut_body":
                raise _Left
            lines.append(line.removeprefix(b"."))
        if any(len(line.rstrip(b"\r\n")) > LONGEST_LINE for line in lines):
            self.say("500 Line too long (see RFC5321 4.5.3.1.6)")
            return
        if not all(line.isascii() for line in lines):
            self.say("554 5.6.3 8-bit text, and 8BITMIME was not offered")
            return
        if not self.fault.startswith(("text_4", "text_5")):
            self.server.take(Taken(self.sender, tuple(self.recipients), b"".join(lines)))
        self.at("text", "250 queued as 1")
        if self.fault == "cut_after":
            raise _Left

    def at(self, step: str, answer: str) -> None:
        """Answer, unless this is the step that goes wrong."""
        kind, _, detail = self.fault.partition("_")
        if kind == "cut" and detail == step:
            raise _Left
        if kind == "hang" and detail == step:
            self.file.read()
            raise _Left
        if kind == "drip" and detail == step:
            while not self.server.closing.wait(0.05):
                self.connection.sendall(b"2")
            raise _Left
        if kind == "wait" and detail == step:
            self.server.reached.set()
            self.server.go_on.wait(30)
        if kind == step and detail.isdigit():
            self.say(f"{detail} the server says no")
            if detail == "421":
                raise _Left
            return
        self.say(answer)

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")


@contextmanager
def running(tls: ssl.SSLContext | None = None, *, implicit_tls: bool = False) -> Iterator[FaultyServer]:
    """A server on a free port of the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultyServer(listener.getsockname()[1], tls=tls, implicit_tls=implicit_tls)
        open_lines: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    server.connections += 1
                    open_lines.append(connection)
                    fault = server.faults.popleft() if server.faults else server.always
                    threading.Thread(target=_Conversation(server, connection, fault).run, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown(socket.SHUT_RDWR)
            for line in open_lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                line.close()


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A fresh self-signed certificate with its key in one file, for the server and for whoever shall trust it."""
    file = folder / f"{name}.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "-", "-out", "-"],
        check=True,
        capture_output=True,
    )
    file.write_bytes(made.stdout)
    return file
