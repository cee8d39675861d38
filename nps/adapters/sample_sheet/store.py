"""Where uploaded workbooks lie: `uploads/<sha256>.<kind>` under the data folder, and beside them their rows.

A workbook is read once; later steps take its rows from a file of JSON lines, which is dropped when the load is over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from nps.adapters.sample_sheet import container
from nps.adapters.sample_sheet.errors import SheetError
from nps.adapters.sample_sheet.limits import MAX_FILE_BYTES
from nps.adapters.sample_sheet.reader import SheetRow, SheetStart

_FOLDER = "uploads"
_PIECE_BYTES = 256 * 1024
#: Tables that nobody has decided about yet, and how long they wait.
_DRAFT, DRAFTS_KEPT = "draft-", timedelta(days=1)

_data: Path | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A kept workbook. `path` is relative to the data folder, which may move."""

    path: str
    sha256: str
    size: int


def connect(data_folder: Path) -> None:
    """Set the data folder of this process; the application does it once when it is made."""
    global _data
    _data = data_folder


def _root() -> Path:
    if _data is None:
        raise RuntimeError("nps.adapters.sample_sheet.store.connect() comes first: create_app() does it")
    return _data


def _folder() -> Path:
    folder = _root() / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def keep(source: IO[bytes]) -> Stored:
    """Check a workbook and keep it under its hash; the same file is the same path. Raises SheetError."""
    folder = _folder()
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    draft = Path(name)
    try:
        sha256, size = _receive(source, descriptor)
        kind = container.check(draft)
        final = folder / f"{sha256}.{kind}"
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(f"{_FOLDER}/{final.name}", sha256, size)


def _receive(source: IO[bytes], descriptor: int) -> tuple[str, int]:
    """Write what comes to the disk, and close it; its hash and size."""
    hashed = hashlib.sha256()
    size = 0
    with os.fdopen(descriptor, "wb") as file:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > MAX_FILE_BYTES:
                raise SheetError("too_large")
            hashed.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return hashed.hexdigest(), size


def keep_draft(source: IO[bytes], owner: str) -> str:
    """Keep a table until somebody has decided about it, for `DRAFTS_KEPT`; its name. Raises SheetError.

    `owner`: whose it is, a part of the name.
    """
    name = f"{owner}-{secrets.token_hex(16)}"
    path = _folder() / f"{_DRAFT}{name}.part"
    try:
        _receive(source, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        container.check(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return name


def drafts(before: datetime | None = None) -> list[Path]:
    """The tables that nobody has decided about, all of them or those that came before an instant (aware UTC)."""
    found = _folder().glob(f"{_DRAFT}*.part")
    return [path for path in found if before is None or path.stat().st_mtime < before.timestamp()]


def draft(name: str, owner: str) -> Path:
    """The table that `keep_draft` kept for this owner. Raises SheetError for one that is gone, or another's."""
    path = _folder() / f"{_DRAFT}{name}.part"
    if not re.fullmatch(rf"{re.escape(owner)}-[0-9a-f]{{32}}", name) or not path.is_file():
        raise SheetError("lost")
    return path


def workbook(path: str) -> Path:
    """The kept file that `Stored.path` names."""
    return _root() / path


def is_text(path: str) -> bool:
    """Whether the kept file that `Stored.path` names is a text with separated values."""
    return path.endswith(".csv")


def drop_workbook(path: str) -> None:
    """Remove a kept file; one that is gone already is no error."""
    workbook(path).unlink(missing_ok=True)


def _rows_file(import_id: int) -> Path:
    return _folder() / f"{import_id}.rows"


def _lock_file(import_id: int) -> Path:
    return _folder() / f"{import_id}.lock"


@contextmanager
def working_on(import_id: int) -> Iterator[bool]:
    """Be the one process that works on a load; False when another one is. However it dies, the kernel ends this."""
    path = _lock_file(import_id)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_ours = _is_locked(descriptor, path)
        yield is_ours
        if is_ours:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it before us may have taken the file away after we opened it.
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def is_worked_on(import_id: int) -> bool:
    """Whether a living process works on the load."""
    with suppress(FileNotFoundError), _lock_file(import_id).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def keep_rows(import_id: int, events: Iterable[SheetStart | SheetRow]) -> Iterator[SheetStart | SheetRow]:
    """Give the events on and write them down; the file appears only when all of them have come."""
    final = _rows_file(import_id)
    # Of its own: a worker that was overtaken may still be writing.
    draft = final.with_suffix(f".rows.{secrets.token_hex(8)}.part")
    try:
        with draft.open("wb") as file:
            for event in events:
                file.write(orjson.dumps(_line(event), option=orjson.OPT_APPEND_NEWLINE))
                yield event
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)


def _line(event: SheetStart | SheetRow) -> Any:
    if isinstance(event, SheetStart):
        return event.name
    return [event.number, event.cells, 1] if event.unseen else [event.number, event.cells]


def kept_rows(import_id: int, sheet: int) -> Iterator[tuple[int, list[str]]]:
    """Rows of the sheet (from 0, hidden ones count too) as `keep_rows` wrote them. Raises SheetError without them."""
    return ((number, cells) for number, cells, *_ in _kept(import_id, sheet))


def unseen_rows(import_id: int, sheet: int) -> frozenset[int]:
    """Those of them that whoever opens the workbook does not see. Raises SheetError without them."""
    return frozenset(number for number, _, *is_unseen in _kept(import_id, sheet) if is_unseen)


def _kept(import_id: int, sheet: int) -> Iterator[list[Any]]:
    try:
        file = _rows_file(import_id).open("rb")
    except FileNotFoundError:
        raise SheetError("lost") from None
    with file:
        at = -1
        for line in file:
            if line.startswith(b'"'):
                at += 1
                if at > sheet:
                    return
            elif at == sheet:
                yield orjson.loads(line)


def drop_rows(import_id: int) -> None:
    """Remove the rows of a load that is over."""
    _rows_file(import_id).unlink(missing_ok=True)
