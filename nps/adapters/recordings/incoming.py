"""A sound file on its way into the store: copied, hashed and looked at before anybody decides what to do with it."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nps.adapters.recordings.sound import Sound, UnknownSound, inspect
from nps.domain.errors import DomainError

SIZE_LIMIT = 50 * 1024 * 1024
_BLOCK = 256 * 1024


class AudioError(DomainError):
    """The file can't be kept as a recording."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A checked file that waits beside the store for `keep` or `discard`."""

    draft: Path
    sha256: str
    size: int
    sound: Sound

    @property
    def mime(self) -> str:
        return self.sound.mime

    @property
    def path(self) -> str:
        """Where the file will lie, from the store's folder: named by its contents, so without personal data (R20)."""
        return f"{self.sha256[:2]}/{self.sha256}.{self.sound.kind}"

    @property
    def is_empty(self) -> bool:
        """A header without sound: exchanges leave it for a call that nobody answered."""
        return self.sound.length_ms == 0


def receive(folder: Path, stream: IO[bytes], *, ffprobe: str | None = None, limit: int = SIZE_LIMIT) -> Incoming:
    """Copy a sound file beside the store in `folder` and see what it is. An empty one is a sound file too.

    Raises AudioError with a sentence for the person who sent it; nothing is left behind then.
    """
    drafts = folder / "incoming"
    drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = drafts / secrets.token_hex(16)
    try:
        sha256, size = _copy(stream, draft, limit)
        try:
            sound = inspect(draft, ffprobe)
        except UnknownSound:
            what = "Это не запись разговора. Подойдут файлы WAV, MP3, OGG и M4A."
            raise AudioError("unknown_type", what) from None
        return Incoming(draft, sha256, size, sound)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def keep(folder: Path, incoming: Incoming) -> None:
    """Move the file to its place; the same content may lie there already."""
    place = folder / incoming.path
    place.parent.mkdir(mode=0o700, exist_ok=True)
    incoming.draft.replace(place)


def discard(incoming: Incoming) -> None:
    """Forget a file that was not kept."""
    incoming.draft.unlink(missing_ok=True)


def _copy(stream: IO[bytes], draft: Path, limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > limit:
                megabytes = limit // 1024 // 1024
                raise AudioError("too_large", f"Файл больше {megabytes} МБ. Сожмите запись, например в MP3 или OGG.")
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size
