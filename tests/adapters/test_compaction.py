"""Rows deleted long ago leave the file, whatever way SQLite was built."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine

from nps.adapters.compaction import give_back, parts

WORDS = "Вахрушев Тимур Ильич"


def held(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if WORDS.encode() in path.read_bytes()}


def test_what_was_deleted_before_is_gone_from_the_file_and_its_log(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/nps.sqlite3")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.exec_driver_sql("CREATE TABLE client (name TEXT)")
        for _ in range(300):
            connection.exec_driver_sql("INSERT INTO client VALUES (?)", (WORDS,))
        connection.commit()
        connection.exec_driver_sql("DELETE FROM client")
        connection.commit()
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        connection.rollback()
        assert held(tmp_path) == {"nps.sqlite3", "nps.sqlite3-wal"}
        assert all(give_back(engine, part) for part in parts(engine))
        assert held(tmp_path) == set()
    engine.dispose()
