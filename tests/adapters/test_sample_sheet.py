"""Workbooks that mean harm, or are no workbooks: read whole, or refused by a sentence, and nothing else happens."""

from __future__ import annotations

import os
import struct
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from nps.adapters.sample_sheet import (
    SheetError,
    SheetRow,
    SheetStart,
    by_calamine,
    by_openpyxl,
    limits,
    read,
    sheet_xml,
)
from nps.adapters.sample_sheet.reader import CHILD_WALL_S

CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/{{kind}}" Target="{{target}}"/></Relationships>'
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}">'
    '<sheets><sheet name="База" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{{rows}}</sheetData></worksheet>'
CELL = '<row r="{row}"><c r="{name}" t="inlineStr"><is><t>{text}</t></is></c></row>'


STRICT = "http://purl.oclc.org/ooxml"


def raw_book(path: Path, sheet: str, *, is_strict: bool = False, extra: dict[str, bytes] | None = None) -> Path:
    """A workbook put together by hand, as no program would write it."""

    def spelled(text: str) -> str:
        if not is_strict:
            return text
        text = text.replace(DOCUMENT, f"{STRICT}/officeDocument/relationships")
        return text.replace(MAIN, f"{STRICT}/spreadsheetml/main")

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", spelled(RELS.format(kind="officeDocument", target="xl/workbook.xml")))
        archive.writestr("xl/workbook.xml", spelled(BOOK))
        relations = RELS.format(kind="worksheet", target="worksheets/sheet1.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", spelled(relations))
        archive.writestr("xl/worksheets/sheet1.xml", spelled(sheet))
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
    'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)
_ODS = "urn:oasis:names:tc:opendocument:xmlns"
_ODS_CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
ODS_CONTENT = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{_ODS}:office:1.0" '
    f'xmlns:table="{_ODS}:table:1.0" xmlns:text="{_ODS}:text:1.0" office:version="1.2"><office:body>'
    '<office:spreadsheet><table:table table:name="База">'
    f"<table:table-row>{_ODS_CELL.format('ОП')}{_ODS_CELL.format('ИНН')}</table:table-row>"
    "<table:table-row><table:table-cell/></table:table-row>"
    f"<table:table-row>{_ODS_CELL.format('Уфа')}"
    '<table:table-cell office:value-type="float" office:value="284726717"><text:p>284726717</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


