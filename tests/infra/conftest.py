"""A folder, an environment and running parts for the tests of the running house."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from nps.config import NAMES, PROJECT_ROOT, redis_socket
from nps.supervisor import redis_server
from nps.supervisor.leash import _children

LEASH = PROJECT_ROOT / "nps/supervisor/leash.py"
PYTHON = (sys.executable, "-X", "utf8")
GONE_WITHIN_S = 20


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture
def environ(data: Path) -> dict[str, str]:
    """An environment in which every setting has its default, whatever `.env` says."""
    return {**os.environ, **dict.fromkeys(NAMES, ""), "NPS_DATA": str(data)}


@pytest.fixture
def on_leash(environ: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that can't outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*command: str, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_ROOT,
            env=environ,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:  # closes the pipe, which ends what is left
            pass


@pytest.fixture
def redis_url(data: Path, on_leash: Callable[..., subprocess.Popen[str]]) -> str:
    """A Redis of its own, as the supervisor runs it."""
    config = redis_server.write_config(data)
    process = on_leash(redis_server.binary(), str(config))
    while not redis_server.answers(data):
        assert process.poll() is None, "Redis ended at its start"
    return f"unix://{redis_socket(data)}"


@pytest.fixture
def redis(redis_url: str) -> Iterator["Redis[bytes]"]:
    """A client of that Redis; it waits for an answer longer than any command here lets Redis wait (5 s by itself)."""
    with Redis.from_url(redis_url, socket_timeout=60) as client:
        yield client


def descendants(pid: int) -> list[int]:
    """All processes below `pid`."""
    found = []
    for child in _children(pid):
        found += [child, *descendants(child)]
    return found


def watch(pids: list[int]) -> list[int]:
    """Handles of running processes: they stay theirs when the numbers are given to others."""
    return [os.pidfd_open(pid) for pid in pids]


def still_alive(handles: list[int]) -> int:
    """How many of the watched processes have not ended within a time that is long enough for all."""
    alive = 0
    for handle in handles:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        alive += not poller.poll(GONE_WITHIN_S * 1000)
        os.close(handle)
    return alive
