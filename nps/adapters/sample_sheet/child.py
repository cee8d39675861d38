"""Reads a workbook where it can harm nobody.

`python -m nps.adapters.sample_sheet.child FILE KIND READER ENCODING SEPARATOR PARENT_PID`

Limits on memory and processor time are set before a byte of the file is looked at, and the kernel ends this process
together with its parent. Standard output is one JSON value a line: `{"sheet": name, "hidden": bool}`, then
`[row number, [texts]]` for each filled row, `[row number, [texts], 1]` for one that is out of sight, at the end
`{"done": true}` or `{"error": code, "place": cell}`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from nps.adapters.sample_sheet import cage, sheet_xml
from nps.adapters.sample_sheet.sheet_xml import Look
from nps.adapters.sample_sheet.texts import Refused

_STDERR_BYTES = 64 * 1024


def main(path: str, kind: str, reader: str, text_as: tuple[str, str], parent: int) -> int:
    """Print the workbook; the exit code is 0 when the last line says how it ended."""
    cage.lock(parent, _STDERR_BYTES)
    try:
        for line in _lines(path, kind, reader, text_as):
            _say(line)
        _say({"done": True})
    except Refused as refusal:
        _say({"error": refusal.code, "place": refusal.place})
    except MemoryError:
        _say({"error": "heavy", "place": ""})
    except Exception as error:
        # Libraries fail on a bad file in as many ways as there are bad files; all mean the same to its owner.
        _say({"error": _code_of(error), "place": ""})
        with contextlib.suppress(Exception):
            print(f"{type(error).__name__}: {error}"[:500], file=sys.stderr)  # noqa: T201
    return 0


def _say(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def _code_of(error: Exception) -> str:
    """openpyxl wraps what it caught, so the whole chain is looked at."""
    at: BaseException | None = error
    while at is not None:
        if type(at).__module__.startswith("defusedxml"):
            return "unsafe"
        if type(at).__name__ == "PasswordError":
            return "encrypted"
        at = at.__cause__ or at.__context__
    return "damaged"


def _lines(path: str, kind: str, reader: str, text_as: tuple[str, str]) -> Iterator[Any]:
    """What the reader for this kind of file gives. An .xlsx that calamine can't read is left to openpyxl."""
    if kind == "csv":
        from nps.adapters.sample_sheet import by_csv

        yield from by_csv.read(path, *text_as)
        return
    from nps.adapters.sample_sheet import by_calamine

    if kind != "xlsx":
        yield from by_calamine.read(path)
        return
    looks = sheet_xml.look(path)
    if repeated := next((look.repeated for look in looks.values() if look.repeated), 0):
        raise Refused("repeated", f"A{repeated}")
    if by_calamine.is_strict(path):
        yield from _whole(path, by_calamine.read(path, looks), looks)
        return
    if reader == "fast" and all(look.usual for look in looks.values()):
        given = False
        try:
            for line in _whole(path, by_calamine.read(path, looks), looks):
                given = True
                yield line
            return
        except Refused:
            raise
        except Exception:
            if given:
                raise
    from nps.adapters.sample_sheet import by_openpyxl

    yield from _whole(path, by_openpyxl.read(path, looks), looks)


def _whole(path: str, lines: Iterator[Any], looks: Mapping[str, Look]) -> Iterator[Any]:
    """The lines; Refused when the workbook's own XML has a text in a row of a visible sheet that was not among them."""
    given: dict[str, set[int]] = {}
    at: set[int] = set()
    for line in lines:
        if isinstance(line, list):
            at.add(line[0])
        elif not line["hidden"]:
            at = given.setdefault(line["sheet"], set())
        yield line
    for name, look in looks.items():
        if name in given and (lost := sheet_xml.lost_row(path, look, given[name])):
            raise Refused("lost_row", f"A{lost}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], (sys.argv[4], sys.argv[5]), int(sys.argv[6])))
