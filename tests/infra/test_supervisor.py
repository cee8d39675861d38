"""The running house: one command starts it, nothing of it stays behind."""

import fcntl
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.request import urlopen

import pytest

from nps.config import NAMES, PROJECT_ROOT
from tests.infra.conftest import PYTHON, descendants, still_alive, watch

COMMAND = [*PYTHON, "-m", "nps.supervisor"]


@dataclass
class House:
    """A started supervisor and what it has printed so far."""

    process: subprocess.Popen[str]
    printed: list[str]

    def read_until(self, pattern: str) -> str:
        """Wait for a line; its first group, or all of it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if found := re.search(pattern, line):
                return found[found.re.groups and 1]
        pytest.fail(f"{pattern!r} was not printed, but:\n{''.join(self.printed)}")

    @property
    def address(self) -> str:
        """Where it serves, once it has said so."""
        return self.read_until(r"^Запущено за \d+,\d с: (http://127\.0\.0\.1:\d+)$")


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One installation for the tests of this file, in the order they stand."""
    folder = tmp_path_factory.mktemp("house")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return {**os.environ, **dict.fromkeys(NAMES, ""), "NPS_DATA": str(folder / "data"), "PORT": port}


@contextmanager
def start(environ: dict[str, str]) -> Iterator[House]:
    process = subprocess.Popen(
        COMMAND,
        cwd=PROJECT_ROOT,
        env=environ,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        try:
            yield House(process, [])
        finally:
            process.kill()


@pytest.fixture(scope="module")
def first_start(environ: dict[str, str]) -> list[str]:
    """What an installation prints when it starts from nothing."""
    with start(environ) as house:
        address = house.address
        with urlopen(address, timeout=30) as page:
            assert page.status == 200
        house.process.terminate()
        assert house.process.wait(timeout=60) == 0
        return house.printed


@pytest.fixture
def house(first_start: list[str], environ: dict[str, str]) -> Iterator[House]:
    """A later start of the same installation."""
    assert first_start
    with start(environ) as house:
        yield house


def rows(environ: dict[str, str]) -> list[str]:
    with closing(sqlite3.connect(f"file:{environ['NPS_DATA']}/nps.sqlite3?mode=ro", uri=True)) as database:
        return list(database.iterdump())


def test_the_first_start_shows_accounts_and_the_address(first_start: list[str]) -> None:
    printed = "".join(first_start)
    assert "Пароли показаны один раз" in printed
    assert re.search(r"^│ Откройте http://127\.0\.0\.1:\d+ +│$", printed, re.MULTILINE)
    for role in ("администратор", "руководитель", "оператор"):
        assert role in printed.lower()


def test_a_second_start_changes_nothing_and_shows_no_password(house: House, environ: dict[str, str]) -> None:
    before = rows(environ)
    assert house.address
    assert rows(environ) == before
    assert "Пароли" not in "".join(house.printed)


def test_data_is_closed_to_other_users(house: House, environ: dict[str, str]) -> None:
    assert house.address
    data = Path(environ["NPS_DATA"])
    open_to_others = [path for path in (data, *data.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_a_start_beside_a_running_one_says_where_that_is(house: House, environ: dict[str, str]) -> None:
    address = house.address
    second = subprocess.run(COMMAND, cwd=PROJECT_ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert second.stderr == f"Система уже работает с этими данными: {address}. Второй запуск не нужен.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_process_stays_behind(house: House, environ: dict[str, str], number: signal.Signals) -> None:
    assert house.address
    below = descendants(house.process.pid)
    assert len(below) >= 13, "six leashes, their programs, and a worker of the web server"
    handles = watch(below)
    house.process.send_signal(number)
    assert still_alive(handles) == 0
    assert house.process.wait(timeout=60) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    with open(f"{environ['NPS_DATA']}/processes.lock", "rb") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB)  # each of them, forked later too, would hold it


def test_a_signal_in_the_middle_of_the_start_ends_it(house: House) -> None:
    while not (below := descendants(house.process.pid)):
        assert house.process.poll() is None
    handles = watch(below)
    house.process.terminate()
    assert house.process.wait(timeout=60) == 0
    assert still_alive(handles) == 0


def test_a_busy_port_gives_the_next_free_one_and_says_so(first_start: list[str], environ: dict[str, str]) -> None:
    assert first_start
    with socket.create_server(("127.0.0.1", int(environ["PORT"]))), start(environ) as house:
        port = house.read_until(rf"Порт {environ['PORT']} занят, беру следующий свободный: (\d+)")
        assert house.address == f"http://127.0.0.1:{port}"
        with urlopen(f"http://127.0.0.1:{port}", timeout=30) as page:
            assert page.status == 200


@pytest.mark.parametrize(
    ("program", "title"), [("redis-server", "Redis"), ("gunicorn", "Веб-сервер"), ("letters", "Письма")]
)
def test_what_dies_is_started_again(house: House, program: str, title: str) -> None:
    address = house.address
    os.kill(program_pid(house, program), signal.SIGKILL)
    house.read_until(f"{title}: остановка с кодом 137, новый запуск через 1 с")
    house.read_until(f"{title}: запуск")
    with urlopen(address, timeout=30) as page:
        assert page.status == 200


@pytest.mark.parametrize("spoilt", [Random(1).randbytes(300), bytes(512)], ids=["random", "nul"])
def test_a_file_that_redis_refuses_is_set_aside_and_all_comes_up(
    first_start: list[str], environ: dict[str, str], spoilt: bytes
) -> None:
    assert first_start
    kept = Path(environ["NPS_DATA"], "redis", "appendonly.aof")
    with kept.open("ab") as file:
        file.write(b"*1\r\n$4\r\nPING\r\n" + spoilt + b"\r\n*1\r\n$4\r\nPING\r\n")
    with start(environ) as house:
        aside = Path(house.read_until(r"Redis: свой файл прочитать не смог, он отложен в (\S+)\. Очередь начата"))
        assert house.address
        assert spoilt in (aside / "appendonly.aof").read_bytes()
        house.process.terminate()
        assert house.process.wait(timeout=60) == 0


def test_a_file_that_is_spoilt_while_redis_runs_is_set_aside_when_it_dies(
    house: House, environ: dict[str, str]
) -> None:
    address = house.address
    kept = Path(environ["NPS_DATA"], "redis", "appendonly.aof")
    with kept.open("ab") as file:
        file.write(Random(2).randbytes(200) + b"\r\n*1\r\n$4\r\nPING\r\n")
    os.kill(program_pid(house, "redis-server"), signal.SIGKILL)
    house.read_until("Redis: остановка с кодом 137")
    house.read_until("Redis: свой файл прочитать не смог")
    house.read_until("Redis: запуск")
    with urlopen(address, timeout=30) as page:
        assert page.status == 200


def test_a_wrong_setting_stops_the_start_with_one_sentence(environ: dict[str, str]) -> None:
    refused = subprocess.run(
        COMMAND, cwd=PROJECT_ROOT, env={**environ, "PORT": "http"}, capture_output=True, text=True, timeout=60
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "PORT: нужно целое число от 1 до 65535, а указано «http».\n"


def program_pid(house: House, word: str) -> int:
    """The process with that word in its command, not its leash."""
    for pid in descendants(house.process.pid):
        command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
        if word in command and "leash.py" not in command:
            return pid
    pytest.fail(f"no process {word}")
