"""Deadlines in working hours, and the morning of a digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from nps.domain.answer_terms import AnswerTerms, day_of, left_words
from nps.domain.errors import DomainError
from tests.domain.build import is_sentence

TWO_HOURS = AnswerTerms(within_h=2, zone="Europe/Samara")


def samara(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """Samara's clock is four hours ahead of UTC, all year."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=4)


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        (samara(18, 15, 42), samara(18, 17, 42)),
        (samara(18, 16), samara(18, 18)),
        # The evening's rest goes on in the morning; Friday's on Monday; a holiday is no working day.
        (samara(18, 17, 30), samara(19, 10, 30)),
        (samara(18, 3), samara(18, 11)),
        (samara(20, 17, 0), samara(23, 10, 0)),
        (samara(21, 12), samara(23, 11)),
        (samara(30, 17, 30, month=12), samara(11, 10, 30, month=1, year=2027)),
    ],
)
def test_a_deadline_counts_working_time_only(raised: datetime, due: datetime) -> None:
    assert TWO_HOURS.due_at(raised) == due


def test_a_deadline_may_be_longer_than_a_day() -> None:
    assert AnswerTerms(within_h=20, zone="Europe/Samara").due_at(samara(18, 9)) == samara(20, 11)


def test_everything_is_off_at_first() -> None:
    usual = AnswerTerms()
    usual.check()
    assert usual.due_at(samara(18, 12)) is None and usual.digest_moment(samara(18, 9)) is None


@pytest.mark.parametrize(
    ("now", "written"),
    [
        (samara(18, 8, 59), False),
        (samara(18, 9, 0), True),
        (samara(18, 10, 59), True),
        (samara(18, 11, 0), False),
        (samara(21, 9, 0), False),
        (samara(4, 9, 0), False),
    ],
)
def test_a_digest_is_a_working_mornings(now: datetime, written: bool) -> None:
    moment = AnswerTerms(digest_at=time(9), zone="Europe/Samara").digest_moment(now)
    assert (moment is not None) == written


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"within_h": 0}, "within_h"),
        ({"within_h": 81}, "within_h"),
        ({"remind_before_min": 30}, "remind_before_min"),
        ({"within_h": 2, "remind_before_min": 0}, "remind_before_min"),
        ({"opens": time(18), "closes": time(9)}, "closes"),
        ({"opens": time(9), "closes": time(9)}, "closes"),
        ({"within_h": 2, "remind_before_min": 24 * 60 + 1}, "remind_before_min"),
        ({"zone": "Europe/Paris"}, "zone"),
    ],
)
def test_terms_nobody_could_keep_are_refused(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        AnswerTerms(**wrong).check()  # type: ignore[arg-type]
    assert refused.value.code == field and is_sentence(refused.value.message)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(83, "осталось 1 ч 23 мин"), (60, "осталось 1 ч"), (0, "просрочено на 1 с"), (-142, "просрочено на 2 ч 22 мин")]
    + [(-60 * 49, "просрочено на 2 дн 1 ч"), (0.5, "осталось 30 с")],
)
def test_what_is_left_is_told_in_words(minutes: float, words: str) -> None:
    now = samara(18, 12)
    assert left_words(now + timedelta(minutes=minutes), now) == words


def test_terms_that_somebody_can_keep_are_taken() -> None:
    for hours, before in ((1, 1), (80, 24 * 60)):
        AnswerTerms(within_h=hours, remind_before_min=before, digest_at=time(9)).check()


def test_a_deadline_always_lies_within_the_horizon_of_terms_that_are_taken() -> None:
    longest = AnswerTerms(within_h=80, opens=time(9), closes=time(10, 20))
    longest.check()
    for raised in (datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)):
        assert longest.due_at(raised) is not None

    too_short = replace(longest, closes=time(10, 19))
    with pytest.raises(DomainError) as refused:
        too_short.check()
    assert refused.value.code == "within_h" and is_sentence(refused.value.message)
    with pytest.raises(ValueError, match="^no working time for months$"):
        replace(longest, closes=time(9, 1)).due_at(samara(18, 12))


def test_a_digest_is_named_by_the_day_on_the_clock_of_its_zone() -> None:
    late = datetime(2026, 11, 18, 21, tzinfo=UTC)
    assert (day_of(late, "Europe/Samara"), day_of(late, "UTC")) == (date(2026, 11, 19), date(2026, 11, 18))
