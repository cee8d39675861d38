"""PostgreSQL's own tools. Password and address go through the environment: a command line is seen by all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from psycopg.pq import Conninfo
from sqlalchemy import Engine

from nps.adapters.backup.errors import BackupError

_CLUSTERS = Path("/usr/lib/postgresql")
#: Restoring drops tables: somebody who has one open is waited for no longer.
_LOCK_TIMEOUT = "-c lock_timeout=20s"
#: The script drops what the copy knows. A table of a later version would keep those it refers to from being dropped,
#: and its function would be in the way of the migration that makes it.
DROP_ALL = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE 'DROP TABLE ' || name || ' CASCADE';
  END LOOP;
  FOR name IN SELECT oid::regprocedure FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole LOOP
    EXECUTE 'DROP FUNCTION ' || name;
  END LOOP;
END $$
"""


def dump(engine: Engine, target: Path, snapshot: str | None = None) -> None:
    """Dump the database to a file, as it is in `snapshot` when one is given. Raises OSError, BackupError."""
    # Not compressed here: the archive is.
    options = ("--format=custom", "--compress=0", *([f"--snapshot={snapshot}"] if snapshot else []))
    # Written by us, not by pg_dump: a full disk is then told like any other.
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        command = [_tool("pg_dump"), "--no-password", *options]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=_environ(engine)) as process,
        ):
            assert process.stdout is not None
            try:
                shutil.copyfileobj(process.stdout, file, 1024 * 1024)
            except BaseException:
                process.kill()
                raise
            if process.wait():
                said.seek(0)
                raise _failed("pg_dump", said.read())


def to_script(copy: Path, script: Path) -> None:
    """Turn a dump into the SQL that makes it anew, which reads all of it. Raises OSError, BackupError."""
    options = ("--no-owner", "--no-privileges", "--clean", "--if-exists")
    with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        _run("pg_restore", (*options, "--file=-", str(copy)), dict(os.environ), file.fileno())


def load(engine: Engine, script: Path) -> None:
    """Replace the tables of the database by those of the script, in one transaction. Raises OSError, BackupError."""
    options = ("-X", "-q", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1")
    environ = _environ(engine)
    environ["PGOPTIONS"] = f"{environ.get('PGOPTIONS', '')} {_LOCK_TIMEOUT}"
    _run("psql", (*options, "-c", DROP_ALL, "-f", str(script)), environ, subprocess.DEVNULL)


def _run(program: str, options: Sequence[str], environ: dict[str, str], stdout: int) -> None:
    done = subprocess.run([_tool(program), *options], stdout=stdout, stderr=subprocess.PIPE, env=environ, check=False)
    if done.returncode:
        raise _failed(program, done.stderr)


def _failed(program: str, said: bytes) -> BackupError:
    lines = said.decode(errors="replace").strip().splitlines()
    return BackupError("tool_failed", f"{program} не справилась: {lines[0] if lines else 'остановлена'}.")


def _tool(program: str) -> str:
    """The newest there is: an older one refuses a newer server."""
    installed = [path for path in _CLUSTERS.glob(f"*/bin/{program}") if path.parts[-3].isdigit()]
    newest = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    found = str(newest) if newest else shutil.which(program)
    if found is None:
        raise BackupError("no_tool", f"Нет программы {program}: установите её, apt-get install postgresql-client.")
    return found


def _environ(engine: Engine) -> dict[str, str]:
    names = {option.keyword: option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    given = engine.dialect.create_connect_args(engine.url)[1]
    settings = {names[key.encode()]: str(value) for key, value in given.items() if key.encode() in names}
    return {**os.environ, **settings}
