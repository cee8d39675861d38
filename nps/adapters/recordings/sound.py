"""What a sound file is and how long it lasts: by its contents, never by its name.

Libraries believe a header: one written before the end of a call says 0 or 74 hours, and a file cut in half says its
whole length (`ffprobe` too). So a WAV is measured by its bytes, and every kind is checked for its own end.
"""

from __future__ import annotations

import subprocess
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tinytag import TinyTag, TinyTagException

from nps.domain.recording import FOREIGN_WAVE

_MIMES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4"}
#: Codings of a WAV that every browser plays: PCM, float, A-law, µ-law, and PCM under the extensible header.
_PLAYED_WAVES = (1, 3, 6, 7, 0xFFFE)
#: Names of the demuxers: a file may not choose one by itself.
_DEMUXERS = {"mp3": "mp3", "ogg": "ogg", "m4a": "mov"}
#: Brands of an MPEG-4 file that holds sound; a film has others.
_MPEG4_BRANDS = (b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"dash")
#: A header that says one of these was never finished.
_UNFINISHED = (0, 0xFFFFFFFF)
#: Of 32,768; in A-law the four steps around nothing (ITU-T G.711).
_QUIET, _PCM, _ALAW = 64, 1, 6
_QUIET_ALAW = bytes((0xD5, 0x55, 0xD4, 0x54, 0xD7, 0x57, 0xD6, 0x56))
_LONGEST_MS = 6 * 60 * 60 * 1000
#: Bytes a second of any coding of speech or music.
_RATES = (100, 400_000)
_PROBE_TIMEOUT_S = 20
_OGG_PAGE_LIMIT = 65_307
_OGG_LAST_PAGE = 4


class UnknownSound(Exception):
    """These bytes are no sound that a recording may have."""


@dataclass(frozen=True, slots=True)
class Sound:
    """`length_ms` is None when nobody can tell, 0 when there is no sound; `is_cut`: the end of the file is missing.

    `coding`: a WAV's number of its coding; 49 is GSM (RFC 2361).
    """

    kind: str
    length_ms: int | None
    is_cut: bool
    coding: int = _PLAYED_WAVES[0]

    @property
    def mime(self) -> str:
        """A type of its own for a WAV whose coding browsers do not know: see nps.domain.recording.browsers_play."""
        return _MIMES[self.kind] if self.coding in _PLAYED_WAVES else f"{FOREIGN_WAVE}; codec={self.coding:x}"


