"""Several sheets of a workbook loaded as one base: taken, left, told apart, marked (R2)."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError
from nps.domain.sample import MARK_TITLE
from nps.models import Branch, ImportRow, Respondent
from nps.services import sample
from tests import factories
from tests.services.loading import HEADER, Loader, book_of

NO_BRANCH = HEADER[1:]


def client(n: int, branch: str = "Ижевск") -> tuple[str, ...]:
    return branch, "", f"ООО «Проба-{n}»", "Галеева Наталья Ринатовна", f"+7912000{n:04d}", ""


@pytest.fixture
def loader(session: Session) -> Loader:
    campaign, user = factories.campaign(session), factories.user(session, "manager")
    session.commit()
    return Loader(session, campaign, user)


def numbers(session: Session) -> list[str]:
    return sorted(session.scalars(select(Respondent.organisation)))


def test_sheets_of_one_heading_are_one_base(loader: Loader, session: Session) -> None:
    book = book_of(
        {
            "База": [HEADER, *map(client, range(3))],
            "Новые клиенты": [("Выгрузка",), HEADER, client(3), client(1), client(4)],
            "Архив": [HEADER, *map(client, range(10, 30))],
        }
    )
    load_id = loader.understand(book)
    understood = loader.load(load_id).understood
    assert understood.names == ["База", "Новые клиенты"]
    assert [(one.name, one.rows) for _, one in understood.left] == [("Архив", 21)]
    assert loader.load(load_id).rows_total == 6
    assert loader.confirm(load_id)
    assert loader.work(load_id) == "checked"
    rows = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id).order_by(ImportRow.row_no))
    told = [(row.row_no, row.fate, row.same_as_row) for row in rows]
    assert [(no, fate) for no, fate, _ in told] == [
        (2, "accepted"), (3, "accepted"), (4, "accepted"),
        (1_000_003, "accepted"), (1_000_004, "duplicate"), (1_000_005, "accepted"),
    ]  # fmt: skip
    assert told[4][2] == 3
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"
    assert numbers(session) == [f"ООО «Проба-{n}»" for n in (0, 1, 2, 3, 4)]


def test_a_sheet_is_a_branch_when_there_is_no_column_of_them(loader: Loader, session: Session) -> None:
    book = book_of(
        {
            name: [NO_BRANCH, *(client(n)[1:] for n in range(at, at + 2))]
            for name, at in {"Ижевск": 0, "Казань": 2, "Уфа": 4}.items()
        }
    )
    loader.publish(book)
    found = session.execute(select(Branch.name, Respondent.organisation).join(Respondent).order_by(Respondent.id))
    assert [(row.name, row.organisation[-2]) for row in found] == [
        ("Ижевск", "0"), ("Ижевск", "1"), ("Казань", "2"), ("Казань", "3"), ("Уфа", "4"), ("Уфа", "5"),
    ]  # fmt: skip
    loader.cancel(other := loader.understand(book))
    assert loader.load(other).state == "cancelled"


def test_one_branch_typed_for_the_whole_base_is_that_of_every_sheet(loader: Loader, session: Session) -> None:
    book = book_of({"Ижевск": [NO_BRANCH, client(0)[1:]], "Казань": [NO_BRANCH, client(1)[1:]]})
    load_id = loader.understand(book)
    assert not loader.confirm(load_id, branch="Пермь")
    assert loader.confirm(load_id, branch="Пермь")
    assert loader.work(load_id) == "checked"
    rows = session.scalars(select(ImportRow.branch_fold).where(ImportRow.import_id == load_id))
    assert set(rows) == {"пермь"}


class TestChoosing:
    @pytest.fixture
    def load_id(self, loader: Loader) -> int:
        sheets = {
            "База": [HEADER, *map(client, range(3))],
            "Архив": [HEADER, *map(client, range(10, 15))],
            "Цены": [("Товар", "Цена"), ("Кабель", 5)],
        }
        return loader.understand(book_of(sheets))

    def reread(self, loader: Loader, load_id: int, sheet: int = 0, others: Sequence[int] | None = None) -> list[str]:
        sample.reread(
            loader.session, campaign_id=loader.campaign_id, import_id=load_id, sheet=sheet, header_row=1, others=others
        )
        return loader.load(load_id).understood.names

    def test_an_archive_is_taken_by_a_person(self, loader: Loader, load_id: int) -> None:
        assert loader.load(load_id).understood.names == ["База"]
        assert self.reread(loader, load_id, others=[1]) == ["База", "Архив"]
        assert loader.load(load_id).rows_total == 8
        assert self.reread(loader, load_id, others=[]) == ["База"]

    def test_another_leading_sheet_takes_those_of_its_table(self, loader: Loader, load_id: int) -> None:
        assert self.reread(loader, load_id, sheet=1) == ["База", "Архив"]

    def test_a_sheet_without_clients_is_refused_with_its_reason(self, loader: Loader, load_id: int) -> None:
        with pytest.raises(DomainError, match="На листе «Цены» не нашлось: .*«Телефон»"):
            self.reread(loader, load_id, others=[2])
        with pytest.raises(DomainError, match="Такого листа нет"):
            self.reread(loader, load_id, others=[7])
        assert loader.load(load_id).understood.names == ["База"]

    def test_columns_chosen_once_are_those_of_all_sheets(self, loader: Loader, load_id: int) -> None:
        self.reread(loader, load_id, others=[1])
        columns = dict(loader.load(load_id).understood.header.columns)
        columns.pop("email")
        loader.confirm(load_id, columns=columns)
        assert [dict(part.header.columns) for part in loader.load(load_id).understood.parts] == [columns, columns]


@pytest.mark.parametrize("kind", ["own", "copy"])
def test_the_workbook_goes_back_with_the_marks_of_each_sheet(
    loader: Loader, session: Session, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "copy":
        monkeypatch.setattr("nps.services.sample.marked.MAX_MARKED_ROWS", 3)
    wrong = (*client(5)[:4], "89", "")
    load_id = loader.check(
        book_of({"База": [HEADER, client(0), client(1)], "Пусто": [HEADER], "Новые": [HEADER, client(2), wrong]})
    )
    made = sample.marked_workbook(
        session,
        user_id=loader.user_id,
        campaign_id=loader.campaign_id,
        import_id=load_id,
        folder=tmp_path,
        now=factories.NOW,
    )
    book = load_workbook(made.file)
    assert [[row[6] for row in book[name].iter_rows(values_only=True)][0] for name in ("База", "Новые")] == [
        MARK_TITLE, MARK_TITLE,
    ]  # fmt: skip
    said = [(row[2], row[6]) for row in book["Новые"].iter_rows(values_only=True) if "Отклонена" in (row[6] or "")]
    assert [name for name, _ in said] == ["ООО «Проба-5»"], said


def test_hidden_rows_are_left_when_a_person_says_so(loader: Loader, session: Session) -> None:
    book = load_workbook(BytesIO(book_of({"База": [HEADER, client(0), client(1, "Уфа"), client(2)]})))
    book.worksheets[0].row_dimensions[3].hidden = True
    file = BytesIO()
    book.save(file)
    load_id = loader.understand(file.getvalue())
    understood = loader.load(load_id).understood
    assert (understood.unseen, understood.branches) == (1, {"Ижевск": 2, "Уфа": 1})
    assert loader.confirm(load_id, without_unseen=True, decisions={"ижевск": "new:udmurtia"})
    assert loader.work(load_id) == "checked"
    assert loader.counts(load_id) == {"accepted": 2, "empty": 1}
    left = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id, ImportRow.fate == "empty")).one()
    assert (left.row_no, left.raw["organisation"]) == (3, "ООО «Проба-1»")
    assert loader.load(load_id).understood.branches == {"Ижевск": 2}
