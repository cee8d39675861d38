"""Listening sockets. The supervisor holds them and hands them down: a port can't be lost between choosing and using it,
and people who come while the web server restarts wait instead of being refused."""

import errno
import http.client
import socket

from nps.config import ConfigError

PORTS_TRIED = 50
BACKLOG = 512
# An address of this machine only; anything else is reached from outside.
LOOPBACK = ("127.", "::1", "localhost")


def open_socket(host: str, port: int, *, try_next: bool) -> socket.socket:
    """A socket listening on `host`:`port`, or on the next free port when that is busy and `try_next` is set.

    Raises ConfigError with a Russian sentence when there is none.
    """
    last = min(port + PORTS_TRIED, 65536) if try_next else port + 1
    for candidate in range(port, last):
        try:
            return socket.create_server((host, candidate), family=_family(host), backlog=BACKLOG)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise ConfigError(
                    f"PORT: порт {candidate} этому пользователю не разрешён, возьмите от 1024."
                ) from error
            if error.errno != errno.EADDRINUSE:
                raise ConfigError(f"BIND: адрес «{host}» занять нельзя ({error.strerror}).") from error
    if try_next:
        raise ConfigError(f"PORT: порты от {port} до {last - 1} заняты.")
    raise ConfigError(f"PORT: порт {port} занят другой программой.")


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def web_answers(host: str, port: int) -> bool:
    """True when the web server gives a page that isn't a failure."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reachable, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_loopback(host: str) -> bool:
    """True when `host` can be reached from this machine only."""
    return host.startswith(LOOPBACK)


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise ConfigError(f"BIND: адреса «{host}» нет.") from error
