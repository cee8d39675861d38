"""`flask nps backup` and `restore` from one engine to the other: every value arrives, or nothing is changed."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError

from nps.adapters.backup import archive, database
from nps.adapters.backup.crossing.values import kind_of
from nps.config import PROJECT_ROOT
from nps.extensions import db
from nps.models import FrozenReport, Journal, Outbox
from nps.queries.backup import revision
from nps.services.backup.holding_back import hold_back
from nps.services.journal import record
from tests import factories
from tests.cli import test_backup as commands
from tests.cli.test_backup import GONE, contents, folder, remade, settings
from tests.conftest import ENGINES, make_app
from tests.e2e import filled
from tests.e2e.system import running
from tests.every_table import empty_tables, fill_the_rest
from tests.migrations.test_filled import REVISIONS, counts, pour
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)
_numbers = itertools.count(1)
#: What makes tables what they are, a line each.
SCHEMA = {
    "postgresql": """
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) FROM pg_constraint
      WHERE connamespace = current_schema()::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
    UNION ALL SELECT concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT viewname || definition FROM pg_views WHERE schemaname = current_schema()
    UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default,
      character_maximum_length) FROM information_schema.columns WHERE table_schema = current_schema()""",
    "sqlite": "SELECT type || name || coalesce(sql, '') FROM sqlite_schema",
}


def run(app: Flask, *words: object) -> Result:
    """A command of that installation: several are open here, and Flask takes the context that is."""
    with app.app_context():
        return commands.run(app, *words)


def told(app: Flask, *words: object) -> dict[str, Any]:
    with app.app_context():
        return commands.told(app, *words)


@contextmanager
def installation(data: Path, url: str) -> Iterator[Flask]:
    app = make_app(data, url)
    data.mkdir(exist_ok=True, parents=True)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="module")
def lived_in(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a system with something in every table, on SQLite; sessions and letters are held back."""
    place = tmp_path_factory.mktemp("lived-in")
    shutil.copy(sqlite_template, place / "nps.sqlite3")
    with running(place / "data", f"sqlite:///{place}/nps.sqlite3", filled.NOW) as system:
        filled.fill(system)
        with system.app.app_context():
            fill_the_rest(db.session())
            hold_back(db.session(), "2026-11-19T07:20", filled.NOW)
            assert empty_tables(db.session()) == [], "a row for each in tests/every_table.py"
    return place


@pytest.fixture
def old(lived_in: Path, tmp_path: Path) -> Iterator[Flask]:
    """A copy of `lived_in` to work with."""
    shutil.copytree(lived_in, tmp_path / "old", ignore=shutil.ignore_patterns("*.sock", "redis"))
    with installation(tmp_path / "old" / "data", f"sqlite:///{tmp_path}/old/nps.sqlite3") as app:
        yield app


@pytest.fixture
def fresh(
    engine_name: str, postgres: PostgresServer, sqlite_template: Path, postgres_template: str, tmp_path: Path
) -> Iterator[Callable[..., Flask]]:
    """`fresh("postgresql")`: a new installation on that engine, with tables when they are asked for."""
    left = ExitStack()

    def make(engine: str, with_tables: bool = False) -> Flask:
        name = f"moved{next(_numbers)}"
        if engine == "sqlite":
            (tmp_path / name).mkdir()
            if with_tables:
                shutil.copy(sqlite_template, tmp_path / name / "nps.sqlite3")
            return left.enter_context(
                installation(tmp_path / name / "data", f"sqlite:///{tmp_path}/{name}/nps.sqlite3")
            )
        template = f" TEMPLATE {postgres_template}" if with_tables else ""
        postgres.execute(f"CREATE DATABASE {name}{template}")
        # A server of another zone writes instants in another way.
        postgres.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'")
        left.callback(postgres.drop, name)
        return left.enter_context(installation(tmp_path / name / "data", postgres.url(name)))

    with left:
        yield make


