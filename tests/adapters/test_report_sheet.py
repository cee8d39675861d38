"""Workbooks as a person gets them: opened again by openpyxl and by LibreOffice."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from nps.adapters.report_sheet import Book, Column, Share, Sheet, Value, write_book

MADE = datetime(2026, 11, 18, 11, 42, tzinfo=UTC)
ACTIVE = ("=1+1", "+79170001122", "-5", "@SUM(A1)", "\t=1", "＝1+1", "#N/A", '=HYPERLINK("http://x")', "\x07=1+1")


def book(*sheets: Sheet) -> Book:
    return Book("Волна ноября", "Отчёт", "Опрос клиентов", MADE, sheets)


def opened(tmp_path: Path, *sheets: Sheet) -> Workbook:
    write_book(tmp_path / "report.xlsx", book(*sheets))
    return load_workbook(tmp_path / "report.xlsx")


def one_column(*values: Value) -> Sheet:
    return Sheet("Лист", [Column("Заголовок", 20)], [[value] for value in values])


@pytest.mark.parametrize("text", ACTIVE)
def test_text_is_never_a_formula(tmp_path: Path, text: str) -> None:
    cell = opened(tmp_path, one_column(text))["Лист"]["A2"]

    assert cell.data_type == "s"
    assert cell.value == text.replace("\x07", "")
    assert cell.number_format == "@"


@pytest.mark.parametrize("text", [text for text in ACTIVE if text != "#N/A"])
def test_text_stays_text_when_somebody_edits_the_cell(tmp_path: Path, text: str) -> None:
    assert opened(tmp_path, one_column(text))["Лист"]["A2"].quotePrefix


def test_a_file_with_formula_like_texts_holds_no_formula(tmp_path: Path) -> None:
    write_book(tmp_path / "report.xlsx", book(one_column(*ACTIVE)))

    with zipfile.ZipFile(tmp_path / "report.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"<f " not in sheet


def test_characters_that_excel_refuses_are_left_out_and_lines_kept(tmp_path: Path) -> None:
    sheet = opened(tmp_path, one_column("а\x00б\x0bв\x1fг\ufffeд\ud800е\r\nж"))["Лист"]

    assert sheet["A2"].value == "абвгде\nж"


def test_values_keep_their_types(tmp_path: Path) -> None:
    sheet = opened(tmp_path, one_column("0277123456", 1477, Share(0.5), timedelta(hours=30, minutes=5), None))["Лист"]

    cells = [sheet.cell(row, 1) for row in range(2, 6)]
    assert [cell.value for cell in cells] == ["0277123456", 1477, 0.5, timedelta(hours=30, minutes=5)]
    assert [cell.number_format for cell in cells] == ["@", "#,##0", "0.0%", "[h]:mm:ss"]


def test_a_sheet_is_ready_to_read_filter_and_print(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["Ижевск", 1], ["Пермь", 2]]
    sheet = opened(tmp_path, Sheet("Итоги", [Column("ОП", 30), Column("Клиенты", 12)], rows, totals=["Всего", 3]))[
        "Итоги"
    ]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3", "the sums stay outside the filter"
    assert [cell.value for cell in sheet[4]] == ["Всего", 3]
    assert sheet.column_dimensions["A"].width == 30
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].font.b


def test_the_properties_say_what_it_is_and_when_it_was_made(tmp_path: Path) -> None:
    properties = opened(tmp_path, one_column("x")).properties

    assert (properties.title, properties.subject, properties.creator) == ("Волна ноября", "Отчёт", "Опрос клиентов")
    assert properties.created == MADE.replace(tzinfo=None)


def test_a_title_too_long_for_excel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="31"):
        write_book(tmp_path / "report.xlsx", book(Sheet("я" * 32, [Column("x", 5)], [])))


def test_nothing_is_left_of_a_workbook_that_broke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[list[Value]]:
        yield ["первая"]
        raise RuntimeError("the database is gone")

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    (tmp_path / "report.xlsx").write_bytes(b"the one of yesterday")
    with pytest.raises(RuntimeError):
        write_book(tmp_path / "report.xlsx", book(Sheet("Лист", [Column("x", 5)], rows())))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.xlsx", "temporary"]
    assert list(temporary.iterdir()) == [], "rows with clients are not left to the end of the process"
    assert (tmp_path / "report.xlsx").read_bytes() == b"the one of yesterday"


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    write_book(tmp_path / "report.xlsx", book(one_column("x")))

    assert (tmp_path / "report.xlsx").stat().st_mode & 0o077 == 0


def test_libreoffice_opens_it_and_sees_the_same_texts(tmp_path: Path) -> None:
    texts = [text.replace("\x07", "") for text in ACTIVE if text[0] != "\t"] + ["0277123456", "Ёлка «ООО»"]
    write_book(tmp_path / "report.xlsx", book(one_column(*texts, 1477)))

    _convert(tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false")
    _convert(tmp_path, "pdf")

    read = [row[0] for row in csv.reader(io.StringIO((tmp_path / "report.csv").read_text("utf-8")))]
    assert read == ["Заголовок", *texts, "1477"]
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def _convert(folder: Path, form: str) -> None:
    office = shutil.which("soffice")
    assert office, "LibreOffice Calc is missing: bin/test installs it"
    subprocess.run(
        [
            office,
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            str(folder),
            str(folder / "report.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