def rows_of(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    return [(event.number, event.cells) for event in read(path) if isinstance(event, SheetRow)]


def refusal(path: Path) -> str:
    with pytest.raises(SheetError) as refused:
        rows_of(path)
    assert refused.value.message.endswith(".")
    return refused.value.code


def children() -> set[str]:
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


class TestReading:
    def test_cells_come_as_a_person_reads_them(self, tmp_path: Path) -> None:
        book = Workbook()
        sheet = book.worksheets[0]
        day = datetime(2026, 10, 1)  # noqa: DTZ001 - a cell has no time zone
        sheet.append([89500003353.0, 1655000001, 0.5, True, day, day.replace(hour=9, minute=30), " Ёлкина "])
        sheet.append([])
        sheet.append([None, "конец"])
        book.save(tmp_path / "b.xlsx")
        assert rows_of(tmp_path / "b.xlsx") == [
            (1, ("89500003353", "1655000001", "0.5", "ИСТИНА", "01.10.2026", "01.10.2026 09:30", "Ёлкина")),
            (3, ("", "конец")),
        ]

    def test_nothing_of_a_hidden_sheet_is_read(self, tmp_path: Path) -> None:
        book = Workbook()
        book.worksheets[0].append(["видно"])
        hidden = book.create_sheet("Служебный")
        hidden.append(["не видно"])
        hidden.sheet_state = "hidden"
        book.save(tmp_path / "b.xlsx")
        assert list(read(tmp_path / "b.xlsx")) == [
            SheetStart("Sheet", hidden=False),
            SheetRow(1, ("видно",)),
            SheetStart("Служебный", hidden=True),
        ]

    def test_rows_beyond_the_declared_size_are_read(self, tmp_path: Path) -> None:
        rows = "".join(CELL.format(row=n, name=f"A{n}", text=n) for n in (1, 2, 3))
        sheet = SHEET.format(rows=rows).replace("<sheetData>", '<dimension ref="A1"/><sheetData>')
        assert len(rows_of(raw_book(tmp_path / "b.xlsx", sheet))) == 3

    def test_control_characters_are_left_out(self, tmp_path: Path) -> None:
        sheet = SHEET.format(rows=CELL.format(row=1, name="A1", text="\x7fа\x7fб"))
        assert rows_of(raw_book(tmp_path / "b.xlsx", sheet)) == [(1, ("аб",))]

    def test_a_formula_is_read_as_the_value_it_had(self, tmp_path: Path) -> None:
        row = '<row r="1"><c r="A1"><f>WEBSERVICE("http://127.0.0.1/")</f><v>7</v></c></row>'
        assert rows_of(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=row))) == [(1, ("7",))]

    def test_macros_are_neither_run_nor_a_reason_to_refuse(self, tmp_path: Path) -> None:
        sheet = SHEET.format(rows=CELL.format(row=1, name="A1", text="а"))
        path = raw_book(tmp_path / "b.xlsm", sheet, extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
        assert rows_of(path) == [(1, ("а",))]


class TestFormats:
    """Formats that customers send besides .xlsx: read whole, cell by cell as they stand."""

    ROWS = ((1, ("ОП", "ИНН", "Телефон")), (2, ("Уфа", "0284726717", "8 904 000-67-38")), (4, ("Ёлки; «и»", "", "1")))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
    @pytest.mark.parametrize("separator", [";", "\t", ","])
    @pytest.mark.parametrize("end", ["\r\n", "\n"])
    def test_a_text_file_of_any_usual_encoding_and_separator(
        self, tmp_path: Path, encoding: str, separator: str, end: str
    ) -> None:
        lines = [
            separator.join(cells) for cells in (("ОП", "ИНН", "Телефон"), ("Уфа", "0284726717", "8 904 000-67-38"))
        ]
        lines += ["", separator.join(('"Ёлки; «и»"', "", "1")), ""]
        path = tmp_path / "base.csv"
        path.write_bytes(end.join(lines).encode(encoding))
        assert rows_of(path) == list(self.ROWS)

    def test_a_strict_workbook_is_read_and_not_taken_for_an_empty_one(self, tmp_path: Path) -> None:
        sheet = SHEET.format(rows=CELL.format(row=2, name="B2", text="а"))
        path = raw_book(tmp_path / "b.xlsx", sheet, is_strict=True)
        assert list(read(path)) == [SheetStart("База", hidden=False), SheetRow(2, ("", "а"))]

    def test_an_opendocument_table_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "b.ods"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", ODS_MANIFEST)
            archive.writestr("content.xml", ODS_CONTENT)
        assert list(read(path)) == [
            SheetStart("База", hidden=False),
            SheetRow(1, ("ОП", "ИНН")),
            SheetRow(3, ("Уфа", "284726717")),
        ]


class TestTwoReaders:
    """calamine where it can be trusted, openpyxl where it can't: whichever reads, the cells are the same."""

    def test_cells_without_a_place_are_not_lost(self, tmp_path: Path) -> None:
        cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
        rows = "".join(f"<row>{''.join(cell.format(text) for text in texts)}</row>" for texts in ("аб", "вг"))
        assert rows_of(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows))) == [(1, ("а", "б")), (2, ("в", "г"))]

    def test_both_read_the_same_of_a_messy_base(self) -> None:
        path = Path(__file__).parent.parent / "data" / "base_messy.xlsx"
        looks = sheet_xml.look(str(path))
        assert all(look.usual and look.ordered for look in looks.values()) and not by_calamine.is_strict(str(path))
        assert list(by_calamine.read(str(path), looks)) == list(by_openpyxl.read(str(path), looks))

    @settings(max_examples=30, deadline=None)
    @given(
        st.dictionaries(
            st.tuples(st.integers(1, 40), st.integers(1, 60)),
            st.one_of(
                st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
                st.integers(-(10**14), 10**14),
                st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
                st.booleans(),
                st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
            ),
            max_size=30,
        )
    )
    def test_both_read_the_same_of_any_book(self, cells: dict[tuple[int, int], object]) -> None:
        book = Workbook()
        for (row, column), value in cells.items():
            cell = book.worksheets[0].cell(row, column, value)
            if isinstance(value, str):
                cell.data_type = "s"
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/b.xlsx"
            book.save(path)
            looks = sheet_xml.look(path)
            assert looks["Sheet"].usual and looks["Sheet"].ordered
            lines = list(by_calamine.read(path, looks))
            assert lines == list(by_openpyxl.read(path, looks))
            given = {line[0] for line in lines if isinstance(line, list)}
            assert given <= looks["Sheet"].filled
            assert sheet_xml.lost_row(path, looks["Sheet"], given) == 0
            for number in given:
                assert sheet_xml.lost_row(path, looks["Sheet"], given - {number}) == number

    def test_a_sheet_that_is_too_much_for_one_is_given_to_the_other(self, tmp_path: Path) -> None:
        """Laid out as one table its two corners are 12 million cells, more than the child may have."""
        rows = CELL.format(row=1, name="A1", text="а") + CELL.format(row=199_999, name="BH199999", text="б")
        assert rows_of(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows)))[0] == (1, ("а",))


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty_file"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
            (b"\xef\xbb\xbf\n<html><table><tr><td>1</td></tr></table></html>", "html"),
            (b'<?xml version="1.0"?><Workbook/>', "xml"),
            ("Список клиентов\r\nв письме\r\n".encode("cp1251"), "csv_no_columns"),
            ("ОП;ИНН".encode("utf-16") + b"\xd8", "csv_damaged"),
            ("ОП;ИНН\r\n\x00;1\r\n".encode("utf-16"), "not_workbook"),
            (b"%PDF-1.7\n", "not_workbook"),
            (b"MZ\x90\0\x03\0", "not_workbook"),
            (b"PK\x03\x04 and no more", "damaged"),
        ],
    )
    def test_what_is_no_zip_is_told_by_its_first_bytes(self, tmp_path: Path, content: bytes, code: str) -> None:
        path = tmp_path / "base.xlsx"
        path.write_bytes(content)
        assert refusal(path) == code

    def test_a_missing_file_is_said(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "none.xlsx") == "lost"

    def test_a_file_over_the_limit_is_not_opened(self, tmp_path: Path) -> None:
        path = tmp_path / "base.xlsx"
        with path.open("wb") as file:
            file.truncate(limits.MAX_FILE_BYTES + 1)
        assert refusal(path) == "too_large"

    @pytest.mark.parametrize(
        ("member", "content", "code"),
        [
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", "damaged"),
            ("xl/workbook.bin", b"1", "xlsb"),
            ("hello.txt", b"1", "not_workbook"),
        ],
    )
    def test_other_zips_are_told_by_their_members(self, tmp_path: Path, member: str, content: bytes, code: str) -> None:
        path = tmp_path / "base.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, content)
        assert refusal(path) == code


