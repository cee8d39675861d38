"""The store of recordings: files named by what they hold, so that no name carries personal data (R12, R20)."""

from __future__ import annotations

import hashlib
import os
import secrets
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nps.domain.errors import DomainError

SIZE_LIMIT = 50 * 1024 * 1024
_BLOCK = 256 * 1024
_MIMES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4"}
#: Brands of an MPEG-4 file that holds sound; a film has others.
_MPEG4_BRANDS = (b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"dash")
#: The header of a PCM file. An exchange leaves a file of nothing else for a call that nobody answered.
_WAV_HEADER = 44


class AudioError(DomainError):
    """The file can't be kept as a recording."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A checked file that waits beside the store for `keep` or `discard`. duration_ms: None when it is not known."""

    draft: Path
    sha256: str
    kind: str
    size: int
    duration_ms: int | None

    @property
    def mime(self) -> str:
        return _MIMES[self.kind]

    @property
    def path(self) -> str:
        """Where the file will lie, from the store's folder."""
        return f"{self.sha256[:2]}/{self.sha256}.{self.kind}"


def receive(folder: Path, stream: IO[bytes], limit: int = SIZE_LIMIT) -> Incoming:
    """Copy a sound file beside the store and see what it is, by its contents and never by its name.

    Raises AudioError with a sentence for the person who sent it; nothing is left behind then.
    """
    drafts = folder / "incoming"
    drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = drafts / secrets.token_hex(16)
    try:
        sha256, size = _copy(stream, draft, limit)
        kind = _kind(draft)
        duration_ms = _wav_duration_ms(draft, size) if kind == "wav" else None
        if not size or duration_ms == 0:
            raise AudioError("empty", "В файле нет звука. Выберите запись разговора.")
        return Incoming(draft, sha256, kind, size, duration_ms)
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


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] == b"ftyp" and head[8:12] in _MPEG4_BRANDS:
        return "m4a"
    if head[:3] == b"ID3" or _is_mpeg_frame(head):
        return "mp3"
    raise AudioError("unknown_type", "Это не запись разговора. Подойдут файлы WAV, MP3, OGG и M4A.")


def _is_mpeg_frame(head: bytes) -> bool:
    """Eleven set bits, then a version, a layer, a bit rate and a sampling rate that exist (ISO/IEC 11172-3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bit_rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and bit_rate not in (0, 15) and sampling != 3


def _wav_duration_ms(path: Path, size: int) -> int | None:
    """The length of a PCM file; None for other codings.

    A header written before the end of the call says 0 or far too much: then the size of the file decides.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            frames, rate, width = sound.getnframes(), sound.getframerate(), sound.getnchannels() * sound.getsampwidth()
    except (wave.Error, EOFError):
        return 0 if size <= _WAV_HEADER else None
    possible = max(0, size - _WAV_HEADER) // width
    if not rate:
        return None
    return (frames if 0 < frames <= possible else possible) * 1000 // rate
