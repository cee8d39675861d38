"""What a copy of the database says about itself and about the files that belong to it."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from nps.models import Audio, Erasure, SampleImport


def revision(connection: Connection) -> str | None:
    """The migration the database stands at; None for one that has no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def recordings(connection: Connection) -> Iterator[str]:
    """Paths of the sound files that lie on this machine, from the folder of recordings on."""
    here = Audio.path != "", Audio.place == "disk"
    yield from connection.execute(select(Audio.path).where(*here).order_by(Audio.path)).scalars()


def uploads(connection: Connection) -> Iterator[str]:
    """Paths that workbooks of loads and the rows read from them may have, from the data folder on."""
    loads = connection.execute(select(SampleImport.id, SampleImport.file_path).order_by(SampleImport.id)).all()
    yield from sorted({path for _, path in loads if path})
    yield from (f"uploads/{load_id}.rows" for load_id, _ in loads)


def acts(connection: Connection) -> set[tuple[int, str]]:
    """Acts of destroyed personal data: number and moment, which tell two acts of one number apart."""
    return {(number, at.isoformat()) for number, at in connection.execute(select(Erasure.id, Erasure.at))}
