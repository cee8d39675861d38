"""Tables and rows in the SQL that pg_restore makes of a dump: no server is needed to read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import IO

from nps.adapters.backup.errors import bad_archive

#: A table's columns and their types, as `format_type` names them.
Types = dict[str, dict[str, str]]
_NAME = r'(?:"?\w+"?\.)?"?(\w+)"?'
_TABLE = re.compile(rf"CREATE TABLE {_NAME} \(\n")
_COLUMN = re.compile(r'    "?(\w+)"? (.+?)(?: DEFAULT .+?)?(?: NOT NULL)?,?\n')
_COPY = re.compile(rf"COPY {_NAME} \((.*)\) FROM stdin;\n")
_END = b"\\.\n"


def types(script: Path) -> Types:
    """The types of all columns; the script says them before the first row. Raises OSError."""
    found: Types = {}
    with script.open(encoding="utf-8") as file:
        for line in file:
            if table := _TABLE.fullmatch(line):
                inside = takewhile(lambda each: each != ");\n", file)
                found[table[1]] = {
                    column[1]: column[2]
                    for each in inside
                    if not each.startswith("    CONSTRAINT ") and (column := _COLUMN.fullmatch(each))
                }
            elif _COPY.fullmatch(line):
                break
    return found


def tables(script: Path) -> Iterator[tuple[str, list[str], Iterator[bytes]]]:
    """Each table's name, columns and rows, a line of COPY each; read the rows before asking for the next table."""
    with script.open("rb") as file:
        for line in file:
            # No value makes a line like this one: COPY escapes backslashes, and rows are read below.
            if line.startswith(b"COPY ") and (copy := _COPY.fullmatch(line.decode())):
                yield copy[1], copy[2].replace('"', "").split(", "), _lines(file)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    for line in file:
        if line == _END:
            return
        yield line[:-1]
    raise bad_archive("таблица в ней обрывается")