def inspect(path: Path, ffprobe: str | None) -> Sound:
    """Look at a file. `ffprobe` is the program's path where there is one. Raises UnknownSound, OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = _kind(file.read(12))
        if kind == "wav":
            return _wav(file, size)
        missing = {"mp3": _missing_of_mp3, "ogg": _missing_of_ogg, "m4a": _missing_of_m4a}[kind](file, size)
    length_ms = _sane(_probe(path, kind, ffprobe) if ffprobe else _read_tags(path), size)
    if length_ms is not None and kind == "mp3":
        # The header gives the length of the whole; the other kinds are measured to where they end.
        length_ms = round(length_ms * (1 - missing))
    return Sound(kind, length_ms, missing > 0)


def is_silent(path: Path) -> bool:
    """Whether a WAV of 16-bit PCM or A-law is no louder than the noise of a line; False when nobody can tell."""
    with path.open("rb") as file:
        head = file.read(4096)
        at = head.find(b"data")
        coding = int.from_bytes(head[20:22], "little")
        if head[:4] != b"RIFF" or head[12:16] != b"fmt " or at < 0 or coding not in (_PCM, _ALAW):
            return False
        file.seek(at + 8)
        sound = file.read()
    if coding == _ALAW:
        return not sound.translate(None, _QUIET_ALAW)
    samples = array("h", sound[: len(sound) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return not samples or max(max(samples), -min(samples)) <= _QUIET


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] == b"ftyp" and head[8:12] in _MPEG4_BRANDS:
        return "m4a"
    if head[:3] == b"ID3" or _is_mpeg_frame(head):
        return "mp3"
    raise UnknownSound


def _is_mpeg_frame(head: bytes) -> bool:
    """Eleven set bits, then a version, a layer, a bit rate and a sampling rate that exist (ISO/IEC 11172-3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bit_rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and bit_rate not in (0, 15) and sampling != 3


def _wav(file: IO[bytes], size: int) -> Sound:
    """Bytes of sound by the header's bytes a second: holds for PCM, A-law, µ-law and GSM alike."""
    bytes_a_second, coding, at = 0, _PLAYED_WAVES[0], 12
    while at + 8 <= size:
        file.seek(at)
        name, declared = file.read(4), int.from_bytes(file.read(4), "little")
        if name == b"fmt ":
            form = file.read(16)
            coding, bytes_a_second = int.from_bytes(form[:2], "little"), int.from_bytes(form[8:12], "little")
        if name == b"data":
            there = size - at - 8
            held = there if declared in _UNFINISHED else min(declared, there)
            length_ms = held * 1000 // bytes_a_second if bytes_a_second else None
            is_cut = declared not in _UNFINISHED and there < declared
            return Sound("wav", 0 if held == 0 else _sane(length_ms, size), is_cut, coding)
        at += 8 + declared + declared % 2
    return Sound("wav", 0, is_cut=size > 12)


def _missing_of_mp3(file: IO[bytes], size: int) -> float:
    """The share of the bytes that the first frame promises and that never came (Xing and Info headers)."""
    file.seek(0)
    head = file.read(10)
    begin = 0
    if head[:3] == b"ID3" and len(head) == 10:
        begin = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(begin)
    frame = file.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    flags = int.from_bytes(frame[at + 4 : at + 8], "big") if at >= 0 else 0
    if not flags & 2:
        return 0
    at += 12 if flags & 1 else 8
    promised = int.from_bytes(frame[at : at + 4], "big")
    # The count leaves out or takes in the first frame, by writer.
    return 1 - (size - begin) / promised if size - begin < promised * 98 // 100 else 0


def _missing_of_ogg(file: IO[bytes], size: int) -> bool:
    """Whether the last page is not marked as the last (RFC 3533)."""
    file.seek(max(0, size - _OGG_PAGE_LIMIT))
    tail = file.read()
    at = tail.rfind(b"OggS")
    return at < 0 or at + 5 >= len(tail) or not tail[at + 5] & _OGG_LAST_PAGE


def _missing_of_m4a(file: IO[bytes], size: int) -> bool:
    """Whether a box runs over the end, or the table of contents never came (ISO/IEC 14496-12)."""
    at, names = 0, set()
    while at + 8 <= size:
        file.seek(at)
        length, name = int.from_bytes(file.read(4), "big"), file.read(4)
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        names.add(name)
        if length == 0:
            break
        if length < 8 or at + length > size:
            return True
        at += length
    return b"moov" not in names


def _probe(path: Path, kind: str, ffprobe: str) -> int | None:
    command = (ffprobe, "-v", "error", "-f", _DEMUXERS[kind], "-protocol_whitelist", "file",
               "-show_entries", "format=duration", "-of", "csv=p=0", f"file:{path}")  # fmt: skip
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=True)
        return round(float(answer.stdout) * 1000)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _read_tags(path: Path) -> int | None:
    try:
        seconds = TinyTag.get(path).duration
    except (TinyTagException, OSError, ValueError, ArithmeticError, LookupError):
        return None
    return None if seconds is None else round(seconds * 1000)


def _sane(length_ms: int | None, size: int) -> int | None:
    """A length that such a file can have, else None."""
    if length_ms is None or not 0 < length_ms <= _LONGEST_MS:
        return None
    return length_ms if _RATES[0] <= size * 1000 / length_ms <= _RATES[1] else None
