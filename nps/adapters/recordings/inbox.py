"""The watched folder: an exchange or a telephone program puts recordings there, and we take them away.

A file is taken when it has been quiet for ten seconds. A writer that renames a finished file into the folder may call
it anything; names that begin with a dot or end like a draft are not touched, but one: what our exchange left half done
is taken after an hour of quiet, or else a client's voice would lie there for ever. What is no sound: `refused/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

QUIET = timedelta(seconds=10)
UNFINISHED = timedelta(hours=1)
REFUSED = "refused"
#: A call's sound under the name that the dialplan of docs/telephony.md writes it by.
_OURS = re.compile(r"\.[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\.wav")
_DRAFTS = (".part", ".tmp", ".temp", ".crdownload", ".filepart")


def ready(folder: Path, now: datetime) -> Iterator[Path]:
    """Files that nobody writes any more, in any subfolder. `now` is aware UTC. Links are not followed."""
    quiet_since, left_since = (now - QUIET).timestamp(), (now - UNFINISHED).timestamp()
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != REFUSED)
        for name in sorted(names):
            path = Path(place, name)
            is_left = _OURS.fullmatch(name) is not None
            is_draft = (name.startswith(".") and not is_left) or name.lower().endswith(_DRAFTS)
            if is_draft or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_mtime <= (left_since if is_left else quiet_since):
                yield path


def release_unfinished(folder: Path, call_id: str) -> datetime | None:
    """Let the sound be taken that an exchange was writing for this call when it died; when it wrote last.

    Its name begins with a dot until the exchange renames it, which it will not do any more.
    """
    draft = folder / f".{call_id}.wav"
    try:
        written_at = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
        draft.rename(folder / f"{call_id}.wav")
    except OSError:
        return None
    return written_at


def everything(folder: Path) -> Iterator[Path]:
    """Every file of the folder: drafts and what lies aside too. Of a link the link itself, never what it leads to.

    Raises OSError for a folder that can't be read: nothing may be overlooked.
    """

    def stop(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, followlinks=False, onerror=stop):
        yield from (Path(place, name) for name in sorted(names))


def open_file(path: Path) -> IO[bytes]:
    """Open a file of the folder for reading. Raises OSError, also for a link put in its place meanwhile."""
    return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def refuse(folder: Path, path: Path) -> None:
    """Put a file aside that can't be kept: it stays for whoever set up the recorder."""
    aside = folder / REFUSED
    aside.mkdir(mode=0o700, exist_ok=True)
    target, number = aside / path.name, 1
    while target.exists():
        target, number = aside / f"{path.stem}-{number}{path.suffix}", number + 1
    path.rename(target)
