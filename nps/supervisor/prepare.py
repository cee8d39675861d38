"""Bring the database to the present version and make what a new installation needs; prints one JSON object.

A process of its own (`python -m nps.supervisor.prepare`): the supervisor itself never loads the application.
"""

import contextlib
import io
import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import flask_migrate
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from nps.app import create_app
from nps.config import ConfigError, Settings
from nps.extensions import db
from nps.extensions import migrate as migrations
from nps.services.backup import UNFINISHED


def main() -> int:
    """Prepare the database of this environment; 0, or 1 with a Russian sentence on standard error."""
    os.umask(0o077)
    try:
        settings = Settings.from_env()
        if (settings.data / UNFINISHED).exists():
            raise ConfigError("Восстановление из копии не закончено: повторите flask nps restore, потом запускайте.")
        app = create_app(settings)
        with app.app_context():
            answer = {"copy": migrate(settings), **first_run(app.cli)}
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except CommandError as error:
        print(f"База данных не от этой версии программы: {error}", file=sys.stderr)
        return 1
    except OperationalError as error:
        print(f"База данных не отвечает: {error.orig}", file=sys.stderr)
        return 1
    json.dump(answer, sys.stdout, ensure_ascii=False)
    return 0


def migrate(settings: Settings) -> str | None:
    """Apply the migrations that are missing, if any; the path of the copy made of a SQLite file before."""
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(migrations.get_config())
    if set(present) == set(scripts.get_heads()):
        return None
    copy = _copy(settings, present) if present and settings.sqlite_file else None
    flask_migrate.upgrade(directory=migrations.directory)
    return copy


def _copy(settings: Settings, present: tuple[str, ...]) -> str:
    """A whole copy of the SQLite file, its write-ahead log included."""
    assert settings.sqlite_file is not None
    folder = settings.data / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target: Path = folder / f"nps-{'-'.join(present)}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite3"
    with closing(sqlite3.connect(settings.sqlite_file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return str(target)


def first_run(commands: click.Group) -> dict[str, Any]:
    """What `flask nps first-run --json` answers: accounts made now, and what to do first."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        commands.main(["nps", "first-run", "--json"], prog_name="flask", standalone_mode=False)
    answer: dict[str, Any] = json.loads(output.getvalue() or "{}")
    return answer


if __name__ == "__main__":
    sys.exit(main())
