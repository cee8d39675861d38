"""Bases laid out in the ways in which people write them, of clients that are known: for properties of loading."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

BRANCHES = ("Ижевск", "Казань", "Уфа", "Пермь", "Чебоксары")
_PEOPLE = (
    ("Вахрушев", "Тимур", "Ильич"), ("Галеева", "Наталья", "Ринатовна"), ("Шарипова", "Алсу", "Петровна"),
    ("Ёлкин", "Сергей", "Андреевич"), ("Калинина", "Ольга", "Дмитриевна"), ("Хасанов", "Ильдар", "Ильич"),
)  # fmt: skip
_WORDS = ("", " приёмная", " (до 17:00)", ", WhatsApp", " - директор")
_BEFORE = ("", "тел. ", "моб.", "т/ф: ")
_SEPARATORS = ("; ", ", ", " / ", "\n")
_TITLES = {
    "branch": ("ОП", "Подразделение", "Филиал"),
    "inn": ("ИНН", "ИНН/КПП", "И Н Н"),
    "organisation": ("Организация", "Контрагент", "Наименование организации"),
    "contact": ("ФИО", "Контактное лицо", "Конт. лицо"),
    "phone": ("Телефон", "Тел.", "Номер телефона"),
    "email": ("Почта", "E-mail", "Электронная почта"),
    "number": ("№", "№ п/п", "N"),
    "comment": ("Комментарий", "Менеджер", "Примечание"),
}
_ABOVE = ("База клиентов для опроса", "Выгружено из программы", "Отдел клиентского сервиса")
_BELOW = ("Исполнитель: Иванова А.А., тел. 22-33", "Дата: 30.11.2026", "Конец отчёта")
_KPP = "183101001"


@dataclass(frozen=True)
class Client:
    """What has to come out of a base, whatever it looks like."""

    branch: str
    inn: str
    organisation: str
    person: tuple[str, str, str]
    phones: tuple[str, ...]
    email: str


@dataclass
class Layout:
    """How a base of these clients is written, and what came of it: bytes and a name."""

    clients: list[Client]
    content: bytes = field(default=b"", init=False)
    name: str = "база.xlsx"
    #: Where the branch stands: «column», «merged» over its rows, or «groups», rows of its own.
    branch: str = "column"
    rows: list[list[str]] = field(default_factory=list)
    #: Encoding and separator of a text file.
    dialect: tuple[str, ...] = ()


def inn_of(n: int) -> str:
    """A valid number of an organisation, made of a small number."""
    digits = [int(figure) for figure in f"18{n:07}"]
    return "".join(map(str, digits)) + str(
        sum(a * b for a, b in zip((2, 4, 10, 3, 5, 9, 4, 6, 8), digits, strict=True)) % 11 % 10
    )


def _shapes(number: str) -> tuple[str, ...]:
    code, a, b, c = number[2:5], number[5:8], number[8:10], number[10:]
    return (
        number, f"8{number[2:]}", f"8 ({code}) {a}-{b}-{c}", f"+7 {code} {a} {b} {c}", number[2:],
        f"8-{code}-{a}-{b}{c}",
    )  # fmt: skip


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """A base of two to six clients."""
    clients = [
        Client(
            branch, draw(st.sampled_from((inn_of(4_000_000 + 7 * n), ""))), f"АО Проба-{n}", _PEOPLE[n],
            tuple(f"+7912000{n}{k:02}{n}" for k in range(draw(st.integers(1, 2)))),
            draw(st.sampled_from((f"z{n}@example.com", ""))),
        )
        for n, branch in enumerate(sorted(draw(st.lists(st.sampled_from(BRANCHES), min_size=2, max_size=6))))
    ]  # fmt: skip
    layout = Layout(clients, branch=draw(st.sampled_from(("column", "merged", "groups"))))
    is_text = layout.branch == "column" and draw(st.booleans())
    fields = _fields(draw, layout)
    rows: list[list[str]] = [[words] for words in _ABOVE[: draw(st.integers(0, 3))]]
    rows.append([title for title, _ in fields])
    firsts = []
    for n, client in enumerate(clients):
        is_first = n == 0 or clients[n - 1].branch != client.branch
        if layout.branch == "groups" and is_first:
            rows.append([client.branch])
        if is_first:
            firsts.append(len(rows))
        rows.append([_cell(draw, code, n, client) for _, code in fields])
        if draw(st.integers(0, 9)) == 0:
            rows.append([])
    if draw(st.booleans()):
        rows.append(["Итого:", str(len(clients))])
    rows += [[words] for words in _BELOW[: draw(st.integers(0, 3))]]
    indent = draw(st.integers(0, 2))
    rows = layout.rows = [[""] * indent + cells for cells in rows]
    if is_text:
        _as_text(draw, layout, rows)
    else:
        places = [n + indent for n, (_, code) in enumerate(fields) if code == "branch"]
        _as_workbook(draw, layout, rows, places, firsts)
    return layout


def _fields(draw: st.DrawFn, layout: Layout) -> list[tuple[str, str]]:
    """Title and what stands under it, in the order of the columns."""
    codes = [
        "inn",
        "organisation",
        "phone",
        "email",
        *draw(st.lists(st.sampled_from(("number", "comment")), unique=True)),
    ]
    if layout.branch != "groups":
        codes.append("branch")
    fields = [(draw(st.sampled_from(_TITLES[code])), code) for code in codes]
    if draw(st.booleans()):
        fields.append((draw(st.sampled_from(_TITLES["contact"])), "contact"))
        order = draw(st.permutations(fields))
    else:
        person = [("Фамилия", "surname"), ("Имя", "first"), ("Отчество", "patronymic")]
        order = draw(st.permutations(fields))
        place = draw(st.integers(0, len(order)))
        order = [*order[:place], *person, *order[place:]]
    return list(order)


def _cell(draw: st.DrawFn, code: str, n: int, client: Client) -> str:
    match code:
        case "phone":
            told = [
                draw(st.sampled_from(_BEFORE)) + draw(st.sampled_from(_shapes(number))) + draw(st.sampled_from(_WORDS))
                for number in client.phones
            ]
            return draw(st.sampled_from(_SEPARATORS)).join(told)
        case "inn":
            joined = (client.inn, f"{client.inn}/{_KPP}", f"ИНН {client.inn}", f"{client.inn} / {_KPP}")
            return draw(st.sampled_from(joined if client.inn else ("", "-", "нет")))
        case "contact":
            return " ".join(client.person)
        case "surname" | "first" | "patronymic":
            return client.person[("surname", "first", "patronymic").index(code)]
        case "number":
            return str(n + 1)
        case "comment":
            return draw(st.sampled_from(("", "перезвонить", "VIP", "менеджер Петров")))
        case _:
            return str(getattr(client, code))


def _as_text(draw: st.DrawFn, layout: Layout, rows: list[list[str]]) -> None:
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", "cp1251", "cp866", "utf-16", "utf-16-le")))
    separator = draw(st.sampled_from((";", ",", "\t")))
    layout.dialect = encoding, separator
    marks = ('"', separator, "\n")

    def written(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in marks) else cell

    width = max(map(len, rows))
    lines = [separator.join(map(written, [*cells, *[""] * (width - len(cells))])) for cells in rows]
    text = "\r\n".join(lines) + "\r\n"
    layout.content, layout.name = text.encode(encoding, "replace"), "база.csv"


def _as_workbook(draw: st.DrawFn, layout: Layout, rows: list[list[str]], places: list[int], firsts: list[int]) -> None:
    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    for cells in rows:
        sheet.append([cell or None for cell in cells])
    if layout.branch == "merged":
        column = places[0] + 1
        last = max(n for n, cells in enumerate(rows) if len(cells) > 4)
        for first, after in zip(firsts, [*firsts[1:], last + 1], strict=True):
            ends = max(n for n in range(first, after) if len(rows[n]) > 4)
            if ends > first:
                sheet.merge_cells(start_row=first + 1, end_row=ends + 1, start_column=column, end_column=column)
    if draw(st.booleans()):
        sheet.row_dimensions[len(rows)].hidden = True
    file = BytesIO()
    book.save(file)
    layout.content = file.getvalue()
