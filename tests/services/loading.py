"""A person who loads bases, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.sample import Decision
from nps.models import Campaign, ImportRow, User
from nps.queries import sample as queries
from nps.services import sample
from tests.factories import NOW

DATA = Path(__file__).parent.parent / "data"
CLEAN = (DATA / "base_clean.xlsx").read_bytes()
MESSY = (DATA / "base_messy.xlsx").read_bytes()
HEADER = ("ОП", "ИНН", "Наименование организации", "ФИО контактного лица", "Телефон", "Электронная почта")
ROW = ("Ижевск", "1897309111", "ООО «Кабель»", "Вахрушев Тимур Ильич", "8 (341) 200-80-32", "")


def workbook(*rows: Sequence[object], header: Sequence[str] = HEADER) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (header, *rows):
        sheet.append(list(row))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def book_of(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


class Loader:
    """One person who loads bases into one campaign and takes every suggestion."""

    def __init__(self, session: Session, campaign: Campaign, user: User) -> None:
        self.session, self.campaign_id, self.user_id = session, campaign.id, user.id
        self.now = NOW

    def work(self, load_id: int) -> str:
        sample.work(self.session, load_id, lambda: self.now)
        return self.load(load_id).state

    def load(self, load_id: int) -> queries.LoadRow:
        found = queries.load(self.session, self.campaign_id, load_id)
        assert found is not None
        self.session.rollback()
        return found

    def upload(self, content: bytes, **fields: str) -> int:
        name = fields.pop("file_name", "база.xlsx")
        common = {"campaign_id": self.campaign_id, "user_id": self.user_id, "now": self.now}
        return sample.upload(self.session, file_name=name, source=BytesIO(content), **common, **fields)

    def understand(self, content: bytes) -> int:
        load_id = self.upload(content)
        assert self.work(load_id) == "understood", self.load(load_id).problem
        return load_id

    def decisions(self, load_id: int) -> dict[str, str]:
        customer = self.session.scalars(queries.customer_id(self.campaign_id)).one()
        groups = queries.unknown_branches(self.session, self.load(load_id), customer)
        return {group.key: Decision(region=group.suggested, outside=not group.suggested).code for group in groups}

    def confirm(self, load_id: int, **fields: object) -> bool:
        header = self.load(load_id).understood.header
        shown = {"columns": header.columns, "branch": header.branch, "grouped": header.grouped}
        values = shown | {"decisions": self.decisions(load_id)} | fields
        return sample.confirm(self.session, campaign_id=self.campaign_id, import_id=load_id, **values)

    def check(self, content: bytes, **fields: object) -> int:
        load_id = self.understand(content)
        assert self.confirm(load_id, **fields)
        assert self.work(load_id) == "checked", self.load(load_id).problem
        return load_id

    def ask_to_publish(self, load_id: int) -> None:
        sample.publish(self.session, campaign_id=self.campaign_id, import_id=load_id)

    def publish(self, content: bytes, **fields: object) -> int:
        load_id = self.check(content, **fields)
        self.ask_to_publish(load_id)
        assert self.work(load_id) == "published", self.load(load_id).problem
        return load_id

    def cancel(self, load_id: int) -> None:
        sample.cancel(self.session, campaign_id=self.campaign_id, import_id=load_id, user_id=self.user_id, now=self.now)

    def proposals(self, load_id: int) -> list[str | None]:
        rows = select(ImportRow.proposal).where(ImportRow.import_id == load_id).order_by(ImportRow.row_no)
        found = list(self.session.scalars(rows))
        self.session.rollback()
        return found

    def counts(self, load_id: int) -> dict[str, int]:
        return {fate: n for fate, n in queries.counts(self.session, load_id).items() if n}
