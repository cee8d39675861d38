"""Which files hold what an act destroys. All of them lie under the data folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

#: A letter says in its head whose it is.
_HEAD_BYTES = 64 * 1024
#: What a request or a worker that was killed has left behind is older than that; a younger draft is being written.
_ABANDONED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Folders:
    """The data folder, and in it those of sound files and of letters that were caught."""

    data: Path
    recordings: Path
    letters: Path

    def inside(self, paths: Collection[Path]) -> list[str]:
        """The paths from the data folder on, so that the folder may move."""
        return sorted({str(path.relative_to(self.data)) for path in paths})


_folders: Folders | None = None


def connect(folders: Folders) -> None:
    """Set the folders of this process; the application does it once when it is made."""
    global _folders
    _folders = folders


def folders() -> Folders:
    """Those of this process."""
    if _folders is None:
        raise RuntimeError("nps.services.personal_data.connect() comes first: create_app() does it")
    return _folders


def letters_of(folder: Path, message_ids: Collection[str], campaign_id: int | None) -> Iterator[Path]:
    """Caught letters with one of these Message-IDs, and all of a campaign when one is given."""
    marks = {f"<{message_id}>".encode() for message_id in message_ids}
    of_campaign = None if campaign_id is None else f"\r\nX-NPS-Campaign: {campaign_id}\r\n".encode()
    for path in folder.glob("*.eml"):
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")[0] + b"\r\n"
        if (of_campaign is not None and of_campaign in head) or any(mark in head for mark in marks):
            yield path


def whole_copies(data: Path) -> Iterator[Path]:
    """Copies of the database made before a migration, and workbooks of reports that nobody has taken."""
    for folder in ("backups", "exports"):
        yield from (path for path in (data / folder).glob("*") if path.is_file())


def abandoned(folders: Folders, now: datetime) -> Iterator[Path]:
    """Drafts of uploads that nobody works on any more. `now` is aware UTC."""
    drafts = [*(folders.recordings / "incoming").glob("*"), *(folders.data / "uploads").glob("*.part")]
    drafts += folders.letters.glob(".*.eml*")
    for path in drafts:
        if path.is_file() and path.stat().st_mtime < (now - _ABANDONED).timestamp():
            yield path
