"""Calls of the desk through a real exchange: desk, database, recording and what was on the wire agree."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from nps.adapters.recordings.sound import inspect
from nps.domain.telephony import suggested_result, what_happened
from nps.models import CallAttempt, Recording
from nps.queries.telephony import call_line
from tests.exchange.house import House
from tests.exchange.peer import TONE, Plays

CLIENT = "+79170003794"
#: What the product's times may differ from the wire's by, on a machine that has time for them.
EXACT_MS = 100

#: What the client's line does -> the result that is offered, the SIP status, whether it rang by sound alone.
TABLE: dict[str, tuple[Plays, str | None, int | None, bool]] = {
    "busy at once": (Plays(final=486), "busy", 486, False),
    "busy after ringing": (Plays([(0, 180)], then=0.4, final=486), "busy", 486, False),
    "no such number": (Plays(final=404), "dead_number", 404, False),
    "address incomplete": (Plays(final=484), "dead_number", 484, False),
    "declined after ringing": (Plays([(0, 180)], then=0.4, final=603), "rejected", 603, False),
    "forbidden after ringing": (Plays([(0, 180)], then=0.4, final=403), "technical", 403, False),
    "a password is wanted": (Plays([(0, 180)], then=0.4, final=407), "technical", 407, False),
    "no trunk": (Plays(final=503), "technical", 503, False),
    "unavailable too soon": (Plays([(0, 180)], then=0.4, final=480), None, 480, False),
    "rings by sound": (Plays([(0, 183)], with_sound=True, then=0.4, final=480, sound=TONE), None, 480, True),
    "180 with sound": (Plays([(0, 180)], with_sound=True, then=0.4, final=480, sound=TONE), None, 480, False),
    "183, then 180": (Plays([(0, 183), (0.2, 180)], with_sound=True, then=0.2, final=603), "rejected", 603, False),
}


def agrees(house: House, attempt: CallAttempt, wire: dict[str, float]) -> None:
    """The call's moments are those of the wire, and none is there that was not.

    Exchange and peer share the processor with all other tests: how late the machine was itself is taken off.
    """
    told = {"rings": attempt.ringing_at, "answered": attempt.answered_at, "ended": attempt.ended_at}
    assert {name for name, at in told.items() if at} == wire.keys() - {"invited"}
    for name, at in told.items():
        if at is not None:
            assert abs(at.timestamp() - wire[name]) * 1000 < EXACT_MS + house.lateness.at(wire[name]) * 1000, name


def test_each_end_is_read_as_the_exchange_sends_it(house: House) -> None:
    for n, (name, (plays, offered, sip, is_early)) in enumerate(TABLE.items()):
        number = f"+791700050{n:02d}"
        call = house.call(number, plays)
        attempt = house.ended(call)
        agrees(house, attempt, house.carrier.times(number[1:]))
        house.until(lambda call=call, sip=sip: line(house, call).sip == sip)  # type: ignore[misc]
        found = line(house, call)
        assert (suggested_result(found), found.is_early) == (offered, is_early), name
        house.seat.page = house.seat.client.get("/desk").text
        assert house.seat.state() == "ended" and what_happened(found) in house.seat.page, name
        assert house.seat.post(house.seat.call + "/outcome", code="technical").status_code == 200, name
        assert abs(house.attempt(call).ring_ms - found.ring / timedelta(milliseconds=1)) < EXACT_MS, name
    calls = house.session.scalars(select(CallAttempt.id)).all()
    house.until(lambda: all((house.installed.recordings / f"{call}.wav").exists() for call in calls))
    house.collect()
    rows = {row.attempt_id or row.named_attempt_id: row.state for row in house.session.scalars(select(Recording))}
    assert rows.keys() >= set(calls), "one call, one recording, whatever was on the line"
    # Of a line that is down at once the exchange writes a file without sound.
    assert {rows[call] for call in calls if house.attempt(call).ring_ms} == {"matched"}
    assert {rows[call] for call in calls} <= {"matched", "empty"}


def line(house: House, call: object):  # type: ignore[no-untyped-def]
    house.session.rollback()
    found = call_line(house.session, call)  # type: ignore[arg-type]
    assert found is not None
    return found.line


def test_the_desk_follows_the_line_from_the_operators_telephone_to_the_end(house: House) -> None:
    house.phone.otherwise = Plays(then=0.8)
    call = house.call(CLIENT, Plays([(0.8, 180)], then=0.8, talks=0.8, sound=TONE))
    seen = house.follow()
    assert seen == ["Звонит ваш телефон", "Набираем клиента", "Гудки", "Разговор", "Звонок завершён"]
    wire = house.carrier.times(CLIENT[1:])
    agrees(house, house.attempt(call), wire)
    rung = house.phone.dialogs[-1].invite
    assert CLIENT[1:] in rung.get("from"), "the operator's telephone shows whom it is about"
    called = house.carrier.dialogs[-1].invite
    assert "74951234567" in called.get("from") and "anonymous" not in called.get("from").lower()


@pytest.mark.parametrize("hangs_up", ["desk", "telephone"])
def test_a_talk_that_our_side_ends(house: House, hangs_up: str) -> None:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2))
    house.until(lambda: house.attempt(call).answered_at is not None)
    if hangs_up == "telephone":
        house.phone.hang_up()
    else:
        house.seat.post(house.seat.call + "/hang-up")
    house.carrier.wait_for(lambda: "ended" in house.carrier.times(CLIENT[1:]))
    house.until(lambda: line(house, call).ended_at is not None)
    agrees(house, house.attempt(call), house.carrier.times(CLIENT[1:]))


def test_a_client_without_sound_is_a_talk_with_a_recording(house: House) -> None:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2, talks=1.0, sound=b""))
    attempt = house.ended(call)
    agrees(house, attempt, house.carrier.times(CLIENT[1:]))
    house.until(lambda: (house.installed.recordings / f"{call}.wav").exists())
    sound = inspect(house.installed.recordings / f"{call}.wav", None)
    assert sound.length_ms is not None and attempt.ended_at and attempt.ringing_at
    rang_and_talked = (attempt.ended_at - attempt.ringing_at) // timedelta(milliseconds=1)
    assert abs(sound.length_ms - rang_and_talked) < 500


@pytest.mark.parametrize("telephone", [Plays(final=486), Plays([(0, 180)], final=0)], ids=["rejects", "silent"])
def test_a_client_who_was_never_dialled_rang_for_no_second(house: House, telephone: Plays) -> None:
    house.phone.otherwise = telephone
    call = house.call(CLIENT, Plays())
    if telephone.final == 0:
        house.until(lambda: line(house, call).is_known)
        house.seat.post(house.seat.call + "/hang-up")
    house.until(lambda: line(house, call).ended_at is not None)
    assert house.seat.post(house.seat.call + "/outcome", code="technical").status_code == 200
    attempt = house.attempt(call)
    assert (attempt.ring_ms, attempt.talk_ms, attempt.source) == (0, 0, "exchange")
    assert not [dialog for dialog in house.carrier.dialogs if dialog.number == CLIENT[1:]][house.dialled :]
