"""The file of a copy: a gzipped tar whose last member, `manifest.json`, has the hash of every other.

Whoever reads it believes nothing before the manifest has been compared: members are plain files with names from a
closed list, written by our own code and never by `tarfile`, so that none can lead out of the folder.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from nps.adapters.backup.errors import bad_archive

MANIFEST = "manifest.json"
FORMAT = 1
#: Compressed sound hardly shrinks; stronger levels cost three times the seconds for a tenth of a database.
_LEVEL = 3
_BLOCK = 1024 * 1024
_NAME = re.compile(
    r"manifest\.json|secret_key|settings\.env|database\.(?:sqlite3|dump)"
    r"|(?:recordings|uploads|mail)(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){1,2}"
)


class _Hashed:
    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._digest.update(block)
        return block

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Writer:
    """Members go in one by one; `finish` adds the manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._hashes: dict[str, str] = {}

    def add(self, name: str, file: IO[bytes], size: int, changed_at: float = 0) -> None:
        """Write `size` bytes of `file`; `changed_at` in seconds since 1970."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = size, int(changed_at), 0o600
        hashed = _Hashed(file)
        self._tar.addfile(entry, hashed)
        self._hashes[name] = hashed.sha256

    def add_path(self, name: str, path: Path) -> bool:
        """Write a file; False when it is gone."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            found = os.fstat(file.fileno())
            self.add(name, file, found.st_size, found.st_mtime)
        return True

    def add_text(self, name: str, text: str) -> None:
        content = text.encode()
        self.add(name, io.BytesIO(content), len(content))

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Write and return the manifest: the facts and the hashes."""
        manifest = {"format": FORMAT, **facts, "sha256": dict(self._hashes)}
        self.add_text(MANIFEST, json.dumps(manifest, ensure_ascii=False))
        return manifest


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new archive at `path`, for its owner only; on the disk when the block has ended. Raises OSError."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL) as tar:
            yield Writer(tar)
        file.flush()
        os.fsync(file.fileno())


def unpack(source: Path, into: Path, wanted: Callable[[str], bool]) -> dict[str, Any]:
    """Read an archive to its end, compare every member with the manifest, write the wanted ones; the manifest.

    `into` is an empty folder. Raises BackupError for a file that is cut, changed or not ours; OSError of the disk.
    """
    try:
        with gzip.open(source) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            hashes, manifest = _unpack(tar, into, wanted)
            # What follows the last member is zeros and the length: a file that was cut ends without them.
            while stream.read(_BLOCK):
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise bad_archive("файл обрезан или изменён") from error
    if not manifest:
        raise bad_archive("нет описи")
    if hashes != manifest["sha256"]:
        raise bad_archive("содержимое не сходится с описью")
    return manifest


def _unpack(tar: tarfile.TarFile, into: Path, wanted: Callable[[str], bool]) -> tuple[dict[str, str], dict[str, Any]]:
    hashes: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    for entry in tar:
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is None or manifest or entry.name in hashes or not _NAME.fullmatch(entry.name):
            raise bad_archive(f"недопустимая часть «{entry.name[:100]}»")
        if entry.name == MANIFEST:
            manifest = _manifest(content.read())
            continue
        hashed = _Hashed(content)
        if wanted(entry.name):
            _write(hashed, into / entry.name, entry.mtime)
        while hashed.read(_BLOCK):
            pass
        hashes[entry.name] = hashed.sha256
    return hashes, manifest


def _manifest(content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
        known = isinstance(manifest, dict) and isinstance(manifest["sha256"], dict)
    except (ValueError, KeyError):
        known = False
    if not known:
        raise bad_archive("опись не читается")
    if manifest.get("format") != FORMAT:
        raise bad_archive("она другого вида, сделана другой версией программы")
    return dict(manifest)


def _write(content: _Hashed, target: Path, changed_at: float) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := content.read(_BLOCK):
            file.write(block)
    os.utime(target, (changed_at, changed_at))
