"""A connection to a mail server whose every step ends in its time, whatever the server does."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
import time
from typing import Any

from nps.adapters.mail.settings import MailSettings

#: The farewell changes nothing any more: nobody waits long for its answer.
FAREWELL_S = 2.0


class Connection(smtplib.SMTP):
    """smtplib with deadlines.

    A socket's own time-out begins anew with every byte and for every address of a name: a server that drips its answer
    would hold the line for ever. Here a step has `timeout_s` of the settings, and all of them together `longest_s`.
    """

    def __init__(self, server: MailSettings) -> None:
        self._server = server
        self._deadline = time.monotonic() + server.longest_s
        self._until = self._deadline
        # The name is given because smtplib would ask the resolver for it, without a time-out.
        super().__init__(local_hostname=server.domain if "." in server.domain else "[127.0.0.1]")
        # starttls() compares the certificate with it.
        self._host = server.host

    def begin(self, longest_s: float | None = None) -> None:
        """Start the time of a step; TimeoutError when that of the letter is over."""
        now = time.monotonic()
        if now >= self._deadline and longest_s is None:
            raise TimeoutError("the letter's time is over")
        step = now + (longest_s or self._server.timeout_s)
        self._until = step if longest_s else min(step, self._deadline)

    def left_s(self) -> float:
        """What is left of the step; TimeoutError when nothing is."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the step's time is over")
        return left

    def open(self) -> tuple[int, bytes]:
        """Connect; the server's greeting."""
        return self.connect(self._server.host, self._server.port)

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.left_s())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(_Timely(self))
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """The line, with TLS from its first byte when the settings say so. Addresses of one name share the step."""
        line = self._dial(host, port)
        if self._server.implicit_tls:
            line.settimeout(self.left_s())
            return self._server.trust.wrap_socket(line, server_hostname=host)
        return line

    def _dial(self, host: str, port: int) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure: OSError = TimeoutError()
        for number, (family, kind, protocol, _, address) in enumerate(found):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(self.left_s() / (len(found) - number))
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
            else:
                return line
        raise failure

    def leave(self) -> None:
        """Say goodbye and close. The letter's fate is settled by now: whatever fails here changes nothing."""
        try:
            if self.sock is not None:
                self.begin(FAREWELL_S)
                self.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()


class _Timely(io.RawIOBase):
    """What comes over the line, for as long as the step lasts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = self._connection.sock
        if line is None:
            return 0
        line.settimeout(self._connection.left_s())
        try:
            return line.recv_into(buffer)
        except ssl.SSLEOFError:
            # A server that leaves without TLS's own farewell has left all the same.
            return 0
