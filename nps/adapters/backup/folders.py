"""Folders of an installation: who works in them, drafts that a killed run left, and moving what they hold."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nps.adapters.backup.errors import BackupError

_LOCK = "lock"
#: The two locks of the supervisor on its data folder: its own, and the one every process below it keeps.
_SUPERVISOR_LOCKS = ("supervisor.lock", "processes.lock")


@contextmanager
def drafts(beside: Path) -> Iterator[Path]:
    """An empty folder inside `beside`, gone after the block; what killed runs left there goes first. Raises OSError."""
    for left in beside.glob(".nps-*.part"):
        with suppress(OSError), _locked(left / _LOCK):
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=".nps-", suffix=".part", dir=beside))
    try:
        with _locked(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stopped(data: Path) -> Iterator[None]:
    """Keep the system from starting on `data` during the block. Raises BackupError when it runs."""
    try:
        with _locked(data / _SUPERVISOR_LOCKS[0]) as own, _locked(data / _SUPERVISOR_LOCKS[1]):
            os.ftruncate(own, 0)  # the address of the last run
            yield
    except BlockingIOError:
        raise BackupError(
            "running", "Система работает с этими данными. Остановите её (Ctrl-C или systemctl stop nps) и повторите."
        ) from None


def move_contents(source: Path, target: Path) -> None:
    """Move what `source` holds into `target`. The folder itself stays: it may be a disk of its own."""
    if not source.is_dir():
        return
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in source.iterdir():
        shutil.move(path, target / path.name)


def move_file(source: Path, target: Path) -> None:
    """Move a file, whole or not at all, also to another disk; without the file nothing."""
    if not source.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    shutil.move(source, draft)
    draft.replace(target)


def sync(folder: Path) -> None:
    """Bring names that appeared in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)
