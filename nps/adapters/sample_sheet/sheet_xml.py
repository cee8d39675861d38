"""What a workbook's own XML says of its sheets that readers keep to themselves or get wrong.

Which rows hold anything and in which order they stand, which are out of sight, which cells are merged, show an error or
are formulas that nobody has computed. One pass over the bytes, a row at a time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from posixpath import join, normpath

from defusedxml.ElementTree import fromstring

from nps.adapters.sample_sheet.limits import MAX_ROWS
from nps.adapters.sample_sheet.texts import Outside, Refused

_PIECE_BYTES = 1024 * 1024
_MOST_MERGES = 20_000
_LONGEST_FORMULA = 100

#: A cell without its place, or one beyond column IV or row 199,999; with such a place calamine loses or lays out cells.
_ODD_CELL = re.compile(rb'<(?:\w+:)?c(?=[\s/>])(?! r="(?:[A-Z]|[A-H][A-Z]|I[A-V])(?:\d{1,5}|1\d{5})")')
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])[^>]*>")
_DATA_END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_NUMBER = re.compile(rb"""\sr=["'](\d{1,7})["']""")
_HIDDEN = re.compile(rb"""\shidden=["'](?:1|true)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v(?:\s[^>]*)?>[^<]|is[\s>])")
_NOTABLE = re.compile(rb"""\st=["']e["']|<(?:\w+:)?f[\s/>]""")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_PLACE = re.compile(rb"""\sr=["']([A-Z]{1,3})\d""")
_ERROR = re.compile(rb"""\st=["']e["']""")
_ERROR_TEXT = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>(#[^<]{1,20})<")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)<")
_SHARED = re.compile(rb"<(?:\w+:)?si(?:\s[^>]*)?(?:/>|>(.*?)</(?:\w+:)?si\s*>)", re.DOTALL)
_VALUE_TEXT = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<")
_IS_SHARED = re.compile(rb"""\st=["']s["']""")
_MERGE = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*ref=["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']""")


@dataclass(slots=True)
class Look:
    """What the XML says of one sheet. Rows are numbered from 1, columns from 0.

    `usual`: each cell says where it is, within our limits. `ordered`: rows stand in the order of their numbers.
    `repeated`: a row that stands twice, so that nobody knows which is meant, or 0. `unseen`: hidden, filtered out or
    folded away. `texts`: what cells show that hold no value: an error, or «=» and a formula that was never computed.
    """

    part: str
    usual: bool = True
    ordered: bool = True
    repeated: int = 0
    filled: set[int] = field(default_factory=set)
    unseen: set[int] = field(default_factory=set)
    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def outside(self) -> Outside:
        """What the rows of any reader are completed with."""
        return Outside(self.texts, self.merges, self.unseen)


def look(path: str) -> dict[str, Look]:
    """What the XML says of each visible worksheet, by its name; a sheet whose part can't be found is left out.

    Raises Refused for a sheet with more rows than a base may have, before anything else is read.
    """
    with zipfile.ZipFile(path) as archive:
        return {name: _look(archive, part) for name, part in _parts(archive).items()}


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of a visible sheet -> its part in the archive, as the workbook and its relations say."""
    names = {name.replace("\\", "/").lower().lstrip("/"): name for name in archive.namelist()}
    book = next((name for name in names if name.endswith("workbook.xml")), "")
    folder, _, file = book.rpartition("/")
    relations = names.get(join(folder, "_rels", f"{file}.rels"))
    if not book or relations is None:
        return {}
    targets = {
        each.get("Id", ""): normpath(join("/", folder, each.get("Target", ""))).lstrip("/").lower()
        for each in fromstring(archive.read(relations))
    }
    found = {}
    for sheet in fromstring(archive.read(names[book])).iter():
        if sheet.tag.rpartition("}")[2] == "sheet" and sheet.get("state", "visible") == "visible":
            key = next((value for name, value in sheet.items() if name.endswith("}id")), None)
            part = names.get(targets.get(key or "", ""))
            if part is not None:
                found[sheet.get("name", "")] = part
    return found


def _look(archive: zipfile.ZipFile, part: str) -> Look:
    found, number = Look(part), 0
    for chunk, is_odd, is_notable in _chunks(archive, part):
        found.usual = found.usual and not is_odd
        row = _ROW.match(chunk)
        if row is None:
            for left, top, right, bottom in _MERGE.findall(chunk)[: _MOST_MERGES - len(found.merges)]:
                found.merges.append((int(top), column_index(left), min(int(bottom), MAX_ROWS), column_index(right)))
            continue
        said = _NUMBER.search(row[0])
        before, number = number, int(said[1]) if said else number + 1
        found.ordered = found.ordered and number > before
        if number in found.filled:
            found.repeated = number
        if _VALUE.search(chunk):
            found.filled.add(number)
            if len(found.filled) > MAX_ROWS:
                raise Refused("rows", f"A{number}")
        if _HIDDEN.search(row[0]):
            found.unseen.add(number)
        if is_notable and _NOTABLE.search(chunk) and (texts := _texts(chunk)):
            found.texts[number] = texts
            found.filled.add(number)
    return found


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bool, bool]]:
    """Each row from its tag to the next, and what stands before the first and after the last by itself.

    With each: whether it, or one read together with it, has a cell that is odd, or may have one that is notable. Looked
    for in many rows at once that is quick.
    """
    rest = b""
    with archive.open(part) as file:
        while piece := file.read(_PIECE_BYTES):
            rest += piece
            starts = [found.start() for found in _ROW.finditer(rest)]
            end = starts[-1] if starts else 0
            has = _ODD_CELL.search(rest, 0, end) is not None, _may_be_notable(rest)
            for start, stop in zip(starts, starts[1:], strict=False):
                yield rest[start:stop], *has
            rest = rest[end:] if starts else rest[-_PIECE_BYTES:]
    has = _ODD_CELL.search(rest) is not None, _may_be_notable(rest)
    if over := _DATA_END.search(rest):
        yield rest[: over.start()], *has
        rest = rest[over.end() :]
    yield rest, *has


def _may_be_notable(piece: bytes) -> bool:
    """Whether `_NOTABLE` can be in it: plain bytes are looked for five times as fast."""
    return any(mark in piece for mark in (b"<f", b":f", b'"e"', b"'e'"))


def lost_row(path: str, look: Look, given: set[int]) -> int:
    """A row that holds a text and was not given; 0 when there is none. Blank cells are no texts."""
    missing = look.filled - given
    if not missing:
        return 0
    with zipfile.ZipFile(path) as archive:
        shared = _shared_strings(archive)
        number = 0
        for chunk, _, _ in _chunks(archive, look.part):
            if row := _ROW.match(chunk):
                said = _NUMBER.search(row[0])
                number = int(said[1]) if said else number + 1
                cells = _CELL.findall(chunk) if number in missing else ()
                if any(_holds_text(attributes, inside, shared) for attributes, inside in cells):
                    return number
    return 0


def _shared_strings(archive: zipfile.ZipFile) -> list[bytes]:
    name = next((name for name in archive.namelist() if name.lower().endswith("sharedstrings.xml")), None)
    if name is None:
        return []
    return [b"".join(_TEXT.findall(item)) for item in _SHARED.findall(archive.read(name))]


def _holds_text(attributes: bytes, inside: bytes, shared: list[bytes]) -> bool:
    value = _VALUE_TEXT.search(inside)
    text = value[1] if value else b"".join(_TEXT.findall(inside))
    if _IS_SHARED.search(attributes) and text.isdigit():
        text = shared[int(text)] if int(text) < len(shared) else b""
    return bool(unescape(text.decode("utf-8", "replace")).strip())


def _texts(row: bytes) -> dict[int, str]:
    found, column = {}, -1
    for attributes, inside in _CELL.findall(row):
        place = _PLACE.search(attributes)
        column = column_index(place[1]) if place else column + 1
        if _ERROR.search(attributes):
            error = _ERROR_TEXT.search(inside)
            found[column] = error[1].decode("utf-8", "replace") if error else "#ERROR!"
        elif not _VALUE.search(inside) and (formula := _FORMULA.search(inside)):
            found[column] = "=" + unescape((formula[1] or b"").decode("utf-8", "replace"))[:_LONGEST_FORMULA]
    return found


def column_index(letters: bytes) -> int:
    """«A» is 0, «AA» is 26."""
    index = 0
    for letter in letters:
        index = 26 * index + letter - 64
    return index - 1
