"""What a sound file is and how long it lasts, on real files of every kind, whole and cut."""

from __future__ import annotations

import io
import os
import struct
import wave
from pathlib import Path

import pytest

from nps.adapters.recordings.sound import UnknownSound, inspect, is_silent
from nps.domain.recording import browsers_play

DATA = Path(__file__).parents[1] / "data" / "audio"
KINDS = ("talk.mp3", "talk.ogg", "talk.m4a", "talk_alaw.wav", "talk_gsm.wav")


def pcm(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x01\x02" * int(8000 * seconds))
    return file.getvalue()


def ffprobe_that(folder: Path, script: str) -> str:
    program = folder / "ffprobe"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize("name", KINDS)
def test_two_seconds_are_two_seconds_in_every_coding(name: str) -> None:
    sound = inspect(DATA / name, None)

    assert sound.kind == name.rpartition(".")[2]
    assert sound.length_ms == pytest.approx(2000, abs=200)
    assert not sound.is_cut


@pytest.mark.parametrize(
    ("name", "mime"),
    [("talk_alaw.wav", "audio/wav"), ("talk_gsm.wav", "audio/vnd.wave; codec=31"), ("talk.ogg", "audio/ogg")],
)
def test_a_wav_that_browsers_do_not_play_has_a_type_of_its_own(name: str, mime: str) -> None:
    sound = inspect(DATA / name, None)

    assert sound.mime == mime
    assert browsers_play(sound.mime) == (name != "talk_gsm.wav")


@pytest.mark.parametrize("name", KINDS)
def test_a_file_without_its_end_is_cut_and_never_longer_than_what_came(name: str, tmp_path: Path) -> None:
    whole = (DATA / name).read_bytes()
    part = tmp_path / "part"
    part.write_bytes(whole[: len(whole) * 6 // 10])

    sound = inspect(part, None)

    assert sound.is_cut
    assert sound.length_ms is None or sound.length_ms < 1500


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
def test_a_header_that_was_never_finished_is_not_believed(tmp_path: Path, declared: int) -> None:
    data = bytearray(pcm(3))
    data[40:44] = declared.to_bytes(4, "little")
    file = tmp_path / "a.wav"
    file.write_bytes(data)

    assert (inspect(file, None).length_ms, inspect(file, None).is_cut) == (3000, False)


@pytest.mark.parametrize("data", [pcm(0), pcm(0)[:20], b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_header_without_sound_is_empty(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(data)

    assert inspect(file, None).length_ms == 0


def test_where_ffprobe_is_it_measures(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = ffprobe_that(tmp_path, f'echo "$@" > {seen}; echo 1.234000')

    assert inspect(DATA / "talk.mp3", program).length_ms == 1234
    assert "-f mp3" in seen.read_text() and "-protocol_whitelist file" in seen.read_text()


@pytest.mark.parametrize("script", ["exit 1", "echo N/A", "echo 999999", "echo -3", "echo 0.001"])
def test_a_length_that_cannot_be_is_none(tmp_path: Path, script: str) -> None:
    assert inspect(DATA / "talk.ogg", ffprobe_that(tmp_path, script)).length_ms is None


@pytest.mark.parametrize("data", [b"", b"<html>", b"PK\x03\x04" + bytes(50), b"\xff\xff\xff\xff" + bytes(20)])
def test_what_is_no_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(data)

    with pytest.raises(UnknownSound):
        inspect(file, None)


@pytest.mark.parametrize(
    "head", [b"RIFF\x00\x00\x00\x00WAVE", b"OggS", b"ID3\x04\x00\x00\x00\x00\x0f\x76", b"\x00\x00\x00\x20ftypM4A "]
)
def test_rubbish_behind_a_right_head_does_no_harm(tmp_path: Path, head: bytes) -> None:
    file = tmp_path / "a"
    for _ in range(50):
        file.write_bytes(head + os.urandom(400))
        inspect(file, None)


def alaw(sound: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def of_samples(samples: list[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "silent"),
    [
        (of_samples([0, 3, -60, 64]), True),
        (of_samples([0, 0, -65]), False),
        (of_samples([300]), False),
        (of_samples([]), True),
        (alaw(b"\xd5\x55\xd4" * 9), True),
        (alaw(b"\xd5\x34" * 9), False),
        (b"ID3" + bytes(100), False),
    ],
)
def test_silence_is_told_from_sound_where_anybody_can_tell(tmp_path: Path, data: bytes, silent: bool) -> None:
    path = tmp_path / "sound"
    path.write_bytes(data)
    assert is_silent(path) is silent