class TestBombs:
    def test_a_member_that_packs_too_well(self, tmp_path: Path) -> None:
        path = raw_book(tmp_path / "b.xlsx", SHEET.format(rows=" " * 20_000_000))
        assert path.stat().st_size < 100_000
        assert refusal(path) == "bomb"

    def test_too_many_members(self, tmp_path: Path) -> None:
        extra = {f"xl/{number}.xml": b"" for number in range(limits.MAX_MEMBERS)}
        assert refusal(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=""), extra=extra)) == "bomb"

    def test_members_that_share_their_bytes(self, tmp_path: Path) -> None:
        path = raw_book(
            tmp_path / "b.xlsx", SHEET.format(rows=""), extra={"xl/a.bin": os.urandom(5000), "xl/b.bin": b"b"}
        )
        content = bytearray(path.read_bytes())
        entries = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
        offset = struct.unpack_from("<I", content, entries[-2] + 42)[0]
        struct.pack_into("<I", content, entries[-1] + 42, offset + 1)
        path.write_bytes(content)
        assert refusal(path) in ("bomb", "damaged")

    def test_a_declared_size_that_lies_is_not_exceeded(self, tmp_path: Path) -> None:
        path = raw_book(tmp_path / "b.xlsx", SHEET.format(rows="<row/>" * 100_000))
        content = bytearray(path.read_bytes())
        for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            start = content.rindex(signature)
            struct.pack_into("<I", content, start + at, 1000)
        path.write_bytes(content)
        assert refusal(path) == "damaged"

    def test_entities_that_grow(self, tmp_path: Path) -> None:
        names = [f"e{number}" for number in range(12)]
        entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip(names, names[1:], strict=False))
        sheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ха">{entities}]>' + SHEET.format(
            rows=CELL.format(row=1, name="A1", text="&e11;")
        )
        assert refusal(raw_book(tmp_path / "b.xlsx", sheet)) == "unsafe"

    def test_a_file_of_the_server_is_not_taken_in(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("тайна")
        sheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>' + SHEET.format(
            rows=CELL.format(row=1, name="A1", text="&e;")
        )
        assert refusal(raw_book(tmp_path / "b.xlsx", sheet)) == "unsafe"

    def test_a_cell_at_the_far_corner(self, tmp_path: Path) -> None:
        rows = CELL.format(row=1, name="A1", text="а") + CELL.format(row=1_048_576, name="XFD1048576", text="б")
        path = raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows))
        with pytest.raises(SheetError) as refused:
            rows_of(path)
        assert refused.value.code == "columns"
        assert "XFD1048576" in refused.value.message

    def test_a_row_below_the_limit(self, tmp_path: Path) -> None:
        row = limits.MAX_ROWS + 1
        path = raw_book(tmp_path / "b.xlsx", SHEET.format(rows=CELL.format(row=row, name=f"A{row}", text="а")))
        assert refusal(path) == "rows"

    def test_a_child_that_takes_too_long_is_ended(self, tmp_path: Path) -> None:
        rows = CELL.format(row=1, name="A1", text="а")
        before = children()
        with pytest.raises(SheetError) as refused:
            list(read(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows)), wall_s=0.0))
        assert refused.value.code == "heavy"
        assert CHILD_WALL_S > 0
        assert children() <= before

    def test_a_reader_that_stops_early_leaves_no_child(self, tmp_path: Path) -> None:
        rows = "".join(CELL.format(row=n, name=f"A{n}", text=os.urandom(300).hex()) for n in range(1, 2000))
        before = children()
        events = read(raw_book(tmp_path / "b.xlsx", SHEET.format(rows=rows)))
        next(events)
        events.close()
        assert children() <= before
