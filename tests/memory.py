"""The file system in memory that tests work on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def in_memory() -> str | None:
    """A file system in memory with room for the databases of a run: a database is some 700 files, 20 times as quick
    to make there as on a disk."""
    shared = Path("/dev/shm")
    return str(shared) if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2 * 2**30 else None
