"""The real web server as a process, and a small browser for it: cookies, forms with their hidden fields, redirects."""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HIDDEN = ("form_key", "csrf_token", "expect_attempt", "expect_client", "expect_step")


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class WebServer:
    """gunicorn with two workers of eight threads, as the supervisor starts it; its address stays the same for life."""

    def __init__(
        self, data: Path, database_url: str, *, before: Sequence[str] = (), app: str = "wsgi:app", **environ: str
    ) -> None:
        self._data, self._port, self._before, self._app = data, free_port(), before, app
        self._env = (
            os.environ
            | {
                "NPS_DATA": str(data),
                "DATABASE_URL": database_url,
                "REDIS_URL": f"unix://{data}/no-redis.sock",
                "PORT": str(self._port),
            }
            | environ
        )
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Return when it answers."""
        command = [
            *self._before,
            sys.executable,
            "-X",
            "utf8",
            "-m",
            "gunicorn",
            self._app,
            "--bind",
            f"127.0.0.1:{self._port}",
        ]
        command += ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--keep-alive", "75", "--preload"]
        command += ["--log-level", "warning"]
        self._data.mkdir(parents=True, exist_ok=True)
        with (self._data / "web.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        wait_until_answers(self.address + "/healthz", self._process)

    @property
    def pid(self) -> int:
        """The process above the workers."""
        return self._process.pid

    def kill(self) -> None:
        """End it and its workers at once, whatever they are doing."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Let it finish what it is doing."""
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self.kill()


@contextlib.contextmanager
def web_server(data: Path, database_url: str, *, before: Sequence[str] = (), **environ: str) -> Iterator[str]:
    """The server for as long as the block runs; yields its address. `before`: a command that starts it."""
    server = WebServer(data, database_url, before=before, **environ)
    try:
        server.start()
        yield server.address
    finally:
        server.stop()


def wait_until_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the address answers at all. Raises when its process has ended."""
    while process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        # Not asked without a pause: it would take the process the time it needs to start.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise RuntimeError(f"the server ended with {process.returncode} before it answered")


@dataclass
class Answer:
    """What came back: the status of the last answer and its text."""

    status: int
    text: str
    url: str


@dataclass
class Person:
    """Somebody at a browser without JavaScript: every form carries what its page printed into it."""

    address: str
    page: Answer = field(default_factory=lambda: Answer(0, "", ""))

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def _request(self, path: str, body: bytes | None) -> Answer:
        request = urllib.request.Request(urllib.parse.urljoin(self.address, path), data=body)
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response.status, response.read().decode(), response.url)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), path)

    def get(self, path: str) -> Answer:
        self.page = self._request(path, None)
        return self.page

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form as the page shows it, following the redirect."""
        hidden = {name: value for name in _HIDDEN if (value := self.hidden(name))}
        self.page = self._request(path, urllib.parse.urlencode(hidden | fields).encode())
        return self.page

    def download(self, url: str) -> bytes:
        """A file as it comes; raises `urllib.error.HTTPError` when there is none."""
        with self._opener.open(url, timeout=60) as response:
            content: bytes = response.read()
            return content

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page.text)
        return found.group(1) if found else ""

    def log_in(self, login: str, password: str) -> Answer:
        self.get("/login")
        return self.post("/login", login=login, password=password)

    @property
    def state(self) -> str:
        """The state of the desk on the page."""
        found = re.search(r'data-state="(\w+)"', self.page.text)
        return found.group(1) if found else f"no desk: {self.page.status} {self.page.text[:300]}"
