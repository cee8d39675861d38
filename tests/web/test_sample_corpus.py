"""Hostile and odd workbooks through the real upload page, limits set: read whole or refused by a sentence.

Always those that this test makes itself. Where the environment names a folder of more (`NPS_XLSX_CORPUS`, or
`../shared/xlsx-corpus/files` beside the repository), every file of it as well; the last lines of the run say how many
there were, or that there was no such folder.
"""

from __future__ import annotations

import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.jobs import sample as jobs
from nps.models import Campaign, ImportRow, Respondent, SampleImport
from tests import factories
from tests.services.loading import CLEAN, MESSY, ROW, workbook

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "xlsx-corpus" / "files"
CORPUS = Path(os.environ.get("NPS_XLSX_CORPUS", _BESIDE))
Login = Callable[..., FlaskClient]
#: What the page says under the field of the file.
_PROBLEM = re.compile(r'id="f-file-error"[^>]*>(.*?)</span>', re.DOTALL)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


class Uploads:
    """Sends files through the page and lets the worker do its part, as far as a person is asked."""

    def __init__(self, client: FlaskClient, session: Session, campaign: Campaign) -> None:
        self.client, self.session, self.base = client, session, f"/campaigns/{campaign.id}/base"

    def fate(self, content: bytes, name: str) -> str:
        """«understood», or the sentence of the refusal."""
        answer = self.client.post(self.base, data={"file": (BytesIO(content), name)})
        if answer.status_code == 303:
            jobs.check(int(answer.location.rsplit("/", 1)[1]))
            answer = self.client.get(answer.location)
        assert answer.status_code in (200, 422), f"{name}: {answer.status_code}"
        self.session.rollback()
        if "Как мы поняли столбцы" in answer.text:
            return "understood"
        problem = " ".join(re.sub(r"<[^>]+>", " ", _PROBLEM.search(answer.text)[1]).split())  # type: ignore[index]
        assert re.search(r"[а-яё].*\.$", problem), f"{name}: {problem!r}"
        assert "ошибка на сервере" not in problem, name
        return problem


@pytest.fixture
def uploads(login: Login, session: Session, campaign: Campaign) -> Uploads:
    return Uploads(login("manager"), session, campaign)


def nothing_is_half_loaded(session: Session, app: Flask) -> None:
    """No clients, no receipts, no worker that would come back, and no drafts of files."""
    session.rollback()
    for model in (Respondent, ImportRow):
        assert session.execute(select(func.count()).select_from(model)).scalar_one() == 0
    assert set(session.scalars(select(SampleImport.state))) <= {"understood", "failed"}
    left = {path.suffix for path in (app.config["DATA_FOLDER"] / "uploads").glob("*")}
    assert ".part" not in left
    assert _children() == []


def _children() -> list[str]:
    """Readers that are still there."""
    pids = {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}
    return [pid for pid in pids if "nps.adapters.sample_sheet" in Path(f"/proc/{pid}/cmdline").read_text()]


def damaged(content: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """The workbook cut, with bytes changed, and with members of the zip gone or swapped."""
    rnd = random.Random(seed)
    for _ in range(6):
        yield "cut", content[: rnd.randrange(1, len(content))]
        spoiled = bytearray(content)
        for _ in range(rnd.choice((1, 20, 400))):
            spoiled[rnd.randrange(len(spoiled))] = rnd.randrange(256)
        yield "bytes", bytes(spoiled)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in members:
        yield f"without {name}", _zip({other: data for other, data in members.items() if other != name})
        yield f"empty {name}", _zip(members | {name: b""})
        yield f"half {name}", _zip(members | {name: members[name][: len(members[name]) // 2]})
    sheet = members["xl/worksheets/sheet1.xml"].replace("ООО".encode(), b"&e;")
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    yield "xxe", _zip(members | {"xl/worksheets/sheet1.xml": entity + sheet})


def _zip(members: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_damaged_workbooks_are_read_whole_or_refused_by_a_sentence(
    uploads: Uploads, session: Session, app: Flask
) -> None:
    fates = {name: uploads.fate(content, "база.xlsx") for name, content in damaged(workbook(ROW), 5)}
    assert "understood" not in {fate for name, fate in fates.items() if name in ("cut", "xxe")}
    assert "недопустимая разметка" in fates["xxe"]
    assert fates["without docProps/app.xml"] == "understood"
    nothing_is_half_loaded(session, app)


def test_what_is_no_workbook_is_refused_and_what_is_one_is_read(uploads: Uploads, session: Session, app: Flask) -> None:
    far = Workbook()
    far.worksheets[0].cell(1, 1, "ОП")
    far.worksheets[0].cell(1_048_576, 16_384, "край")
    file = BytesIO()
    far.save(file)
    assert "правее 256-го столбца" in uploads.fate(file.getvalue(), "край.xlsx")
    assert "слишком большой объём" in uploads.fate(_zip({"xl/worksheets/sheet1.xml": b" " * 20_000_000}), "бомба.xlsx")
    assert "паролем" in uploads.fate(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "пароль.xlsx"
    )
    assert "веб-страница" in uploads.fate(b"<html><body><table></table></body></html>", "выгрузка.xls")
    assert "Это не книга Excel" in uploads.fate(b"%PDF-1.7\n%\xe2\xe3", "договор.pdf")
    text = "ОП;ИНН;Организация;Телефон\r\nУфа;0284726717;ООО «Лес»;89040006738\r\n"
    for encoding in ("utf-8", "cp1251", "utf-16"):
        assert uploads.fate(text.encode(encoding), "база.csv") == "understood"
    for content in (CLEAN, MESSY):
        assert uploads.fate(content, "база.xlsm") == "understood"
    nothing_is_half_loaded(session, app)


def test_every_file_of_the_corpus_is_read_whole_or_refused_by_a_sentence(
    uploads: Uploads, session: Session, app: Flask, record_property: Callable[[str, object], None]
) -> None:
    files = sorted(path for path in CORPUS.glob("*") if path.is_file()) if CORPUS.is_dir() else []
    if not files:
        # Said in the last lines of the run; the workbooks of our own above have gone the same way.
        record_property("xlsx corpus", "absent, only generated workbooks were tried (NPS_XLSX_CORPUS)")
    fates = {path.name: uploads.fate(path.read_bytes(), path.name) for path in files}
    nothing_is_half_loaded(session, app)
    read = sum(fate == "understood" for fate in fates.values())
    if files:
        record_property("xlsx corpus", f"{len(files)} files, {read} read, {len(files) - read} refused")
