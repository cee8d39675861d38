"""A recording loses its sound: because its time is over, or because its client's data is destroyed (R20)."""

from __future__ import annotations

from sqlalchemy import Select, String, cast, delete, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

from nps.domain.errors import DomainError
from nps.models import Audio, Recording
from nps.services.recordings.places import places


def drop_sounds(s: Session, recordings: Select[int]) -> list[str]:
    """Take the recordings (a statement that selects ids) from their sound; paths of files nothing uses any more.

    A recording keeps its call and its length, which reports count. One file may belong to several recordings. Raises
    DomainError for files of a storage whose settings are gone: they would be forgotten and stay.
    """
    # Those that have lost it already stay as they are.
    heard = select(Recording.id).join(Audio, Audio.sha256 == Recording.audio_sha256).where(Audio.path != "")
    ids = list(s.scalars(heard.where(Recording.id.in_(recordings))))
    theirs = Recording.id.in_(ids)
    far = select(Recording.id).join(Audio, Audio.sha256 == Recording.audio_sha256).where(theirs, Audio.place == "s3")
    if places().remote is None and s.scalar(far.limit(1)) is not None:
        raise DomainError(
            "no_storage", "Записи лежат в хранилище S3, а его настройки убраны: верните их и повторите удаление."
        )
    emptied = literal("erased:") + cast(Recording.id, String)
    had = set(s.scalars(select(Recording.audio_sha256).where(theirs)))
    columns = ("sha256", "path", "size", "duration_ms", "mime", "stored_at", "place", "is_cut")
    source = (
        select(emptied, literal(""), literal(0), Audio.duration_ms, Audio.mime, Audio.stored_at, Audio.place,
               Audio.is_cut)
        .join(Audio, Audio.sha256 == Recording.audio_sha256)
        .where(theirs)
    )  # fmt: skip
    s.execute(insert(Audio).from_select(columns, source))
    _run(s, update(Recording).where(theirs).values(audio_sha256=emptied, source_name="", e164=""))
    unused = Audio.sha256.in_(had), Audio.sha256.not_in(select(Recording.audio_sha256))
    gone = delete(Audio).where(*unused).returning(Audio.path).execution_options(synchronize_session=False)
    return [path for path in s.scalars(gone) if path]


def _run(s: Session, statement: Executable) -> None:
    s.execute(statement, execution_options={"synchronize_session": False})
