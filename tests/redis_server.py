"""A Redis of its own for a test, as the supervisor runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nps.config import PROJECT_ROOT, redis_socket
from nps.supervisor import redis_server

#: Whatever runs under it ends with the process that holds the pipe.
LEASH = (sys.executable, "-I", "-S", str(PROJECT_ROOT / "nps/supervisor/leash.py"))


@contextmanager
def running(data: Path) -> Iterator[str]:
    """The address of a server that keeps its data under `data`, a folder that exists."""
    command = (*LEASH, redis_server.binary(), str(redis_server.write_config(data)))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while not redis_server.answers(data):
            if process.poll() is not None:
                raise RuntimeError("Redis ended at its start")
        yield f"unix://{redis_socket(data)}"
        assert process.stdin is not None
        process.stdin.close()