@contextmanager
def within(app: Flask) -> Iterator[sa.Connection]:
    with app.app_context(), db.engine.connect() as connection:
        yield connection


def values(app: Flask) -> dict[str, list[str]]:
    """Every row of every table as Python sees it."""
    with within(app) as connection:
        tables = db.metadata.sorted_tables
        return {table.name: sorted(repr(row) for row in connection.execute(select(table))) for table in tables}


def schema(app: Flask) -> list[str]:
    with within(app) as connection:
        found = connection.execute(sa.text(SCHEMA[connection.dialect.name])).scalars()
        # A table that SQLite has rebuilt lists its constraints in any order.
        return sorted("".join(sorted(line.strip(" \t,") for line in each.splitlines())) for each in found)


def without_journal(of_tables: dict[str, Any]) -> dict[str, Any]:
    """All but the table in which each restore leaves a line."""
    return {name: value for name, value in of_tables.items() if name != "journal"}


def test_every_value_goes_to_postgresql_and_back(old: Flask, fresh: Callable[..., Flask], tmp_path: Path) -> None:
    began = values(old)
    copy = told(old, "backup", tmp_path / "there.tar.gz")["file"]
    new = fresh("postgresql")
    there = told(new, "restore", copy, "--yes")
    assert there["sums"].keys() == {*began, "alembic_version"}
    assert without_journal(values(new)) == without_journal(began)
    assert set(values(new)["journal"]) > set(began["journal"])
    assert schema(new) == schema(fresh("postgresql", with_tables=True))
    assert contents(folder(new) / "recordings") == contents(folder(old) / "recordings") != {}

    back = fresh("sqlite")
    copy = told(new, "backup", tmp_path / "back.tar.gz")["file"]
    assert told(back, "backup", "--check", copy)["engine"] == "postgresql"
    again = told(back, "restore", copy, "--yes")
    assert without_journal(again["sums"]) == without_journal(there["sums"])
    assert without_journal(values(back)) == without_journal(began)
    assert set(values(back)["journal"]) > set(began["journal"])
    assert schema(back) == schema(fresh("sqlite", with_tables=True))
    assert contents(folder(back) / "recordings") == contents(folder(old) / "recordings")
    for app in (new, back):
        with within(app) as connection:
            assert connection.execute(select(sa.func.count()).select_from(Outbox)).scalar_one() > 0


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_the_system_works_on_after_the_move(
    engine: str, old: Flask, fresh: Callable[..., Flask], tmp_path: Path
) -> None:
    copy = told(old, "backup", tmp_path / "there.tar.gz")["file"]
    app = fresh("postgresql")
    told(app, "restore", copy, "--yes")
    if engine == "sqlite":
        copy = told(app, "backup", tmp_path / "back.tar.gz")["file"]
        app = fresh("sqlite")
        told(app, "restore", copy, "--yes")
    prepare = [sys.executable, "-X", "utf8", "-m", "nps.supervisor.prepare"]
    subprocess.run(prepare, cwd=PROJECT_ROOT, env=settings(app), capture_output=True, check=True)
    with app.app_context():
        session = db.session()
        person = app.test_client()
        assert person.post("/login", data={"login": "manager", "password": factories.PASSWORD}).status_code == 303
        assert person.get("/campaigns").status_code == 200
        campaign = factories.campaign(session)
        client = factories.respondent(session, campaign)
        factories.attempt(session, client, factories.member(session, campaign), "surveyed")
        record(session, at=factories.NOW, action="x", object_kind="x", object_id=1)
        session.commit()
        for change in (update(Journal).values(action="y"), delete(Journal), delete(FrozenReport)):
            with pytest.raises(DatabaseError):
                session.execute(change)
            session.rollback()


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_copy_of_the_first_version_is_migrated_on_its_way(
    source: str, target: str, old: Flask, fresh: Callable[..., Flask], tmp_path: Path
) -> None:
    first, new = fresh(source), fresh(target)
    with within(old) as rows, first.app_context():
        upgrade(revision=REVISIONS[-1])
        with db.engine.begin() as connection:
            pour(rows, connection)
            before = counts(connection)
    told(new, "restore", copy_of_its_time(first, tmp_path / "first.tar.gz"), "--yes")
    with within(new) as connection:
        after = counts(connection)
    assert {name: after[name] for name in before} == before | {"journal": before["journal"] + 1}
    assert schema(new) == schema(fresh(target, with_tables=True))


