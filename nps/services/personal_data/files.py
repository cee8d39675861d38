"""Which files hold what an act destroys. All of them lie under the data folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nps.adapters.sample_sheet import store

#: A letter says in its head whose it is.
_HEAD_BYTES = 64 * 1024
_IDS, _CAMPAIGN = re.compile(rb"<([^<>\s]+)>"), re.compile(rb"\r\nX-NPS-Campaign: (\d+)\r\n")
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


@dataclass(frozen=True, slots=True)
class Caught:
    """A letter that was kept in the folder: the Message-IDs in its head, and its campaign's line there."""

    path: Path
    message_ids: frozenset[bytes]
    campaign: bytes | None


def caught_letters(folder: Path) -> list[Caught]:
    """All of them, each opened: before the transaction, as it takes long. One that is gone by then is left out."""
    found = []
    for path in folder.glob("*.eml"):
        with suppress(FileNotFoundError), path.open("rb") as file:
            head = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")[0] + b"\r\n"
            campaign = _CAMPAIGN.search(head)
            found.append(Caught(path, frozenset(_IDS.findall(head)), campaign.group(1) if campaign else None))
    return found


def letters_of(
    caught: Collection[Caught], message_ids: Collection[str], campaign_ids: Collection[int]
) -> Iterator[Path]:
    """Those with one of these Message-IDs, and all of the campaigns."""
    ids = {message_id.encode() for message_id in message_ids}
    campaigns = {str(campaign_id).encode() for campaign_id in campaign_ids}
    yield from (one.path for one in caught if one.campaign in campaigns or one.message_ids & ids)


def whole_copies(data: Path) -> Iterator[Path]:
    """Copies of the data, files and folders, and workbooks of reports that nobody has taken.

    A copy that is being made is a draft: it looks for acts before it takes its name.
    """
    for folder in ("backups", "exports"):
        yield from (data / folder).glob("[!.]*")


def destroy(path: Path) -> None:
    """Delete a file, or a folder with all it holds; nothing when it is gone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def abandoned(folders: Folders, now: datetime) -> Iterator[Path]:
    """Drafts of uploads that nobody works on any more, and all that wait for a decision. `now` is aware UTC."""
    yield from store.drafts()
    drafts = [*(folders.recordings / "incoming").glob("*"), *(folders.data / "uploads").glob("*.part")]
    drafts += folders.letters.glob(".*.eml*")
    for path in drafts:
        if path.is_file() and path.stat().st_mtime < (now - _ABANDONED).timestamp():
            yield path
