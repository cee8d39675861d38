"""Names of files as recorders write them, and the rule that brings a recording to its call or to a person (R12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.domain.recording import (
    FOREIGN_WAVE,
    PROBLEMS,
    Candidate,
    Hints,
    Match,
    browsers_play,
    is_suspicious_copy,
    match,
    read_name,
)

ID = UUID("5f0c2d9e-6a34-4f52-9d43-0a1c5b7e8f10")
OTHER = UUID("11111111-2222-4333-8444-555555555555")
PHONE = "+79170003794"
AT = datetime(2026, 11, 18, 11, 12, 5, tzinfo=UTC)
ZONE = "Europe/Samara"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"{ID}.wav", Hints(ID)),
        (f"{ID.hex}.mp3", Hints(ID)),
        (f"out_{ID}_89170003794.wav", Hints(ID, (PHONE,))),
        ("out-89170003794-101-20261118-151205-1795000325.42.wav",
         Hints(None, (PHONE,), datetime.fromtimestamp(1795000325, UTC))),
        ("20261118-151205_79170003794.wav", Hints(None, (PHONE,), AT)),
        ("2026-11-18_15-12-05 +7 917.mp3", Hints(None, (), AT)),
        ("+79170003794 2026.11.18 15.12.05.ogg", Hints(None, (PHONE,), AT)),
        ("79170003794_20261118T151205.m4a", Hints(None, (PHONE,), AT)),
        ("20261399-256199_запись.wav", Hints()),
        ("запись.wav", Hints()),
        ("", Hints()),
    ],
)  # fmt: skip
def test_a_name_says_what_recorders_write_into_it(name: str, found: Hints) -> None:
    assert read_name(name, ZONE) == found


@given(st.text(max_size=80))
def test_any_name_can_be_read(name: str) -> None:
    read_name(name, ZONE)


def call(attempt_id: UUID = ID, seconds: float = 0, ring: int = 9, talk: int = 54, recorded: bool = False) -> Candidate:
    return Candidate(attempt_id, PHONE, AT + timedelta(seconds=seconds), ring * 1000, talk * 1000, 8000, recorded)


HINTS = Hints(None, (PHONE,), AT)


@pytest.mark.parametrize(
    ("length_s", "calls", "found"),
    [
        (54, [call()], Match(ID)),
        (63, [call()], Match(ID)),
        (71, [call()], Match(ID)),
        (75, [call()], Match(ID, "length")),
        (58, [call()], Match(ID, "length")),
        (None, [call()], Match(ID, "length")),
        (63, [call(recorded=True)], Match(ID, "second")),
        (63, [call(), call(OTHER, -20, ring=24, talk=0)], Match(ID)),
        (63, [call(), call(OTHER, -20)], Match(ID, "several")),
        (10, [call(OTHER, -20), call(seconds=30)], Match(OTHER, "several")),
        (63, [call(seconds=31)], Match(None, "no_call")),
        (63, [call(seconds=30)], Match(ID)),
        (63, [call(seconds=-90)], Match(ID)),
        (63, [call(seconds=-91)], Match(None, "no_call")),
        (63, [], Match(None, "no_call")),
    ],
)
def test_one_call_must_be_left_or_a_person_decides(length_s: int | None, calls: list[Candidate], found: Match) -> None:
    assert match(HINTS, None if length_s is None else length_s * 1000, calls) == found
    assert found.problem in (*PROBLEMS, "")


def test_without_a_number_or_a_time_nothing_is_guessed() -> None:
    assert match(Hints(None, (), AT), 63_000, [call()]) == Match(None, "no_call")
    assert match(Hints(None, (PHONE,)), 63_000, [call()]) == Match(None, "no_call")


def test_a_wave_of_telephony_is_only_downloaded() -> None:
    assert browsers_play("audio/mpeg") and not browsers_play(FOREIGN_WAVE)


def test_digits_that_are_no_number_of_ours_are_left_out_of_the_name() -> None:
    assert read_name("0000000000_89170003794_+7 701 000 11 22.wav", ZONE) == Hints(None, (PHONE,))


def test_a_time_that_no_clock_shows_is_no_hint() -> None:
    assert read_name("20261318-151205_79170003794.wav", ZONE) == Hints(None, (PHONE,))


@pytest.mark.parametrize(
    ("length_ms", "is_silent", "was_answered", "suspicious"),
    [
        (20_000, False, True, True),
        (None, False, True, True),
        (5_000, False, True, False),
        (20_000, True, True, False),
        (20_000, False, False, False),
    ],
)
def test_equal_bytes_are_suspicious_when_somebody_spoke(
    length_ms: int | None, is_silent: bool, was_answered: bool, suspicious: bool
) -> None:
    assert is_suspicious_copy(length_ms, is_silent=is_silent, was_answered=was_answered) is suspicious
