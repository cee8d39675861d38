"""Somebody's data is destroyed while others write about him, and copies are made (R20)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters.backup.errors import BackupError
from nps.adapters.mail import MailSettings
from nps.adapters.recordings import Incoming
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.models import CallAttempt, Erasure, Escalation, Outbox, Recording, Respondent
from nps.services import backup, call_queue, desk, escalations, letters, personal_data, recordings
from nps.services.personal_data import Order
from nps.services.recordings import collecting
from tests import factories
from tests.factories import NOW
from tests.races.held import Act, Held, beside, meeting, on_postgres
from tests.services.test_letters import campaign, server, smtp
from tests.services.test_recordings import World, name_of, wav

__all__ = ["campaign", "server", "smtp"]

PHONE = "+79170000031"
WISH = {"organisation": "ООО «Лес»", "contact": "Зорин", "phone": PHONE, "text": "Перезвоните"}


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    return World(app, session)


def erase(session: Session, campaign_id: int) -> int:
    order = Order(None, "Требование человека", False, NOW)
    return personal_data.erase_person(session, campaign_id, order, shown=None, phone=PHONE)


def met(app: Flask, world: World, other: Act) -> AbstractContextManager[tuple[Held, Held]]:
    """The act stands in the middle of overwriting, the other waits for it."""
    campaign_id = world.campaign_id
    return meeting(app, "UPDATE respondent_phone", lambda s: erase(s, campaign_id), other)


Writer = Callable[[Session, Actor, UUID], object]


def writes_note(s: Session, actor: Actor, call: UUID) -> None:
    desk.save_note(s, actor, call, "Просил позвонить Зорину", NOW)


def sends_sound(s: Session, actor: Actor, call: UUID) -> None:
    sound = BytesIO(wav(20, 7))
    recordings.add_recording(s, actor=actor, attempt_id=call, stream=sound, source_name="зорин.wav", now=NOW)


@on_postgres
@pytest.mark.parametrize("writer", [writes_note, sends_sound])
def test_whoever_writes_about_a_client_waits_for_the_act_and_finds_him_erased(
    app: Flask, session: Session, world: World, writer: Writer
) -> None:
    call = world.call(PHONE)
    operator, call_id = session.get_one(factories.User, call.operator_id), call.id
    actor = Actor(operator.id, "operator", operator.full_name)
    session.rollback()
    with met(app, world, lambda s: writer(s, actor, call_id)) as (act, other):
        act.result()
        with pytest.raises(StaleError):
            other.result()
    session.rollback()
    assert session.scalars(select(Recording)).all() == []
    assert set(session.scalars(select(CallAttempt.note))) == {""}


@on_postgres
def test_an_escalation_raised_during_an_act_leaves_neither_a_row_nor_a_letter(
    app: Flask, session: Session, world: World
) -> None:
    call = world.call(PHONE)
    client, manager = call.respondent_id, factories.user(session, "manager")
    actor = Actor(manager.id, "manager", manager.full_name)
    session.rollback()

    def raises(s: Session) -> int:
        return escalations.raise_escalation(s, actor, respondent_id=client, fields=WISH, now=NOW)

    with met(app, world, raises) as (act, other):
        act.result()
        with pytest.raises(NotFoundError):
            other.result()
    session.rollback()
    assert session.scalars(select(Escalation)).all() == [] == session.scalars(select(Outbox)).all()


def test_a_file_taken_before_an_act_does_not_come_in_after_it(
    app: Flask, session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.call(PHONE)
    file = world.put(name_of(PHONE, NOW), wav(20, 5))
    campaign_id, receive = world.campaign_id, collecting.receive

    def received_just_before(*args: Any, **kwargs: Any) -> Incoming:
        incoming = receive(*args, **kwargs)
        with app.app_context():
            erase(db.session(), campaign_id)
        return incoming

    monkeypatch.setattr(collecting, "receive", received_just_before)
    world.collect()
    assert not file.exists()
    assert [row.e164 for row in world.rows() if row.e164] == []


def test_others_work_while_folders_are_looked_through(app: Flask, session: Session, world: World) -> None:
    world.call(PHONE)
    operator = factories.on_shift(session, session.get_one(factories.Campaign, world.campaign_id)).id
    factories.respondent(session, session.get_one(factories.Campaign, world.campaign_id))
    session.rollback()
    looked, go = threading.Event(), threading.Event()

    def slow() -> list[object]:
        looked.set()
        assert go.wait(60)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nps.services.personal_data.erasing.look_into_folder", slow)
        with beside(app, lambda s: erase(s, world.campaign_id)) as act:
            assert looked.wait(60)
            try:
                taken = call_queue.take_next(session, operator, world.campaign_id, NOW)
            finally:
                go.set()
            act.result()
    assert isinstance(taken, call_queue.Taken)


def test_a_copy_begun_before_an_act_does_not_outlive_it(app: Flask, session: Session, world: World) -> None:
    world.call(PHONE)
    names = ("DATA_FOLDER", "RECORDINGS_FOLDER", "MAIL_FOLDER", "SETTINGS_GIVEN")
    places = backup.Places(*(app.config[name] for name in names))
    session.rollback()

    def erases_meanwhile(words: str) -> None:
        if "База данных скопирована" in words:
            with app.app_context():
                erase(db.session(), world.campaign_id)

    with pytest.raises(BackupError, match="удалили личные данные"):
        backup.make(session, places, NOW, say=erases_meanwhile)
    assert [path for path in places.backups.iterdir() if not path.name.startswith(".")] == []
    backup.make(session, places, NOW)


def test_what_a_restore_has_moved_aside_goes_with_an_act(app: Flask, session: Session, world: World) -> None:
    world.call(PHONE)
    aside = Path(app.config["DATA_FOLDER"], "backups", "before-restore-20261117T111500Z", "recordings")
    aside.mkdir(parents=True)
    (aside / "sound.wav").write_bytes(b"voice")
    act = erase(session, world.campaign_id)
    assert personal_data.finish(session, act, NOW)
    assert list(aside.parent.parent.iterdir()) == []


def test_a_sound_that_came_again_after_an_act_stays(app: Flask, session: Session, world: World) -> None:
    call, other = world.call(PHONE), world.call("+79170000032")
    sound = wav(20, 9)
    operator = session.get_one(factories.User, call.operator_id)
    other_operator = session.get_one(factories.User, other.operator_id)
    for who, whose in ((operator, call), (other_operator, other)):
        actor = Actor(who.id, "operator", who.full_name)
        if whose is other:
            act = erase(session, world.campaign_id)
        recordings.add_recording(
            session, actor=actor, attempt_id=whose.id, stream=BytesIO(sound), source_name="a.wav", now=NOW
        )
    assert personal_data.finish(session, act, NOW)
    assert len(world.files()) == 1
    assert session.get_one(Erasure, act).finished_at == NOW


@on_postgres
def test_a_letter_taken_while_an_act_looks_at_it_is_not_sent(
    app: Flask, session: Session, world: World, server: MailSettings
) -> None:
    call = world.call(PHONE)
    client, manager = call.respondent_id, factories.user(session, "manager")
    actor = Actor(manager.id, "manager", manager.full_name)
    escalations.raise_escalation(session, actor, respondent_id=client, fields=WISH, now=NOW)
    letter = session.scalars(select(Outbox.id)).one()
    session.rollback()
    with met(app, world, lambda s: letters.send(s, letter, server=server, clock=lambda: NOW)) as (act, worker):
        act.result()
        assert worker.result() is None
    session.rollback()
    assert session.get_one(Outbox, letter).state == "failed"
    assert session.get_one(Respondent, client).erased_at is not None


def test_a_watched_folder_that_loses_its_rights_leaves_the_act_unfinished_and_no_name(
    app: Flask, session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.call(PHONE)
    file = world.put(name_of(PHONE, NOW), wav(20, 6))

    def forbidden(*_: object) -> None:
        raise DomainError("inbox", "Проверьте права")

    with monkeypatch.context() as patch:
        patch.setattr("nps.services.personal_data.finishing.remove_waiting", forbidden)
        act = erase(session, world.campaign_id)
        assert not personal_data.finish(session, act, NOW)
    assert file.exists()
    assert personal_data.finish(session, act, NOW)
    assert not file.exists()
    session.rollback()
    assert PHONE[1:] not in str(session.get_one(Erasure, act).files)
