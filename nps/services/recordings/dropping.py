"""A recording loses its sound: because its time is over, or because its client's data is destroyed (R20)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import Select, String, cast, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from nps.adapters.recordings import inbox
from nps.domain.errors import DomainError
from nps.domain.recording import Hints, read_name
from nps.models import Audio, CallAttempt, Recording, Respondent, RespondentPhone
from nps.services.recordings.places import places
from nps.services.transaction import AnySession

#: Files of the watched folder, each with what its name and the names of its folders say.
Said = Sequence[tuple[Path, Sequence[Hints]]]


def drop_sounds(s: Session, recordings: Select[int]) -> list[str]:
    """Take the recordings (a statement that selects ids) from their sound; paths of files nothing uses any more.

    A recording keeps its call and its length, which reports count. One file may belong to several recordings. Raises
    DomainError for files of a storage whose settings are gone: they would be forgotten and stay.
    """
    # Those that have lost it already stay as they are.
    heard = select(Recording.id).join(Audio, Audio.sha256 == Recording.audio_sha256).where(Audio.path != "")
    ids = list(s.scalars(heard.where(Recording.id.in_(recordings))))
    theirs = Recording.id.in_(ids)
    refuse_without_storage(s, ids)
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
    lost = update(Recording).where(theirs).values(audio_sha256=emptied, source_name="", e164="")
    s.execute(lost, execution_options={"synchronize_session": False})
    unused = Audio.sha256.in_(had), Audio.sha256.not_in(select(Recording.audio_sha256))
    gone = delete(Audio).where(*unused).returning(Audio.path).execution_options(synchronize_session=False)
    return [path for path in s.scalars(gone) if path]


def refuse_without_storage(s: AnySession, ids: Sequence[int]) -> None:
    """Raise DomainError when one of the recordings lies in a storage whose settings are gone."""
    there = Recording.id.in_(ids), Audio.place == "s3"
    far = select(Recording.id).join(Audio, Audio.sha256 == Recording.audio_sha256).where(*there)
    if places().remote is None and s.scalar(far.limit(1)) is not None:
        raise DomainError(
            "no_storage", "Записи лежат в хранилище S3, а его настройки убраны: верните их и повторите удаление."
        )


def look_into_folder() -> Said:
    """Every file of the watched folder and what its name and its folders say; before the transaction, as it takes long.

    Raises DomainError when the folder can't be read.
    """
    with _in_words():
        return [(path, _hints(path)) for path in inbox.everything(places().inbox)]


def waiting_files(s: Session, clients: Select[int], phones: Collection[str], said: Said) -> list[Path]:
    """Files of the watched folder, whatever their state, whose names tell of the clients (a statement of their ids).

    By our id of one of their calls, or by a number of `phones` (E.164) that nobody else has; a folder's name counts
    too. `said`: of `look_into_folder`. Raises DomainError when one of them can't be deleted.
    """
    ids = {hints.attempt_id for _, parts in said for hints in parts if hints.attempt_id is not None}
    calls = _calls(s, clients, ids)
    own = {phone for _, parts in said for hints in parts for phone in hints.phones} & set(phones)
    own -= _of_others(s, clients, own)
    found = [path for path, parts in said if any(part.attempt_id in calls or own & {*part.phones} for part in parts)]
    with _in_words():
        for folder in {path.parent for path in found}:
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(folder)
    return found


def remove_waiting(paths: Iterable[Path]) -> None:
    """Delete files of the watched folder. Raises DomainError when that is forbidden."""
    with _in_words():
        for path in paths:
            path.unlink(missing_ok=True)
            # A folder of a number goes with its last file; one of a day is the recorder's own, who may need it.
            is_own = path.parent.is_dir() and bool(read_name(path.parent.name, places().zone).phones)
            if is_own and not any(path.parent.iterdir()):
                path.parent.rmdir()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DomainError(
            "inbox",
            "Файлы в папке записей удалить не удалось. Проверьте права на неё и вложенные папки и повторите удаление.",
        ) from error


def _hints(path: Path) -> list[Hints]:
    return [read_name(part, places().zone) for part in path.relative_to(places().inbox).parts]


def _calls(s: Session, clients: Select[int], ids: Collection[UUID]) -> set[UUID | None]:
    """Those of the ids that are calls of the clients."""
    theirs = CallAttempt.id.in_(ids), CallAttempt.respondent_id.in_(clients)
    return set(s.scalars(select(CallAttempt.id).where(*theirs)))


def _of_others(s: Session, clients: Select[int], phones: Collection[str]) -> set[str]:
    """Those of the numbers that somebody else has: a file that names one of them may tell of his call."""
    rows = s.scalars(
        select(RespondentPhone.e164)
        .join(Respondent, Respondent.id == RespondentPhone.respondent_id)
        .where(RespondentPhone.e164.in_(phones), Respondent.id.not_in(clients), Respondent.erased_at.is_(None))
    )
    return set(rows)
