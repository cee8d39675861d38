"""Runs the child that reads, and gives its lines on."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

import nps
from nps.adapters.sample_sheet import container
from nps.adapters.sample_sheet.errors import SheetError, is_known
from nps.adapters.sample_sheet.limits import CHILD_WALL_S

_ROOT = Path(nps.__path__[0]).parent
log = logging.getLogger(__name__)
_MODULE = "nps.adapters.sample_sheet.child"


@dataclass(frozen=True, slots=True)
class SheetStart:
    """A sheet begins; nothing of a hidden one is read."""

    name: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with something in it; `number` is the one that Excel shows, from 1.

    `unseen`: whoever opens the workbook does not see it: hidden, filtered out or folded away.
    """

    number: int
    cells: tuple[str, ...]
    unseen: bool = False


def read(
    path: Path, wall_s: float = CHILD_WALL_S, text_as: tuple[str, str] = ("", "")
) -> Iterator[SheetStart | SheetRow]:
    """Yield what the workbook holds, sheet by sheet. `text_as`: encoding and separator of a text file, '' to find out.

    Raises SheetError, also after rows have been given: a caller keeps nothing before the end. Closing the
    generator ends the child.
    """
    if not path.is_file():
        raise SheetError("lost")
    kind = container.check(path)
    until = time.monotonic() + wall_s
    given = False
    try:
        for event in _read(path, kind, "fast", wall_s, text_as):
            given = True
            yield event
    except SheetError as error:
        # calamine ends its process when a sheet does not fit into memory; openpyxl reads row by row.
        if given or error.code != "heavy" or kind != "xlsx":
            raise
        yield from _read(path, kind, "careful", until - time.monotonic(), text_as)


def _read(
    path: Path, kind: str, reader: str, wall_s: float, text_as: tuple[str, str]
) -> Iterator[SheetStart | SheetRow]:
    with tempfile.TemporaryFile() as said:
        child = python_child(_MODULE, str(path.resolve()), kind, reader, *text_as, stderr=said)
        clock = threading.Timer(max(0.0, wall_s), child.kill)
        clock.daemon = True
        clock.start()
        try:
            yield from _lines(child)
        finally:
            clock.cancel()
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
            said.seek(0)
            if words := said.read(2000):
                log.info("%s: %s", path.name, words.decode(errors="replace").strip())


def python_child(
    module: str, *arguments: str, stdin: IO[Any] | int = subprocess.DEVNULL, stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a module of ours as a child; its last argument is our own process id.

    Nothing of our environment goes in: it holds the passwords of database and mail.
    """
    environ = {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments, str(os.getpid())],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environ,
        cwd="/",
    )


def _lines(child: subprocess.Popen[bytes]) -> Iterator[SheetStart | SheetRow]:
    assert child.stdout is not None
    for line in child.stdout:
        value = _parsed(line)
        if isinstance(value, list):
            yield SheetRow(value[0], tuple(value[1]), len(value) > 2)
        elif "sheet" in value:
            yield SheetStart(value["sheet"], value["hidden"])
        elif value.get("done"):
            return
        else:
            code = value.get("error")
            raise SheetError(code if is_known(code) else "damaged", str(value.get("place", ""))[:12])
    # Silence instead of an end: killed by a limit, or by the parser itself.
    raise SheetError("heavy")


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:  # half a line: the child was killed while writing it
        raise SheetError("heavy") from None
