"""Which results the desk offers, in which panel, and what of a call contradicts them (R13, §4)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from nps.domain.desk import (
    CHOICES,
    LEFT_ALONE,
    LONG_TALK,
    OF_PANEL,
    Heard,
    Line,
    contradiction,
    contradiction_words,
    is_offered,
    is_unfinished,
    panel_of,
    told_end,
)
from nps.domain.disposition import TABLE
from tests.domain.build import IZHEVSK, at, shown

NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)
RANG_LONG, RANG_SHORT = Heard(False, timedelta(seconds=20)), Heard(False, timedelta(seconds=19, milliseconds=1))
ANSWERED = Heard(True, timedelta(seconds=4))


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def test_a_result_is_asked_in_the_panel_of_its_choice() -> None:
    assert {code: panel_of(code) for code in TABLE if panel_of(code)} == {
        "other_person": "other_person", "new_contact": "new_contact", "callback": "callback",
        "not_client": "not_client",
        "dead_number": "inactive", "wrong_number": "inactive",
        "soft_refusal": "refusal", "refused": "refusal", "refused_org": "refusal", "do_not_call": "refusal",
    }  # fmt: skip


def test_every_result_is_chosen_at_the_desk_but_those_that_the_script_comes_to() -> None:
    offered = {code for choice in CHOICES for code in OF_PANEL.get(choice.code, (choice.code,))}
    assert set(TABLE) - offered == {"partial", "surveyed"}
    assert offered - set(TABLE) == {"escalation"}


@pytest.mark.parametrize(
    ("code", "long", "short", "talk"),
    [
        ("no_answer", "", "ring_short", "answered"),
        ("busy", "", "", "answered"),
        ("rejected", "", "", "answered"),
        ("dead_number", "", "", ""),
        ("voicemail", "", "", ""),
        ("technical", "", "", ""),
        ("refused", "not_answered", "not_answered", ""),
        ("callback", "not_answered", "not_answered", ""),
        ("surveyed", "not_answered", "not_answered", ""),
        ("partial", "not_answered", "not_answered", ""),
    ],
)
def test_a_result_must_fit_what_the_line_told(code: str, long: str, short: str, talk: str) -> None:
    assert [contradiction(code, heard) for heard in (RANG_LONG, RANG_SHORT, ANSWERED)] == [long, short, talk]


def test_the_operator_is_told_what_to_do_instead() -> None:
    assert contradiction_words("busy", ANSWERED) == "Клиент ответил: выберите итог разговора."
    assert contradiction_words("refused", RANG_LONG) == "Сначала отметьте, что клиент ответил."
    assert contradiction_words("no_answer", RANG_SHORT) == "Гудки должны идти не меньше 20 секунд: ещё 1 с."
    assert contradiction_words("no_answer", Heard(False, timedelta(seconds=5))).endswith("ещё 15 с.")
    assert contradiction_words("busy", RANG_SHORT) == ""


def test_a_choice_is_offered_when_one_of_the_results_behind_it_fits() -> None:
    def offered(heard: Heard) -> list[str]:
        return [choice.code for choice in CHOICES if is_offered(choice, heard)]

    machines = ["voicemail", "robot", "technical"]
    assert offered(RANG_SHORT) == ["busy", "inactive", "rejected", "switched_off", *machines]
    assert offered(RANG_LONG) == ["no_answer", *offered(RANG_SHORT)]
    assert offered(ANSWERED) == [
        "inactive", "callback", "refusal", "other_person", "new_contact", "hung_up", *machines, "not_client",
    ]  # fmt: skip
    assert [choice.code for choice in CHOICES if Line.NONE in choice.lines] == []


@pytest.mark.parametrize(
    ("answered", "ended", "quiet", "unfinished"),
    [
        (None, None, LEFT_ALONE, False),
        (None, None, LEFT_ALONE + minutes(0.01), True),
        (minutes(1), minutes(0.5), LEFT_ALONE + minutes(0.01), True),
        (LONG_TALK, None, minutes(2), False),
        (LONG_TALK + minutes(0.01), None, minutes(2), True),
        (LONG_TALK + minutes(0.01), None, minutes(1), False),
        (LONG_TALK + minutes(5), minutes(2), minutes(2), False),
    ],
)
def test_a_call_left_alone_or_talked_on_for_long_has_to_be_explained(
    answered: timedelta | None, ended: timedelta | None, quiet: timedelta, unfinished: bool
) -> None:
    moments = [None if ago is None else NOW - ago for ago in (answered, ended)]
    assert is_unfinished(*moments, NOW - quiet, NOW) is unfinished


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ((7, None), "18 10:47"),
        ((0, time(12)), "18 10:40"),
        ((None, time(10, 50)), "18 10:50"),
        ((None, time(10, 40)), "18 10:40"),
        ((None, time(10, 39)), "19 10:39"),
        ((None, time(0, 5)), "19 00:05"),
        ((None, None), None),
    ],
)
def test_the_end_is_minutes_after_or_the_next_such_time_on_the_operators_clock(
    said: tuple[int | None, time | None], end: str | None
) -> None:
    assert shown(told_end(at(18, "10:40"), *said, IZHEVSK)) == end


def test_a_time_on_the_clock_names_its_whole_minute() -> None:
    since = at(18, "10:40") + timedelta(seconds=59)
    assert shown(told_end(since, None, time(10, 40), IZHEVSK)) == "18 10:40"
