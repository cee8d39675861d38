"""Text files with separated values, whoever wrote them: read as a person reads them, cell by cell."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps.adapters.sample_sheet import by_csv

TITLES = ["ОП", "ИНН", "Наименование организации", "Телефон"]
PLAIN = st.text(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯё 0123456789-().", min_size=1, max_size=20
)
QUOTED = PLAIN.map(lambda text: f'ООО "{text.strip()}"')
#: What the encodings have in common; DOS has no «ёлочки».
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866", "koi8-r", "mac-cyrillic",
)  # fmt: skip


def cells(content: bytes) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "base.csv")
        path.write_bytes(content)
        return [tuple(event[1]) for event in by_csv.read(str(path)) if isinstance(event, list)]


def written(rows: list[list[str]], separator: str, quoting: str) -> str:
    if quoting == "none":
        return "".join(separator.join(row) + "\r\n" for row in rows)
    if quoting == "unescaped":
        return "".join(separator.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
    out = io.StringIO()
    style = csv.QUOTE_ALL if quoting == "all" else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=separator, quoting=style).writerows(rows)
    return out.getvalue()


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(PLAIN, PLAIN, st.one_of(PLAIN, QUOTED), PLAIN), min_size=3, max_size=8),
    separator=st.sampled_from(";\t,|"),
    quoting=st.sampled_from(("none", "minimal", "all", "unescaped")),
    encoding=st.sampled_from(ENCODINGS),
    declared=st.booleans(),
)
def test_a_table_is_read_alike_in_every_dialect_and_encoding(
    rows: list[tuple[str, ...]], separator: str, quoting: str, encoding: str, declared: bool
) -> None:
    table = [TITLES, *([cell.strip() or "а" for cell in row] for row in rows)]
    text = written(table, separator, quoting)
    found = cells(((f"sep={separator}\r\n" if declared else "") + text).encode(encoding))
    assert found[declared:] == [tuple(row) for row in table]


@pytest.mark.parametrize(
    ("line", "organisation"),
    [
        ('Уфа;02;"ООО "Ромашка";89120000001', 'ООО "Ромашка"'),
        ('Уфа;02;"Ромашка" ООО;89120000001', '"Ромашка" ООО'),
        ('Уфа;02;ООО "Ромашка";89120000001', 'ООО "Ромашка"'),
        ('Уфа;02;"ООО ""Ромашка""";89120000001', 'ООО "Ромашка"'),
        ('Уфа;02;"ООО "Ромашка; и ко"";89120000001', 'ООО "Ромашка; и ко"'),
        ('Уфа;02;"Ромашка;89120000001', "Ромашка"),
        ("Уфа;02;ООО\u2028Ромашка;89120000001", "ООО Ромашка"),
        ("Уфа;02;ООО\x0bРомашка;89120000001", "ООО Ромашка"),
        ("Уфа;02;ООО\x85Ромашка;89120000001", "ООО Ромашка"),
    ],
)
def test_a_quote_or_a_strange_break_of_a_line_costs_no_row(line: str, organisation: str) -> None:
    text = "\r\n".join(
        [";".join(TITLES), "Казань;16;ООО Первая;89120000000", line, "Пермь;59;ООО Третья;89120000002", ""]
    )
    found = cells(text.encode())
    assert [row[0] for row in found] == ["ОП", "Казань", "Уфа", "Пермь"]
    assert found[2][2:] == (organisation, "89120000001")


def test_a_field_over_several_lines_is_one_also_beside_a_broken_one() -> None:
    text = 'ОП;ИНН;Имя;Телефон\nУфа;02;"ООО\nПервая";1\nКазань;16;"ООО "Вторая";2\nПермь;59;Третья;3\n'
    assert cells(text.encode()) == [
        ("ОП", "ИНН", "Имя", "Телефон"),
        ("Уфа", "02", "ООО\nПервая", "1"),
        ("Казань", "16", 'ООО "Вторая"', "2"),
        ("Пермь", "59", "Третья", "3"),
    ]
