"""What stands in a sheet is read whole, in its rows, whoever wrote it; what can't be is refused by name."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from nps.adapters.sample_sheet import SheetError, SheetRow, read
from nps.adapters.sample_sheet.limits import MAX_ROWS
from tests.adapters.test_sample_sheet import SHEET, raw_book

ROW = '<row r="{row}"{more}>{cells}</row>'
TEXT = '<c {place} t="inlineStr"><is><t>{text}</t></is></c>'


def rows_of(path: Path) -> list[SheetRow]:
    return [event for event in read(path) if isinstance(event, SheetRow)]


def sheet(*rows: tuple[int, str], more: str = "", after: str = "") -> str:
    """A sheet with a text in column A of each row."""
    made = [
        ROW.format(row=row, more=more, cells=TEXT.format(place=f'r="A{row}"', text=text) if text else "")
        for row, text in rows
    ]
    return SHEET.format(rows="".join(made)).replace("</sheetData>", f"</sheetData>{after}")


@pytest.mark.parametrize("place", ['r="A{row}" t="inlineStr"', 't="inlineStr" r="A{row}"'])
def test_rows_stand_by_their_own_numbers_in_whatever_order_they_are_written(tmp_path: Path, place: str) -> None:
    """The second spelling is left to openpyxl, which row by row leaves out what goes back."""
    cell = f"<c {place}><is><t>{{text}}</t></is></c>"
    rows = "".join(ROW.format(row=n, more="", cells=cell.format(row=n, text=f"р{n}")) for n in (1, 5, 2, 4, 3))
    found = rows_of(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows)))
    assert [(row.number, row.cells) for row in found] == [(n, (f"р{n}",)) for n in (1, 2, 3, 4, 5)]


def test_a_row_that_stands_twice_is_refused_by_its_cell(tmp_path: Path) -> None:
    with pytest.raises(SheetError) as refused:
        rows_of(raw_book(tmp_path / "b.xlsx", sheet((1, "а"), (2, "б"), (2, "в"))))
    assert (refused.value.code, "A2" in refused.value.message) == ("repeated", True)


def test_errors_and_formulas_nobody_computed_are_no_empty_cells(tmp_path: Path) -> None:
    cells = (
        TEXT.format(place='r="A1"', text="а") + '<c r="B1" t="e"><v>#N/A</v></c><c r="C1"><f>A1&amp;"1"</f><v></v></c>'
    )
    only = ROW.format(row=2, more="", cells='<c r="B2" t="e"><v>#REF!</v></c>')
    found = rows_of(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=ROW.format(row=1, more="", cells=cells) + only)))
    assert [row.cells for row in found] == [("а", "#N/A", '=A1&"1"'), ("", "#REF!")]


def test_a_merged_cell_gives_its_text_to_each_row_it_covers(tmp_path: Path) -> None:
    book = Workbook()
    at = book.worksheets[0]
    for row in (["ОП", "ИНН"], ["Уфа", "1"], [None, "2"], [None, None], [None, "3"], ["Казань", "4"], [None, "5"]):
        at.append(row)
    at.merge_cells("A2:A5")
    book.save(tmp_path / "b.xlsx")
    cells = [row.cells for row in rows_of(tmp_path / "b.xlsx")]
    assert cells == [("ОП", "ИНН"), ("Уфа", "1"), ("Уфа", "2"), ("Уфа", "3"), ("Казань", "4"), ("", "5")]


def test_rows_out_of_sight_are_told(tmp_path: Path) -> None:
    book = Workbook()
    at = book.worksheets[0]
    for text in "абвг":
        at.append([text])
    at.row_dimensions[2].hidden = True
    at.row_dimensions[4].hidden = True
    book.save(tmp_path / "b.xlsx")
    assert [(row.cells[0], row.unseen) for row in rows_of(tmp_path / "b.xlsx")] == [
        ("а", False), ("б", True), ("в", False), ("г", True),
    ]  # fmt: skip


def test_a_workbook_of_one_long_repeated_text_is_no_bomb(tmp_path: Path) -> None:
    book = Workbook()
    for _ in range(60):
        book.worksheets[0].append(["а" * 32_000])
    book.save(tmp_path / "b.xlsx")
    assert len(rows_of(tmp_path / "b.xlsx")) == 60


def many_rows() -> str:
    """A sheet with a row more than a base may have."""
    numbers = range(1, MAX_ROWS + 2)
    return SHEET.format(rows="".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in numbers))


def test_too_many_rows_are_refused_before_one_is_given(tmp_path: Path) -> None:
    given = []
    with pytest.raises(SheetError) as refused:
        given += read(raw_book(tmp_path / "b.xlsx", many_rows()))
    assert (given, refused.value.code, f"A{MAX_ROWS + 1}" in refused.value.message) == ([], "rows", True)


def test_rows_of_a_hidden_sheet_are_not_counted(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["ОП"])
    book.create_sheet("Справочник").sheet_state = "hidden"
    book.save(tmp_path / "made.xlsx")
    with ZipFile(tmp_path / "made.xlsx") as made, ZipFile(tmp_path / "b.xlsx", "w", ZIP_DEFLATED) as changed:
        for name in made.namelist():
            changed.writestr(name, many_rows() if name.endswith("sheet2.xml") else made.read(name))
    assert [row.cells for row in rows_of(tmp_path / "b.xlsx")] == [("ОП",)]
