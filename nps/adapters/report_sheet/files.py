"""A file beside its place that is renamed when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write to; at the end it stands at `path`, after an exception nothing of it is left.

    Only its owner may read it. Raises OSError when the folder can't be written.
    """
    draft = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.part")
    try:
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
