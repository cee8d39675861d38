"""Recordings of people whose data is destroyed: kept ones, and files that still lie in the watched folder (R20)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.models import Erasure
from nps.services import personal_data
from nps.services.personal_data import Order
from nps.services.recordings.dropping import look_into_folder, remove_waiting, waiting_files
from tests.factories import NOW
from tests.services.test_recordings import World, name_of, wav


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    return World(app, session)


def test_destroying_a_person_takes_recordings_that_only_name_him(world: World) -> None:
    call = world.call("+79170000013")
    world.put(f"{call.id}.wav", wav(20, 1))
    world.put(f"{call.id}-second.wav", wav(20, 2))
    world.put(name_of("+79170000013", NOW - timedelta(hours=5)), wav(9, 3))
    world.put(name_of("+79170000099", NOW - timedelta(hours=5)), wav(9, 4))
    world.collect()
    assert len(world.files()) == 4

    order = Order(None, "Требование человека", False, NOW)
    act = personal_data.erase_person(db.session, world.campaign_id, order, shown=None, phone="+79170000013")
    assert personal_data.finish(db.session, act, NOW)

    assert len(world.files()) == 1
    assert {row.e164 for row in world.rows()} == {"", "+79170000099"}


def test_destroying_a_person_takes_the_files_of_the_watched_folder_that_name_him(world: World) -> None:
    phone, shared = "+79170000014", "+79170000015"
    call = world.call(phone)
    world.call(shared)
    call_id = call.id
    theirs = [
        world.put(name, wav(9))
        for name in (
            name_of(phone, NOW), f".{phone}.wav", f"{phone}.wav.part", "2026/17/89170000014.wav", f"{phone}/1.wav",
            f"refused/{phone}.txt", f"refused/{call_id}.mp3",
        )
    ]  # fmt: skip
    others = [
        world.put(name, wav(9))
        for name in (name_of(shared, NOW), "запись.wav", f"{uuid4()}.wav", "2026/17/89170000099.wav")
    ]

    order = Order(None, "Требование человека", False, NOW)
    act = personal_data.erase_person(db.session, world.campaign_id, order, shown=None, phone=phone)

    world.session.rollback()
    assert [file for file in theirs if file.exists()] == [] and all(file.exists() for file in others)
    assert not (world.inbox / phone).exists() and (world.inbox / "2026/17").is_dir()
    erasure = world.session.get_one(Erasure, act)
    assert erasure.counts["files"] == len(theirs) and phone[1:] not in str(erasure.files)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """The folder as somebody sees it who may neither read nor change it; root loses his power for a while."""
    libc = ctypes.CDLL(None)
    folder.chmod(0)
    if os.getuid() == 0:
        libc.setfsuid(65534)
    try:
        yield
    finally:
        libc.setfsuid(os.getuid())
        folder.chmod(0o700)


def test_a_watched_folder_without_rights_stops_the_act_in_words_and_loses_nothing(world: World) -> None:
    client = select(world.call("+79170000016").respondent_id)
    file = world.put("day/89170000016.wav", wav(9))

    with without_rights(file.parent):
        with pytest.raises(DomainError, match="Проверьте права"):
            look_into_folder()
        with pytest.raises(DomainError, match="Проверьте права"):
            remove_waiting([file])

    assert waiting_files(world.session, client, {"+79170000016"}, look_into_folder()) == [file]
