"""A clock that a test sets: simulated days for the server, without touching the time of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from unittest.mock import patch

#: Every module of a running system that asks what time it is: the web's clock, and the jobs of the workers.
READERS = ("nps.web.clock", "nps.jobs.letters", "nps.jobs.reminders", "nps.jobs.sample", "nps.jobs.exports")


class Clock:
    """Stands where those modules read `datetime`: `now(zone)` is an instant that was set, and runs on from there."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        """It is `at` now."""
        self._set = (at, time.monotonic())

    def forward(self, seconds: float) -> None:
        """So many seconds pass."""
        self.set(self.at + timedelta(seconds=seconds))

    @property
    def at(self) -> datetime:
        """The simulated instant."""
        at, since = self._set
        return at + timedelta(seconds=time.monotonic() - since)

    def now(self, zone: tzinfo) -> datetime:
        """As `datetime.now`."""
        return self.at.astimezone(zone)


@contextmanager
def ticking(at: datetime) -> Iterator[Clock]:
    """The system lives by this clock inside the block."""
    clock = Clock(at)
    with ExitStack() as stack:
        for module in READERS:
            stack.enter_context(patch(f"{module}.datetime", clock))
        yield clock
