"""Putting a copy back, while the system stands still.

Everything is read and compared before anything is touched. From the first move to the last line of `hold_back` a mark
lies in the data folder, and the system does not start while it does: a restored database would otherwise send what it
believes to be waiting.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from nps.adapters.backup import database
from nps.adapters.backup.crossing.comparing import Crossing
from nps.adapters.backup.errors import BackupError, disk_troubles
from nps.adapters.backup.folders import drafts, move_contents, move_file, stopped, sync
from nps.queries import backup as queries
from nps.services.backup.folders import Places
from nps.services.backup.holding_back import hold_back
from nps.services.backup.making import Say, read
from nps.services.transaction import AnySession

#: Brings the tables behind a connection (None: the application's own) to a revision.
Migrate = Callable[[Connection | None, str], None]
#: The mark of a restore that has begun and not ended.
UNFINISHED = "restore.unfinished"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back.

    `lost_acts`: numbers of acts of destroyed personal data that the copy is older than. `sums`: of each table's values,
    the same on both engines, when the copy has come from the other one, else {}.
    """

    made_at: str
    rows: dict[str, int]
    missing: list[str]
    aside: Path
    other_settings: Path | None
    letters_held: int
    sessions_ended: int
    lost_acts: list[int]
    sums: dict[str, str]


def restore(
    session: AnySession,
    places: Places,
    file: Path,
    now: datetime,
    *,
    known: Collection[str],
    migrate: Migrate,
    say: Say = lambda _: None,
) -> Restored:
    """Replace database and files by those of the copy; the present ones go to `backups/before-restore-<UTC>`.

    The copy may be of the other engine. `known`: migrations of this version. A copy without sound files leaves those in
    place. `now` is aware UTC. Raises BackupError; when it had begun by then, the system does not start before a restore
    has come to its end.
    """
    engine = session.get_bind().engine
    session.rollback()
    with disk_troubles("Копия не восстановлена"), stopped(places.data):
        places.backups.mkdir(mode=0o700, exist_ok=True)
        with drafts(places.backups) as folder:
            copy = folder / "copy"
            say("Проверяю копию…")
            manifest = _read(file, copy, known)
            acts = _acts(engine)
            say("Копия цела. Заменяю данные…")
            aside = places.backups / f"before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
            crossing = Crossing(manifest["revision"], sum(manifest["rows"].values()), migrate, say)
            member = database.member(manifest["engine"])
            sums = _replace_database(engine, places, copy / member, folder / "aside", crossing, aside)
            _replace_files(places, copy, aside, manifest)
            other_settings = _keep_settings(places, copy / "settings.env")
        migrate(None, "head")
        held = hold_back(session, manifest["made_at"], now)
        # All that was moved is on the disk before the mark goes.
        os.sync()
        (places.data / UNFINISHED).unlink()
    lost = sorted(number for number, _ in acts - _acts(engine))
    facts = manifest["made_at"], manifest["rows"], manifest["missing"]
    return Restored(*facts, aside, other_settings, *held, lost, sums)


def _read(file: Path, into: Path, known: Collection[str]) -> dict[str, Any]:
    manifest = read(file, into, lambda _: True)
    if manifest["revision"] not in known:
        raise BackupError("newer", "Копию сделала более новая версия программы: обновите программу и повторите.")
    return manifest


def _replace_database(
    engine: Engine, places: Places, copy: Path, kept: Path, crossing: Crossing, aside: Path
) -> dict[str, str]:
    """Put `copy` in the place of the database, which goes into `kept`, then `aside` under the mark; the sums."""
    kept.mkdir(mode=0o700)
    database.dump_aside(engine, kept)
    with database.replacement(engine, copy, crossing) as replacement:
        kept.replace(aside)
        (places.data / UNFINISHED).touch(mode=0o600)
        sync(places.data)
        replacement.put_back(aside)
    return replacement.sums


def _replace_files(places: Places, copy: Path, aside: Path, manifest: dict[str, Any]) -> None:
    folders = {"uploads": places.data / "uploads", "mail": places.letters}
    if manifest["audio"]:
        folders["recordings"] = places.recordings
    for name, folder in folders.items():
        move_contents(folder, aside / name)
        move_contents(copy / name, folder)
    if (copy / "secret_key").exists():
        move_file(places.secret_key, aside / "secret_key")
        move_file(copy / "secret_key", places.secret_key)


def _keep_settings(places: Places, settings: Path) -> Path | None:
    """Lay the copy's settings beside when they differ: what this machine was started with stays what it is."""
    if settings.read_text(encoding="utf-8") == places.settings_text:
        return None
    target = places.data / "restored.env"
    shutil.move(settings, target)
    return target


def _acts(engine: Engine) -> set[tuple[int, str]]:
    """Acts in the present database; none when it is not there or can't be read, which is why one restores."""
    try:
        with engine.connect() as connection:
            return queries.acts(connection)
    except SQLAlchemyError:
        return set()
    finally:
        engine.dispose()
