"""One watched process: started on a leash, ended by a signal and, past its time, by letting the leash go."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from nps.config import PROJECT_ROOT

LEASH = Path(__file__).with_name("leash.py")
PYTHON = (sys.executable, "-X", "utf8")
# Waits before a new start: 1, 2, 4 … 30 s; one that lived a minute starts from the beginning.
FIRST_DELAY_S, LONGEST_DELAY_S, LIVED_LONG_S = 1.0, 30.0, 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `title` is its Russian name in the log, `stop_s` how long it may take to end by itself."""

    title: str
    command: Sequence[str]
    environ: Mapping[str, str]
    stop_s: float = 10.0
    descriptors: tuple[int, ...] = ()


@dataclass(slots=True)
class Process:
    """A program and its present run. Times are `time.monotonic()`."""

    program: Program
    delay_s: float = FIRST_DELAY_S
    start_at: float | None = None
    _started_at: float = 0.0
    _leash: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, output: IO[bytes] | None = None) -> None:
        """Start it; what it prints goes to `output` or to our own terminal."""
        self.start_at = None
        self._started_at = time.monotonic()
        # Isolated from Python's settings and, in a session of its own, from the terminal's Ctrl-C: the order of
        # stopping is ours.
        self._leash = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), *self.program.command],
            stdin=subprocess.PIPE,
            stdout=output,
            cwd=PROJECT_ROOT,
            env=dict(self.program.environ),
            pass_fds=self.program.descriptors,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        """True from the start until the end has been noticed by `ended`."""
        return self._leash is not None

    def ended(self) -> int | None:
        """Its exit code when it has ended since the last question, else None."""
        if self._leash is None or (code := self._leash.poll()) is None:
            return None
        self._close()
        return code

    def plan_restart(self) -> float:
        """Say when it starts again: the delay in seconds, which doubles while it keeps dying soon."""
        now = time.monotonic()
        delay = FIRST_DELAY_S if now - self._started_at >= LIVED_LONG_S else self.delay_s
        self.delay_s = min(delay * 2, LONGEST_DELAY_S)
        self.start_at = now + delay
        return delay

    def ask_to_stop(self) -> None:
        """Ask it to end in its own way; no new start after that."""
        self.start_at = None
        if self._leash is not None:
            with contextlib.suppress(ProcessLookupError):
                self._leash.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started now, and wait for that."""
        self.start_at = None
        if self._leash is not None and self._leash.stdin is not None:
            self._leash.stdin.close()
            self._leash.wait()
            self._close()

    def _close(self) -> None:
        if self._leash is not None and self._leash.stdin is not None:
            self._leash.stdin.close()
        self._leash = None
