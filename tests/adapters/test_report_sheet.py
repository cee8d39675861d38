"""Workbooks as a person gets them: opened again by openpyxl and by LibreOffice."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from nps.adapters.report_sheet import Book, Chart, Column, Series, Share, Sheet, Value, write_book, write_table
from tests.office import convert

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
    assert 30 <= sheet.column_dimensions["A"].width < 31, "30 characters and what Excel pads them with"
    assert sheet.page_setup.orientation == "landscape"
    # One page wide is what an absent number means (ECMA-376 18.3.1.63).
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
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


def test_a_moment_is_a_date_and_a_number_keeps_its_tenth(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 18, 15, 42)  # noqa: DTZ001
    sheet = opened(tmp_path, one_column(moment, 12.25))["Лист"]

    assert (sheet["A2"].value, sheet["A2"].number_format) == (moment, "dd.mm.yyyy hh:mm")
    assert (sheet["A3"].value, sheet["A3"].number_format) == (12.25, "#,##0.0")


def test_charts_are_native_and_described(tmp_path: Path) -> None:
    charts = (
        Chart("Причины", "раз", (Series(1, ("#111111",)), Series(2, ("#222222",), line=True)), "Что чаще"),
        Chart("Доли", "доля", (Series(1, ("#111111", "#333333"), whiskers=(1, 2)),), "Сколько", bars=True),
    )
    columns = [Column("Имя", 10), Column("Раз", 10), Column("Доля", 10)]
    write_book(
        tmp_path / "report.xlsx",
        book(Sheet("Лист", columns, [["а", 2, Share(0.5)], ["б", 2, Share(1)]], charts=charts)),
    )

    with zipfile.ZipFile(tmp_path / "report.xlsx") as archive:
        drawn = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/")}
        places = archive.read("xl/drawings/drawing1.xml").decode()
    assert len(drawn) == 2
    pareto, shares = (drawn[name] for name in sorted(drawn))
    assert "<c:lineChart>" in pareto and "Лист" in pareto and "$B$2:$B$3" in pareto
    assert "<c:errBars>" in shares and shares.count("<c:dPt>") == 2
    assert 'descr="Что чаще"' in places


def test_a_sheet_without_rows_has_no_chart_and_can_be_opened(tmp_path: Path) -> None:
    chart = Chart("Причины", "раз", (Series(1, ("#111111",)),), "Что чаще")
    sheet = opened(tmp_path, Sheet("Лист", [Column("Имя", 10), Column("Раз", 10)], [], charts=(chart,)))["Лист"]

    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["Имя", "Раз"]]


def test_the_progress_counts_the_rows_of_all_sheets(tmp_path: Path) -> None:
    seen: list[int] = []
    sheets = [Sheet(title, [Column("x", 5)], [["a"], ["b"]]) for title in ("Один", "Два")]
    write_book(tmp_path / "report.xlsx", book(*sheets), seen.append)

    assert seen == [1, 2, 3, 4]


def test_a_table_is_what_excel_opens_by_a_double_click(tmp_path: Path) -> None:
    rows = [["=1+1", "79170001122", 3], ["а;б\r\n«в»", "-5", 10]]
    write_table(tmp_path / "t.csv", ["Слова", "Телефон", "Оценка"], rows)

    raw = (tmp_path / "t.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert read == [["Слова", "Телефон", "Оценка"], ["'=1+1", "79170001122", "3"], ["а;б\n«в»", "'-5", "10"]]
    assert (tmp_path / "t.csv").stat().st_mode & 0o077 == 0


def test_nothing_is_left_of_a_table_that_broke(tmp_path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["первая"]
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError):
        write_table(tmp_path / "t.csv", ["x"], rows())
    assert list(tmp_path.iterdir()) == []


def test_libreoffice_opens_it_and_sees_the_same_texts(tmp_path: Path) -> None:
    texts = [text.replace("\x07", "") for text in ACTIVE if text[0] != "\t"] + ["0277123456", "Ёлка «ООО»"]
    write_book(tmp_path / "report.xlsx", book(one_column(*texts, 1477)))

    table = convert(tmp_path / "report.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false")
    pages = convert(tmp_path / "report.xlsx", "pdf")

    read = [row[0] for row in csv.reader(io.StringIO((table / "report.csv").read_text("utf-8")))]
    assert read == ["Заголовок", *texts, "1477"]
    assert (pages / "report.pdf").read_bytes().startswith(b"%PDF")
