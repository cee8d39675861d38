"""Reminders: each written once, shown only while they hold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nps.adapters.queue import LETTERS
from nps.domain.case import QueueClass
from nps.domain.local_time import ZONES, clock
from nps.models import Appointment, Reminder, Respondent, Shift, User
from nps.queries import attention
from nps.queries import reminders as queries
from nps.services import reminders, sweep
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW


def unseen(session: Session, user_id: int, now: datetime) -> list[queries.Line]:
    """What the desk of this person shows."""
    rows = session.execute(queries.ROWS, {"operator": user_id, "shown_since": now - queries.SHOWN_FOR}).all()
    return queries.still_hold(session, rows, now)


class Wave:
    """A campaign with an operator on shift."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.campaign = factories.campaign(session)
        self.campaign_id = self.campaign.id
        self.operator = self.on_shift()

    def on_shift(self) -> int:
        person = factories.member(self.session, self.campaign)
        self.session.add(Shift(user_id=person.id, campaign_id=self.campaign_id, spoken_name="Ольга", started_at=NOW))
        self.session.commit()
        return person.id

    def callback(self, at: datetime) -> int:
        client = factories.respondent(self.session, self.campaign, organisation="ООО «Теплосервис»")
        owner = self.session.get_one(User, self.operator)
        call = factories.attempt(self.session, client, owner, "callback", at=NOW - timedelta(hours=2))
        self.session.add(
            Appointment(
                respondent_id=client.id, attempt_id=call.id, at=at, owner_id=owner.id, reserved_until=at, state="open"
            )
        )
        self.session.commit()
        return client.id

    def repeats(self, number: int, at: datetime) -> None:
        for _ in range(number):
            factories.respondent(
                self.session, self.campaign, queue_class=int(QueueClass.REPEAT), next_call_at=at, misses=1
            )

    def written(self, now: datetime) -> int:
        return reminders.write_due(self.session, self.campaign_id, now=now)

    def lines(self, now: datetime, user_id: int | None = None) -> list[str]:
        self.session.rollback()
        return [line.text for line in unseen(self.session, user_id or self.operator, now)]


@pytest.fixture
def wave(session: Session) -> Wave:
    return Wave(session)


def test_the_owner_hears_of_a_callback_before_it_and_when_it_is_due(wave: Wave) -> None:
    at = NOW + timedelta(minutes=30)
    wave.callback(at)
    assert wave.written(at - timedelta(minutes=6)) == 0
    assert wave.written(at - timedelta(minutes=4)) == 1
    theirs = f"ООО «Теплосервис», {clock(at, ZONES['udmurtia'])} у клиента"
    assert wave.lines(at - timedelta(minutes=4)) == [f"Перезвон через 4 минуты: {theirs}"]
    assert wave.written(at) == 1
    assert wave.lines(at) == [f"Пора перезвонить: {theirs}"]


def test_a_repeated_job_writes_nothing_twice(wave: Wave) -> None:
    wave.callback(NOW)
    wave.repeats(3, NOW)
    assert [wave.written(NOW) for _ in range(3)] == [2, 0, 0]
    assert wave.session.scalar(select(func.count()).select_from(Reminder)) == 2


def test_a_callback_that_was_kept_or_is_being_made_is_no_longer_shown(wave: Wave) -> None:
    client_id = wave.callback(NOW)
    wave.written(NOW)
    with write(wave.session) as s:
        s.execute(update(Respondent).where(Respondent.id == client_id).values(held_by=wave.operator, held_token="t"))
    assert wave.lines(NOW) == []
    with write(wave.session) as s:
        s.execute(update(Respondent).where(Respondent.id == client_id).values(held_by=None, held_token=None))
        s.execute(update(Appointment).values(state="kept"))
    assert wave.lines(NOW) == []


def test_repeats_are_told_in_one_line_to_everybody_on_shift(wave: Wave) -> None:
    other, at_home = wave.on_shift(), factories.member(wave.session, wave.campaign).id
    wave.repeats(12, NOW)
    assert wave.written(NOW) == 2
    assert wave.lines(NOW) == wave.lines(NOW, other) == ["12 повторов пора обзвонить"]
    assert wave.lines(NOW, at_home) == []


def test_repeats_that_go_on_falling_due_are_not_told_minute_by_minute(wave: Wave) -> None:
    wave.repeats(1, NOW)
    wave.repeats(1, NOW + timedelta(minutes=3))
    assert [wave.written(NOW + timedelta(minutes=m)) for m in (0, 1, 3, 5)] == [1, 0, 0, 0]
    assert wave.lines(NOW + timedelta(minutes=5)) == ["2 повтора пора обзвонить"]


def test_what_is_put_away_stays_away_and_nobody_else_can_do_it(wave: Wave) -> None:
    wave.callback(NOW)
    wave.written(NOW)
    (line,) = unseen(wave.session, wave.operator, NOW)
    stranger = wave.on_shift()
    assert reminders.acknowledge(wave.session, stranger, [line.id], now=NOW) == 0
    assert reminders.acknowledge(wave.session, wave.operator, [line.id], now=NOW) == 1
    assert reminders.acknowledge(wave.session, wave.operator, [line.id], now=NOW) == 0
    assert wave.lines(NOW) == []


def test_the_sweep_names_a_campaign_only_while_there_is_something_to_write(wave: Wave) -> None:
    assert sweep.due(wave.session, NOW) == []
    wave.callback(NOW)
    assert sweep.due(wave.session, NOW) == [(LETTERS, "nps.jobs.reminders.write", wave.campaign_id)]
    wave.written(NOW)
    wave.session.rollback()
    assert sweep.due(wave.session, NOW) == []


def test_a_callback_nobody_took_for_ten_minutes_is_told_to_everybody_on_shift(wave: Wave) -> None:
    other, at_home = wave.on_shift(), factories.member(wave.session, wave.campaign).id
    client_id = wave.callback(NOW)
    wave.written(NOW)
    assert wave.lines(NOW + timedelta(minutes=9), other) == []
    late = NOW + timedelta(minutes=10)
    assert (wave.written(late), wave.written(late)) == (2, 0)
    said = [f"Обещанный звонок никто не взял: ООО «Теплосервис», {clock(NOW, ZONES['udmurtia'])} у клиента"]
    assert wave.lines(late) == wave.lines(late, other) == said
    assert wave.lines(late, at_home) == []
    with write(wave.session) as s:
        s.execute(update(Respondent).where(Respondent.id == client_id).values(held_by=other, held_token="t"))
    assert wave.lines(late, other) == []


def test_what_is_put_away_takes_its_earlier_lines_along(wave: Wave) -> None:
    wave.callback(NOW)
    for minutes in (-4, 0):
        wave.written(NOW + timedelta(minutes=minutes))
    (line,) = unseen(wave.session, wave.operator, NOW)
    assert reminders.acknowledge(wave.session, wave.operator, [line.id], now=NOW) == 2
    assert wave.lines(NOW) == []


def test_a_missed_callback_is_on_the_managers_list(wave: Wave) -> None:
    client_id = wave.callback(NOW)
    assert attention.missed_callbacks(wave.session, wave.campaign_id, NOW + timedelta(minutes=19)) == []
    missed = NOW + timedelta(minutes=20)
    (line,) = attention.missed_callbacks(wave.session, wave.campaign_id, missed)
    assert (line.respondent_id, line.at, attention.count(wave.session, wave.campaign_id, missed)) == (client_id, NOW, 1)
    with write(wave.session) as s:
        s.execute(update(Appointment).values(state="missed"))
    assert attention.count(wave.session, wave.campaign_id, missed) == 0
