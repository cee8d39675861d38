"""Captured sessions of a real Asterisk: whatever order and however often events come, times and cause are the same."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from nps.adapters.asterisk import line_event
from nps.domain.disposition import TABLE
from nps.domain.telephony import Kind, Line, LineEvent, line_of, suggested_result, what_happened

CAPTURED = Path(__file__).parents[1] / "data" / "ami"
SIX = "ami-e2e-asterisk16.28-debian.jsonl"
#: Call -> ring s, talk s, cause, the exchange's word, the result it speaks for.
OUTCOMES = {
    "ed9be60a-f476-4a27-9842-4ef923ae9827": (21.007, 8.009, 16, "", None),
    "a3d4b843-6eb6-41ff-b4cd-2b67f368fa91": (1.512, 0, 17, "BUSY", "busy"),
    "d6b91153-4257-4006-a0ab-b9ec4909bfa8": (20.999, 0, 0, "NOANSWER", "no_answer"),
    "69851c3d-33e5-44f9-9a7e-ed419c2741d2": (0.506, 0, 1, "NOANSWER", "dead_number"),
    "e28f7aeb-9efd-4566-a16e-b9031e0ddee9": (2.007, 0, 21, "NOANSWER", "rejected"),
    "468c164b-fe77-43db-baa1-cf3e64271b21": (0, 0, None, "", "technical"),
}


def captured(name: str) -> list[LineEvent]:
    found = []
    for text in (CAPTURED / name).read_text(encoding="utf-8").splitlines():
        message = json.loads(text)
        received_at = datetime.fromtimestamp(float(message.pop("t")), UTC)
        event = line_event({key: str(value) for key, value in message.items()}, received_at)
        if event is not None:
            found.append(event)
    return found


def lines(events: list[LineEvent]) -> dict[str, Line]:
    calls = {event.call_id for event in events}
    return {call: line_of(call, [event for event in events if event.call_id == call]) for call in calls}


def told(line: Line) -> tuple[float, float, int | None, str, str | None]:
    ring, talk = line.ring.total_seconds(), line.talk.total_seconds()
    return (pytest.approx(ring, abs=0.002), pytest.approx(talk, abs=0.002), line.cause, line.status,
            suggested_result(line))  # fmt: skip


def test_six_captured_calls_give_their_seconds_causes_and_results() -> None:
    assert {call: told(line) for call, line in lines(captured(SIX)).items()} == OUTCOMES


@pytest.mark.parametrize("seed", range(20))
def test_out_of_order_and_repeated_they_give_the_same(seed: int) -> None:
    events = captured(SIX)
    in_order = lines(events)
    shuffled = events * 2
    random.Random(seed).shuffle(shuffled)

    assert lines(shuffled) == in_order


def test_an_operator_who_gives_up_while_it_rings_is_no_unanswered_call() -> None:
    (line,) = lines(captured("ami-ophang_ringing.jsonl")).values()

    assert line.answered_at is None
    assert 3 < line.ring.total_seconds() < 5
    assert suggested_result(line) is None and "рано считать" in what_happened(line)


def test_a_dead_trunk_never_rings_and_is_a_fault() -> None:
    (line,) = lines(captured("ami-trunkdown.jsonl")).values()

    assert (line.ringing_at, line.ring.total_seconds()) == (None, 0)
    assert suggested_result(line) == "technical" and "гудков не было" in what_happened(line)


def test_a_talk_that_the_exchange_cut_has_the_seconds_of_the_clients_leg() -> None:
    (line,) = lines(captured("ami-limit.jsonl")).values()

    assert line.talk.total_seconds() == pytest.approx(5.0, abs=0.1)


def test_without_the_clients_own_end_his_line_ends_with_the_operators() -> None:
    call = next(iter(OUTCOMES))
    events = [event for event in captured(SIX) if event.call_id == call]
    lost = [event for event in events if event.leg == call or event.kind not in (Kind.HUNG_UP, Kind.HANGUP_ASKED)]

    assert line_of(call, lost).talk.total_seconds() == pytest.approx(8.02, abs=0.02)


AT = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def line(**fields: object) -> Line:
    return Line(**{"ended_at": AT, "was_dialled": True, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        (Line(), None),
        (line(answered_at=AT), None),
        (line(is_refused=True), "technical"),
        (line(was_dialled=False), "technical"),
        (line(cause=1), "dead_number"),
        (line(cause=22, ringing_at=AT), "dead_number"),
        (line(sip=404), "dead_number"),
        (line(cause=17), "busy"),
        (line(sip=600, ringing_at=AT), "busy"),
        (line(cause=21), "technical"),
        (line(cause=21, sip=403, ringing_at=AT), "technical"),
        (line(cause=21, ringing_at=AT), "rejected"),
        (line(cause=20), "switched_off"),
        (line(cause=20, ringing_at=AT), "switched_off"),
        (line(cause=38, ringing_at=AT), "technical"),
        (line(cause=19, ringing_at=AT), None),
        (line(cause=19, ringing_at=AT.replace(hour=10, minute=59, second=40)), "no_answer"),
        (line(cause=16, ringing_at=AT.replace(hour=10, minute=59, second=41)), None),
    ],
)
def test_the_table_of_causes(shown: Line, result: str | None) -> None:
    assert suggested_result(shown) == result
    assert result is None or result in TABLE
    assert bool(what_happened(shown)) == (shown.ended_at is not None and shown.answered_at is None)


def event(kind: Kind, second: float, leg: str = "client", call: str = "call", **fields: object) -> LineEvent:
    at = AT + timedelta(seconds=second)
    return LineEvent("asterisk", f"{kind}{second}{leg}", call, kind, at, leg, **fields)  # type: ignore[arg-type]


DIALLED = [event(Kind.DIALLING, 0, "call"), event(Kind.ANSWERED, 1, "call"), event(Kind.DIALLING, 1)]


def test_sound_before_the_answer_rings_and_which_it_was_is_kept() -> None:
    """A 183, a 180 with sound after it, and a 180 alone."""
    unanswered = [event(Kind.HUNG_UP, 30, cause=19)]
    early = line_of("call", [*DIALLED, event(Kind.EARLY, 2), *unanswered])
    both = line_of("call", [*DIALLED, event(Kind.EARLY, 2), event(Kind.RINGING, 3), *unanswered])
    plain = line_of("call", [*DIALLED, event(Kind.RINGING, 3), *unanswered])

    assert [found.ring.total_seconds() for found in (early, both, plain)] == [28, 28, 27]
    assert [found.is_early for found in (early, both, plain)] == [True, False, False]
    assert {suggested_result(found) for found in (early, both, plain)} == {"no_answer"}
    assert "звук линии" in what_happened(early) and "звук линии" not in what_happened(both)


def test_a_call_that_the_exchange_lost_ends_at_its_last_sign_of_life() -> None:
    talk = [*DIALLED, event(Kind.RINGING, 2), event(Kind.ANSWERED, 5)]
    gone = line_of("call", [*talk, event(Kind.GONE, 12, "")])
    assert (gone.is_gone, gone.talk.total_seconds()) == (True, 7) and "потеряла" in what_happened(gone)
    behind = line_of("call", [*talk, event(Kind.GONE, 4, "")])
    assert behind.talk.total_seconds() == 0, "our clock was behind the exchange's"
    found = line_of("call", [*talk, event(Kind.GONE, 12, ""), event(Kind.HUNG_UP, 9, cause=16)])
    assert (found.is_gone, found.talk.total_seconds()) == (False, 4), "its log had the true end"
    assert suggested_result(line_of("call", [*DIALLED, event(Kind.GONE, 12, "")])) == "technical"


def test_a_call_that_ended_before_the_client_was_dialled_has_an_end_and_no_ring() -> None:
    shown = line_of("call", [*DIALLED[:2], event(Kind.HUNG_UP, 3, "call")])
    assert (shown.was_dialled, shown.is_known, shown.ring.total_seconds()) == (False, True, 0)
    assert shown.ended_at is not None and suggested_result(shown) == "technical"
    assert not line_of("call", []).is_known


def test_a_call_that_is_not_ours_has_no_id_of_ours() -> None:
    own = next(iter(OUTCOMES))
    ids = [LineEvent("asterisk", "1", call, Kind.HUNG_UP, AT).attempt_id for call in (own, "1795000325.42")]
    assert ids == [UUID(own), None]
