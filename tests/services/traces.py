"""Looking for a person everywhere: in every byte of every file, and in every row of every table of a server."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from nps.domain.search import fold
from nps.extensions import Base


def traces(session: Session, root: Path, words: Iterable[str]) -> set[str]:
    """Names of the files under `root` and of the database, and of a server's tables, that hold one of the words.

    A word is looked for in the encodings a file may have, folded, and as JSON escapes; workbooks and letters are
    opened as well.
    """
    needles = {needle for word in words for needle in _needles(word)}
    found = set()
    engine = session.get_bind().engine
    folders = [root] if engine.dialect.name == "postgresql" else [root, Path(engine.url.database or "").parent]
    for name, path in [(str(path.relative_to(top)), path) for top in folders for path in top.rglob("*")]:
        if not path.is_file():
            continue
        contents = [name.encode(), *_contents(path)]
        if any(needle in content for content in contents for needle in needles):
            found.add(name)
    if session.get_bind().dialect.name == "postgresql":
        for table in Base.metadata.sorted_tables:
            rows = session.execute(text(f'SELECT CAST(t.* AS text) FROM "{table.name}" t')).scalars()
            if any(needle in row.encode() for row in rows for needle in needles):
                found.add(table.name)
    session.rollback()
    return found


def _needles(word: str) -> Iterator[bytes]:
    for form in (word, fold(word), json.dumps(word)[1:-1]):
        yield form.encode()
        yield form.encode("utf-16-le")
        yield form.encode("cp1251", "replace")


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(member) for member in archive.namelist())
    if path.suffix == ".eml":
        parts = (part.get_payload(decode=True) for part in message_from_bytes(content).walk())
        yield from (part for part in parts if isinstance(part, bytes))
