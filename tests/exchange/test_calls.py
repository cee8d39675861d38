"""Calls of the desk through a real exchange: what it says is what was on the wire."""

from __future__ import annotations

from tests.exchange.house import House
from tests.exchange.peer import Plays

CLIENT = "+79170003794"
#: What the product's times may differ from the wire's by, in milliseconds.
EXACT_MS = 100


def test_a_client_who_answers(house: House) -> None:
    call = house.call(CLIENT, Plays([(0.1, 180)], then=0.5, talks=0.7))
    attempt = house.ended(call)
    wire = house.carrier.times(CLIENT[1:])
    assert attempt.ringing_at and attempt.answered_at and attempt.ended_at
    assert abs(attempt.ringing_at.timestamp() - wire["rings"]) * 1000 < EXACT_MS
    assert abs(attempt.answered_at.timestamp() - wire["answered"]) * 1000 < EXACT_MS
    assert abs(attempt.ended_at.timestamp() - wire["ended"]) * 1000 < EXACT_MS
