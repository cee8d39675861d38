"""One supervisor on a data folder, and none before the processes of the last one are gone."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

LEFTOVERS_S = 15.0


class AlreadyRunning(Exception):
    """Another supervisor works on this folder. `address` is where it serves, '' while it is still starting."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class DataLock:
    """Two locks: ours alone, and one that every process below inherits and so keeps until it is gone."""

    def __init__(self, own: Path, shared: Path) -> None:
        self._own = os.open(own, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = os.read(self._own, 1000).decode("utf-8", "replace").strip()
            os.close(self._own)
            raise AlreadyRunning(address) from None
        os.ftruncate(self._own, 0)
        self.shared = os.open(shared, os.O_RDWR | os.O_CREAT, 0o600)
        _wait_for(self.shared)

    def publish(self, address: str) -> None:
        """Write down where we serve, for whoever starts a second time."""
        os.pwrite(self._own, f"{address}\n".encode(), 0)


def _wait_for(lock: int) -> None:
    """Wait for what a killed supervisor left behind; its leashes need some milliseconds to end it."""
    deadline = time.monotonic() + LEFTOVERS_S
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.05)
    raise AlreadyRunning("")
