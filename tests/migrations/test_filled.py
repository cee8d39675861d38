"""Each migration runs on a database in the middle of a survey, on both engines, and keeps every row of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Column, Connection, MetaData, Table, func, select

from nps.extensions import db
from nps.models import CallAttempt
from tests import postgres_server
from tests.conftest import make_app
from tests.e2e import filled
from tests.e2e.system import running
from tests.live import ROOT

REVISIONS = [script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()][1:]
#: Rows that the migrations themselves put there; test_migrations.py compares them with the domain's.
SEEDED = ("region", "disposition", "alembic_version")
#: Rows of an older table that came with a newer one: table -> column, value, and the table without which none is there.
CAME_WITH = {"outbox": ("kind", "report", "report_subscription")}


@pytest.fixture(scope="module")
def lived_in(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A system with something in nearly every table, on SQLite."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    with running(folder / "data", f"sqlite:///{folder}/nps.sqlite3", filled.NOW) as system:
        filled.fill(system)
        yield system.app


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path}/old.sqlite3"
        return
    server: postgres_server.PostgresServer = request.getfixturevalue("postgres")
    server.execute("CREATE DATABASE old")
    yield server.url("old")
    server.drop("old")


def reflected(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(connection, views=False)
    return {table.name: table for table in metadata.sorted_tables}


def counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in reflected(connection).items()
        if name not in SEEDED
    }


def pour(source: Connection, target: Connection) -> None:
    """Copy all rows into the columns that the older tables have; what those columns' models say about types holds."""
    known, there = db.metadata.tables, reflected(target)
    for name, old in there.items():
        if name in SEEDED:
            continue
        columns = [each for each in known[name].columns if each.name in old.columns]
        rows = [dict(row) for row in source.execute(select(*columns)).mappings()]
        column, value, newer = CAME_WITH.get(name, ("", "", ""))
        if newer and newer not in there:
            rows = [row for row in rows if row[column] != value]
        if rows:
            # Without the newer columns' defaults, which an insert into the model's own table would add.
            target.execute(Table(name, MetaData(), *(Column(c.name, c.type) for c in columns)).insert(), rows)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_lived_in_database_of_an_earlier_release_reaches_the_newest_tables(
    revision: str, lived_in: Flask, empty_url: str, tmp_path: Path
) -> None:
    old = make_app(tmp_path / "data", empty_url)
    with old.app_context():
        upgrade(revision=revision)
        with (
            lived_in.app_context(),
            db.engine.connect() as source,
            old.app_context(),
            db.engine.begin() as target,
        ):
            pour(source, target)
            before = counts(target)
        assert before["call_attempt"] > 20
        upgrade()
        with db.engine.connect() as connection:
            after = counts(connection)
        assert {name: after[name] for name in before} == before
        assert len(db.session.scalars(select(CallAttempt)).all()) == before["call_attempt"]
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
