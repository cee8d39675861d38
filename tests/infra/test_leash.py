"""The leash: nothing below it outlives the pipe, the program or the leash itself."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.infra.conftest import descendants, still_alive, watch

Start = Callable[..., subprocess.Popen[str]]
# A program whose children leave its session and its process group, and whose grandchild has lost its parent.
FAMILY = "setsid sleep 1000 & (setsid sleep 1000 & exec setsid sleep 1000) & echo started; exec sleep 1000"


def grown_family(on_leash: Start) -> tuple[subprocess.Popen[str], list[int]]:
    leash = on_leash("bash", "-c", FAMILY)
    assert leash.stdout is not None
    assert leash.stdout.readline() == "started\n"
    while len(pids := descendants(leash.pid)) < 4:
        assert leash.poll() is None
    return leash, watch(pids)


def test_a_closed_pipe_ends_every_descendant(on_leash: Start) -> None:
    leash, handles = grown_family(on_leash)
    assert leash.stdin is not None
    leash.stdin.close()
    assert still_alive(handles) == 0
    assert leash.wait() == 128 + signal.SIGKILL


def test_a_program_that_ends_takes_its_descendants_along(on_leash: Start) -> None:
    leash, handles = grown_family(on_leash)
    leash.terminate()
    assert still_alive(handles) == 0
    assert leash.wait() == 128 + signal.SIGTERM


def test_a_killed_leash_takes_the_program_along(on_leash: Start) -> None:
    leash = on_leash("bash", "-c", "echo started; exec sleep 1000")
    assert leash.stdout is not None
    assert leash.stdout.readline() == "started\n"
    handles = watch(descendants(leash.pid))
    os.kill(leash.pid, signal.SIGKILL)
    assert still_alive(handles) == 0


@pytest.mark.parametrize(("command", "code"), [(("bash", "-c", "exit 7"), 7), (("no-such-program",), 127)])
def test_the_exit_code_is_handed_on(on_leash: Start, command: tuple[str, ...], code: int) -> None:
    assert on_leash(*command, stderr=subprocess.DEVNULL).wait() == code
