"""Where sound files come through and lie; set once by the application."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nps.adapters.recordings import S3Store
from nps.domain.local_time import Zone


@dataclass(frozen=True, slots=True)
class Places:
    """`folder`: the store on this machine, and of drafts. `inbox`: the watched folder. `zone`: of times in names.

    `remote`: the storage that files move on to, where there is one. `ffprobe`: the program's path, where there is one.
    """

    folder: Path
    inbox: Path
    zone: Zone
    ffprobe: str | None = None
    remote: S3Store | None = None


_places: Places | None = None


def connect(places: Places) -> None:
    """Set the places of this process; the application does it once when it is made."""
    global _places
    if _places is not None and _places.remote is not None:
        _places.remote.close()
    _places = places


def places() -> Places:
    """Those of this process."""
    if _places is None:
        raise RuntimeError("nps.services.recordings.connect() comes first: create_app() does it")
    return _places
