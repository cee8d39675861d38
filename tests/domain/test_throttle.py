"""Pauses after wrong passwords, and what counts as one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nps.domain.throttle import HOT, PAIR, PLACE, Throttle, network

NOW = datetime(2026, 11, 17, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("rule", "failed", "minutes"),
    [(PAIR, 5, 5), (PAIR, 6, 10), (PAIR, 8, 40), (PAIR, 9, 60), (PAIR, 10**6, 60), (HOT, 1, 5), (HOT, 2, 10)]
    + [(PLACE, 40, 1), (PLACE, 43, 8), (PLACE, 44, 15)],
)
def test_a_pause_doubles_up_to_a_limit(rule: Throttle, failed: int, minutes: int) -> None:
    assert rule.pause(failed) == minutes * MINUTE


def test_nobody_waits_before_the_free_tries_are_used_up() -> None:
    assert PAIR.wait(4, NOW, NOW) == timedelta(0)
    assert PAIR.wait(5, NOW, NOW) == 5 * MINUTE
    assert PAIR.wait(5, NOW, NOW + 5 * MINUTE) == timedelta(0)
    assert PAIR.wait(0, None, NOW) == timedelta(0)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::ffff:1", "2001:db8::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("no address at all" * 5, ("no address at all" * 5)[:45]),
    ],
)
def test_the_addresses_of_one_subscriber_are_one_place(address: str, place: str) -> None:
    assert network(address) == place
