"""A PostgreSQL server of the tests' own: Debian's binaries, a socket in a short folder, no network."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.memory import in_memory


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("PostgreSQL is not installed: bin/test installs it, or set NPS_TEST_WITHOUT_POSTGRES=1")
    return Path(on_path).resolve().parent


class PostgresServer:
    """A running cluster; `url(database)` is an SQLAlchemy address in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.binaries = _binaries()
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []

    def start(self) -> None:
        if self.as_user:
            shutil.chown(self.folder, "postgres")
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            "nps",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "trust",
            "--no-sync",
        )
        self.go()

    def go(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [*self.as_user, str(self.binaries / program), *args],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://nps@/{database}?host={quote(str(self.folder))}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="nps", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def create(self, database: str, template: str) -> None:
        """A database as its template is now: its files are copied, in half the time that the log takes."""
        self.execute(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")

    def drop(self, database: str) -> None:
        """Drops the database of a test that has ended; AssertionError when the test left a connection open."""
        left = self._connections(database)
        if left:
            gc.collect()
            left = self._connections(database)
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")
        assert not left, f"connections left open: {left}"

    def _connections(self, database: str) -> list[str]:
        """What each open connection did last; a server ends one a moment after its client has closed it."""
        query = "SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = %s AND backend_type = %s"
        with psycopg.connect(host=str(self.folder), user="nps", dbname="postgres", autocommit=True) as connection:
            for _ in range(20):
                rows = connection.execute(query, (database, "client backend")).fetchall()
                if not rows:
                    break
                connection.execute("SELECT pg_sleep(0.01)")
            return [row[0] for row in rows]


@contextlib.contextmanager
def running() -> Iterator[PostgresServer]:
    """A fresh cluster for the block. Outside the home of root: the server runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="nps-pg-", dir=in_memory() or "/tmp"))
    folder.chmod(0o755)
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        with contextlib.suppress(RuntimeError):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