def copy_of_its_time(app: Flask, target: Path) -> Path:
    """The archive that an older program made of its older tables, which this one can't read files' names from."""
    with app.app_context(), archive.writing(target) as writer:
        engine = db.engine.dialect.name
        file = target.with_name(database.member(engine))
        with database.copied(db.engine, file) as connection:
            facts = {"engine": engine, "revision": revision(connection), "rows": database.rows(connection)}
        writer.add_path(file.name, file)
        writer.add_text("settings.env", "")
        writer.finish({**facts, "made_at": "2026-11-19T07:20:00+00:00", "audio": False, "missing": []})
    return target


def planted(app: Flask, *statements: str) -> None:
    """Run SQL on a SQLite file as a tool from outside would: without keys."""
    with closing(sqlite3.connect(file_of(app))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def file_of(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.url.database)


#: Table, which row, column, what is planted there, what is said of it.
UNFIT = [
    ("respondent", 2, "contact", "'Иван' || char(0) || 'ов'", "в тексте есть нулевой знак (код 0)"),
    ("respondent", 3, "organisation", "printf('%.400c', 'я')", "в тексте 400 знаков, помещается 300"),
    ("shift", 1, "spoken_name", "CAST(x'ff41' AS TEXT)", "текст не в UTF-8"),
    ("recording", 1, "problem", "x'00ff'", "это не текст"),
    ("call_attempt", 1, "talk_ms", "3000000000", "число 3000000000 не помещается, наибольшее — 2147483647"),
    ("call_attempt", 2, "ring_ms", "'мало'", "это не целое число"),
    ("call_attempt", 3, "dialled_at", "'2026-11-31 00:00:00.000000'", "это не дата или время вида 2026-01-31 08:30"),
    ("campaign_day", 1, "day", "'31.11.2026'", "это не дата или время вида 2026-01-31"),
    ("user_account", 1, "active", "2", "это не «да» и не «нет»"),
    ("answer", 1, "value", "'{oops'", "это не JSON"),
    ("answer", 2, "value", "'[NaN]'", "в JSON стоит NaN"),
]


def test_values_that_postgresql_refuses_are_named_and_nothing_is_changed(
    old: Flask, fresh: Callable[..., Flask], tmp_path: Path
) -> None:
    file = told(old, "backup", tmp_path / "good.tar.gz")["file"]
    new = fresh("postgresql")
    told(new, "restore", file, "--yes")
    before, files = values(new), contents(folder(new))
    planted(old, *(f"UPDATE {table} SET {name} = {what} WHERE rowid = {row}" for table, row, name, what, _ in UNFIT))
    said = run(new, "restore", told(old, "backup", tmp_path / "bad.tar.gz")["file"], "--yes")
    assert said.exit_code == 1
    for table, row, name, _, why in UNFIT:
        key = "" if table == "call_attempt" else f" {row}"
        assert re.search(rf"{table}, id{key}.*, столбец {name}: {re.escape(why)}", said.stderr), said.stderr
    assert "Иван" not in said.stderr and "oops" not in said.stderr, "values are personal data"
    assert values(new) == before
    assert contents(folder(new)) == files, "no mark and no folder of a restore"


def remade_with(app: Flask, copy: str, target: Path) -> Path:
    """A copy's archive with the SQLite file of `app` as it is, whatever it holds."""
    plain = target.with_suffix(".sqlite3")
    planted(app, f"VACUUM INTO '{plain}'")
    content = plain.read_bytes()
    with tarfile.open(copy) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    manifest["sha256"]["database.sqlite3"] = sha256(content).hexdigest()
    return remade(Path(copy), target, database=content, manifest=json.dumps(manifest).encode())


def test_a_key_that_points_nowhere_is_named(old: Flask, fresh: Callable[..., Flask], tmp_path: Path) -> None:
    copy = told(old, "backup", tmp_path / "good.tar.gz")["file"]
    planted(old, "UPDATE respondent SET branch_id = 999999 WHERE id = 4")
    for app, words in (
        (old, ("backup", tmp_path / "bad.tar.gz")),
        (fresh("postgresql"), ("restore", remade_with(old, copy, tmp_path / "made.tar.gz"), "--yes")),
    ):
        said = run(app, *words)
        assert said.exit_code == 1
        assert "respondent, id 4: branch_id 999999, а такой строки в таблице branch нет" in said.stderr


#: `flask`, but it stops for ever when it has told a line that begins so, and says by a file that it has.
STOPPED_AT = """
import signal, sys
from pathlib import Path
from flask.cli import main
from nps.cli import backup
say, (_, point, reached, *words) = backup._say, sys.argv
def stop(line):
    say(line)
    if line.startswith(point):
        Path(reached).touch()
        signal.pause()
backup._say, sys.argv = stop, ["flask", *words]
main()
"""


@pytest.mark.parametrize("point", ["Перенесено", "Сверяю"], ids=["rows", "comparing"])
@pytest.mark.parametrize("target", ["postgresql", "sqlite"])
def test_a_move_that_is_killed_leaves_the_target_as_it_was(
    point: str, target: str, old: Flask, fresh: Callable[..., Flask], tmp_path: Path
) -> None:
    copy = told(old, "backup", tmp_path / "there.tar.gz")["file"]
    new = fresh(target, with_tables=True)
    if target == "sqlite":
        between = fresh("postgresql")
        told(between, "restore", copy, "--yes")
        copy = told(between, "backup", tmp_path / "between.tar.gz")["file"]
    with new.app_context():
        factories.campaign(db.session())
    before = values(new)
    reached = tmp_path / "reached"
    command = [sys.executable, "-X", "utf8", "-c", STOPPED_AT, point, str(reached), "nps", "restore", copy, "--yes"]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, env=settings(new), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + GONE
        while not reached.exists():
            assert process.poll() is None and time.monotonic() < deadline, "the restore did not come to its point"
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.kill()
        process.communicate(timeout=GONE)
    assert values(new) == before
    prepare = [sys.executable, "-X", "utf8", "-m", "nps.supervisor.prepare"]
    subprocess.run(prepare, cwd=PROJECT_ROOT, env=settings(new), capture_output=True, check=True)
    said = told(new, "restore", copy, "--yes")
    assert [path.name for path in (folder(new) / "backups").iterdir()] == [Path(said["aside"]).name]


def test_a_copy_with_other_tables_is_refused(old: Flask, fresh: Callable[..., Flask], tmp_path: Path) -> None:
    planted(old, "CREATE TABLE stranger (id INTEGER PRIMARY KEY)")
    said = run(fresh("postgresql"), "restore", told(old, "backup", tmp_path / "copy.tar.gz")["file"], "--yes")
    assert said.exit_code == 1
    assert "Таблицы копии не те, что у этой версии программы: stranger." in said.stderr


def test_every_type_of_a_column_is_known_to_the_move(engine_name: str) -> None:
    columns = [column for table in db.metadata.tables.values() for column in table.columns]
    used = {column.type.compile(postgresql.dialect()).lower() for column in columns}
    assert {name for name in used if kind_of(name.replace("varchar", "character varying")) is None} == set()
