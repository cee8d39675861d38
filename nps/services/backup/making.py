"""Making a copy while the system works, and looking one through.

The database comes first, then the files its rows name: whatever is added meanwhile is in neither. A file is never
changed, only added or destroyed; one that is gone by then is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from nps.adapters.backup import archive, database
from nps.adapters.backup.errors import BackupError, bad_archive, disk_troubles
from nps.adapters.backup.folders import drafts, sync
from nps.domain.wording import plural
from nps.queries import backup as queries
from nps.services.acting import act
from nps.services.backup.folders import Places
from nps.services.erased import last_act
from nps.services.transaction import AnySession

_OURS = re.compile(r"nps-\d{8}T\d{6}Z\.tar\.gz")
_FACTS = {"engine", "revision", "made_at", "audio", "rows", "missing"}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A finished copy. `missing`: files that rows name and that are not there; `dropped`: older copies removed."""

    file: Path
    size: int
    rows: dict[str, int]
    files: int
    missing: list[str]
    dropped: list[str]


def make(
    session: AnySession,
    places: Places,
    now: datetime,
    *,
    target: Path | None = None,
    with_audio: bool = True,
    keep: int | None = None,
    say: Say = lambda _: None,
) -> Made:
    """Write a copy to `target`: a file that is not there yet, or a folder (default: `backups`), for a name by the time.

    `keep` removes all but so many of the copies with such names in the folder. `now` is aware UTC. Raises BackupError;
    nothing stands under the final name then.
    """
    engine = session.get_bind().engine
    session.rollback()
    with disk_troubles("Копия не сделана"):
        places.backups.mkdir(mode=0o700, exist_ok=True)
        target = target or places.backups
        file = target / f"nps-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.gz" if target.is_dir() else target
        if file.exists():
            raise BackupError("exists", f"Файл «{file}» уже есть: укажите другое имя.")
        acts = _last_act(session)
        with drafts(file.parent) as folder:
            manifest = _write(engine, places, folder, now, with_audio, say)
            (folder / "archive").replace(file)
            sync(file.parent)
        # With its name, since an act that comes after this look finds it by that.
        if _last_act(session) != acts:
            file.unlink()
            raise BackupError("erased", "Пока копия делалась, удалили личные данные: в ней они остались бы. Повторите.")
        dropped = _drop_older(file.parent, keep) if keep else []
    size = file.stat().st_size
    # The copy stands: a database whose own disk is full does not make it a failure.
    with suppress(OperationalError), act(session, None, now) as a:
        a.record("backup_made", "backup", f"{now:%Y-%m-%dT%H:%M}", after={"bytes": size})
    return Made(file, size, manifest["rows"], len(manifest["sha256"]), manifest["missing"], dropped)


def check(places: Places, file: Path) -> dict[str, Any]:
    """Read a copy to its end, its database too; the manifest. Raises BackupError with what is wrong."""
    with disk_troubles("Копия не проверена"):
        places.backups.mkdir(mode=0o700, exist_ok=True)
        with drafts(places.backups) as folder:
            return read(file, folder / "copy", lambda name: name.startswith("database."))


def read(file: Path, into: Path, wanted: Callable[[str], bool]) -> dict[str, Any]:
    """Unpack the wanted members into a new folder and verify the database among them; the manifest.

    Raises BackupError for what is not a whole copy, OSError of the disk.
    """
    into.mkdir(mode=0o700)
    manifest = archive.unpack(file, into, wanted)
    if not manifest.keys() >= _FACTS:
        raise bad_archive("опись неполна")
    copy = into / database.member(manifest["engine"])
    if not copy.exists():
        raise bad_archive("в ней нет базы данных")
    if database.verify(copy) != manifest["rows"]:
        raise bad_archive("число строк в таблицах не сходится с описью")
    return manifest


def _write(engine: Engine, places: Places, folder: Path, now: datetime, with_audio: bool, say: Say) -> dict[str, Any]:
    """Write the archive into `folder`; its manifest."""
    copy = folder / database.member(engine.dialect.name)
    say("Копирую базу данных…")
    with database.copied(engine, copy) as connection:
        revision = queries.revision(connection)
        if revision is None:
            raise BackupError("no_tables", "В базе данных ещё нет таблиц: копировать нечего.")
        facts = {
            "engine": engine.dialect.name,
            "revision": revision,
            "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "audio": with_audio,
            "rows": database.rows(connection),
        }
        recordings = list(queries.recordings(connection)) if with_audio else []
        uploads = list(queries.uploads(connection))
    if database.verify(copy) != facts["rows"]:
        raise BackupError("not_whole", "Копия базы данных неполна: повторите, а если не поможет, проверьте диск.")
    with archive.writing(folder / "archive") as writer:
        audio = len(recordings)
        say(f"База данных скопирована. Записываю её и {audio} {plural(audio, 'файл', 'файла', 'файлов')} разговоров…")
        writer.add_path(copy.name, copy)
        found = {path: writer.add_path(f"recordings/{path}", places.recordings / path) for path in recordings}
        for path in uploads:
            writer.add_path(path, places.data / path)
        for letter in sorted(places.letters.glob("[!.]*.eml")):
            writer.add_path(f"mail/{letter.name}", letter)
        if not places.settings.get("SECRET_KEY"):
            writer.add_path("secret_key", places.secret_key)
        writer.add_text("settings.env", places.settings_text)
        return writer.finish({**facts, "missing": [path for path, is_there in found.items() if not is_there]})


def _last_act(session: AnySession) -> int:
    """The newest act; of a database without tables none, and what is wrong with that is said by the copy itself."""
    try:
        return last_act(session)
    except DBAPIError:
        return 0
    finally:
        session.rollback()


def _drop_older(folder: Path, keep: int) -> list[str]:
    ours = sorted((path for path in folder.iterdir() if _OURS.fullmatch(path.name)), reverse=True)
    for path in ours[keep:]:
        # Another copy that ended at the same time does the same.
        path.unlink(missing_ok=True)
    return [path.name for path in ours[keep:]]
