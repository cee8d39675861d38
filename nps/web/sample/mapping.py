"""What the page of the columns shows of a load: the sheet as it looks, and what is not loaded of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from nps.domain.sample import Fate, Part, Understood, Verdict
from nps.domain.wording import phone_words, plural

#: What was noticed in a column before the check, worst first: its kind, words, whether it is a fault.
NOTICED = (
    ("wrong", "{} с ошибкой", True),
    ("error", "{} с ошибкой Excel или формулой без значения", True),
    ("foreign", "{} с иностранным номером", True),
    ("partly", "{} с негодным номером", True),
    ("letters", "{} с буквой вместо цифры: исправим", False),
    ("kpp", "{} вместе с КПП: отделим", False),
    ("zero", "{} без ведущего нуля: восстановим", False),
    ("several", "{} с несколькими номерами", False),
    ("extension", "{} с добавочным", False),
    ("capitals", "{} прописными: исправим регистр", False),
    ("markup", "{} с разметкой: уберём", False),
    ("long", "{} длиннее 300 знаков: обрежем", False),
)
#: What a row of the picture is, in the words of the page.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "above": "не берём",
        "titles": "заголовки",
        "group": "группа",
        "client": "клиент",
        "faulty": "с ошибкой",
        "left": "скрыта",
        "words": "не клиент",
    }
)
#: Kind of rows that are no clients -> their name by number.
_NOT_LOADED = (
    ("group", ("строка с названием ОП", "строки с названиями ОП", "строк с названиями ОП")),
    ("titles", ("строка заголовков", "строки заголовков", "строк заголовков")),
    ("above", ("строка выше заголовков", "строки выше заголовков", "строк выше заголовков")),
    ("totals", ("строка итогов", "строки итогов", "строк итогов")),
    ("words", ("строка без данных клиента", "строки без данных клиента", "строк без данных клиента")),
    ("left", ("скрытая строка", "скрытые строки", "скрытых строк")),
)


def letter(index: int) -> str:
    """The name of a column, from 0, as spreadsheets show it."""
    name = ""
    while index >= 0:
        name, index = chr(ord("A") + index % 26) + name, index // 26 - 1
    return name


def column(understood: Understood, index: int, mapped: Mapping[int, str]) -> dict[str, Any]:
    """A column of the leading sheet; `mapped`: column -> the field that is chosen for it."""
    header = understood.header
    known = next((code for code, places in header.columns.items() if index in places), "")
    code = mapped.get(index, "")
    joined = [place for place, other in sorted(mapped.items()) if code and other == code]
    return {
        "index": index,
        "letter": letter(index),
        "title": header.titles[index] or f"Столбец {index + 1}",
        "field": code,
        "joined": " + ".join(map(letter, joined)) if len(joined) > 1 else "",
        "empty": understood.empty_cells(index),
        "noticed": _noticed(understood.noticed.get(known, {})),
    }


def _noticed(kinds: Mapping[str, int]) -> list[tuple[str, bool]]:
    """What was noticed in a column: words, and whether its owner has to put something right."""
    return [(words.format(kinds[kind]), is_fault) for kind, words, is_fault in NOTICED if kinds.get(kind)]


def becomes(verdict: Verdict | None) -> list[str]:
    """What is stored of a row, field by field; nothing when it is no client of its own."""
    if verdict is None or verdict.fate not in (Fate.ACCEPTED, Fate.CORRECTED):
        return []
    fixed = verdict.fixed
    phones = ", ".join(phone_words(phone["e164"], phone["extension"]) for phone in fixed["phones"])
    said = verdict.raw["branch"], fixed["organisation"], fixed["inn"], fixed["contact"], phones, fixed["email"]
    return [text for text in said if text]


def account(understood: Understood) -> list[dict[str, Any]]:
    """Each taken sheet: all its rows, those of clients, and the others by what they are; they add up."""
    parts = zip(understood.parts, understood.names, strict=True)
    return [_account(part, name) for part, name in parts if part.profile.kinds]


def _account(part: Part, name: str) -> dict[str, Any]:
    counts = {**part.profile.kinds, "above": part.profile.above}
    counts["titles"] = counts.get("titles", 0) + bool(part.header.row)
    rest = [(counts[kind], plural(counts[kind], *words)) for kind, words in _NOT_LOADED if counts.get(kind)]
    clients = counts.get("client", 0)
    return {"name": name, "rows": clients + sum(number for number, _ in rest), "clients": clients, "rest": rest}
