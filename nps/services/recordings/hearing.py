"""A recording is heard, and who hears it is written down (R20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.recordings import RemoteError
from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.queries.recordings import RecordingFile, recording_file
from nps.services.journal import log_look
from nps.services.recordings.places import places
from nps.services.transaction import AnySession

_GONE = "Файла этой записи больше нет. Скажите администратору номер звонка."


@dataclass(frozen=True, slots=True)
class Opened:
    """A sound ready to be sent: a file of this machine, or the asked bytes as they come from the storage."""

    file: Path | None
    blocks: Iterator[bytes] | None = None


def note_play(session: AnySession, actor: Actor, recording_id: int, now: datetime, address: str) -> None:
    """Write down who is about to get sound of a recording (R20): a line a look, however many parts are asked for."""
    log_look(
        session, at=now, user_id=actor.id, action="recording_played", object_kind="recording", object_id=recording_id,
        address=address,
    )  # fmt: skip


def find(session: Session, actor: Actor, recording_id: int) -> RecordingFile:
    """The file of a recording. Raises NotFoundError. Whoever gets octets of it is written down by `note_play`."""
    file = recording_file(session, actor, recording_id)
    if file is None:
        raise NotFoundError
    return file


def open_sound(file: RecordingFile, first: int, length: int) -> Opened:
    """The file, or `length` bytes from `first` on when it lies in the storage. Raises NotFoundError when it is gone."""
    here = places().folder / file.path
    if here.is_file():
        return Opened(here)
    remote = places().remote
    if file.place != "s3" or remote is None:
        raise NotFoundError(_GONE)
    try:
        return Opened(None, remote.read(file.path, first, length))
    except RemoteError as error:
        raise NotFoundError("Хранилище записей не отвечает. Повторите через минуту.") from error
