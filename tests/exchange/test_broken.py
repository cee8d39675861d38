"""The exchange dies, or our link to it: no call stays open, and none is ended that goes on."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from nps.models import Recording
from tests.exchange.house import House
from tests.exchange.peer import TONE, Plays
from tests.exchange.test_calls import CLIENT, agrees

#: A sound file is written in pieces: the last sign of life is so old at most, in seconds.
_PIECE_S = 2.0


def test_a_talk_that_died_with_the_exchange_ends_then_and_keeps_its_sound(house: House) -> None:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2, sound=TONE))
    house.until(lambda: house.attempt(call).answered_at is not None)
    sound = house.installed.recordings / f".{call}.wav"
    house.until(lambda: sound.exists() and sound.stat().st_size > 16_000)
    house.installed.kill()
    died_at = datetime.now(UTC)
    house.until(lambda: not house.is_linked())
    page = house.seat.client.get("/desk").text
    assert 'data-state="talk"' in page and "Связь со станцией потеряна" in page

    house.installed.start()
    attempt = house.ended(call)
    assert attempt.ended_at is not None and attempt.answered_at is not None
    assert -_PIECE_S < (attempt.ended_at - died_at).total_seconds() <= 0.1
    house.seat.page = house.seat.client.get("/desk").text
    assert house.seat.state() == "ended" and "Станция потеряла этот звонок" in house.seat.page
    house.collect()
    row = house.session.scalars(select(Recording).where(Recording.attempt_id == call)).one()
    assert row.state == "matched" and not sound.exists()


def test_a_talk_goes_on_without_our_link_and_its_end_is_found_in_the_exchanges_log(house: House) -> None:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2, talks=1.0))
    house.until(lambda: house.attempt(call).answered_at is not None)
    house.close()
    house.carrier.wait_for(lambda: "ended" in house.carrier.times(CLIENT[1:]))
    assert house.attempt(call).ended_at is None
    house.link()
    agrees(house, house.ended(call), house.carrier.times(CLIENT[1:]))


def test_a_talk_that_goes_on_is_not_ended_by_a_new_link(house: House) -> None:
    call = house.call(CLIENT, Plays([(0, 180)], then=0.2))
    house.until(lambda: house.attempt(call).answered_at is not None)
    house.close()
    house.link()
    house.carrier.hang_up(CLIENT[1:])
    agrees(house, house.ended(call), house.carrier.times(CLIENT[1:]))
