"""The act as a document: what order 179 of Roskomnadzor of 28.10.2022 asks for, with the extract of the journal.

It holds ids and counts; the lines for address and signatures are filled in by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from nps.adapters.report_sheet import Book, Column, Sheet
from nps.domain.local_time import Zone, to_local
from nps.domain.roles import ROLES
from nps.queries.personal_data import Act

SYSTEM = "Опрос клиентов"
CATEGORIES = (
    "организация и ИНН, фамилия, имя и отчество, телефоны, адрес электронной почты, ответы своими словами, "
    "заметки, обращения, записи разговоров"
)
WAY = (
    "Сведения в базе данных перезаписаны, база сжата, журнал предзаписи очищен; файлы загрузок, выгрузок, писем и "
    "записей разговоров удалены. Строки остались как числа: состояния, оценки, итоги и время звонков."
)
_COPIES = (
    "Копии базы данных в папке системы удалены. Копии, сделанные средствами сервера, уничтожает тот, кто их хранит."
)
ACTIONS = {
    "campaign_erased": "данные проекта удалены",
    "person_erased": "данные человека удалены",
    "erasure_files_deleted": "файлы удалены",
    "erasure_finished": "база сжата",
}
#: What is counted, in the order of the document.
COUNTS = {
    "clients": "клиенты",
    "phones": "номера телефонов",
    "calls": "звонки",
    "interviews": "анкеты",
    "recordings": "записи разговоров",
    "escalations": "обращения",
    "letters": "письма",
    "loads": "загрузки базы",
    "rows": "строки загрузок",
    "files": "файлы",
    "stop_list_removed": "убрано из стоп-листа",
    "stop_list_kept": "оставлено в стоп-листе",
}


def facts(act: Act, zone: Zone) -> Iterator[tuple[str, str]]:
    """The act as pairs of what is told and what it says; times by the clock of `zone`."""
    yield "Оператор персональных данных", act.customer
    yield "Кто обрабатывал по поручению", f"Колл-центр, договор {act.contract or 'без номера'}"
    yield "Информационная система", SYSTEM
    what = "все клиенты проекта" if act.scope == "campaign" else "клиенты с номером одного человека"
    yield "Чьи данные", f"{what}, номера в системе: {act.subjects or 'нет'}"
    yield "Категории данных", CATEGORIES
    yield "Причина", act.reason
    yield "Основание обработки", act.legal_basis or "не указано"
    yield "Способ", WAY
    yield "Копии", _COPIES
    yield "Когда", _moment(act.at, zone)
    yield "Закончено", _moment(act.finished_at, zone) if act.finished_at else "ещё идёт"
    yield "Кто", f"{act.by}, {ROLES.get(act.role, '')}" if act.by else "администратор, командой на сервере"
    kept = act.counts["stop_list_kept"]
    if kept:
        yield "Оставлено", f"Записи стоп-листа: {kept}, с единственной целью не звонить по этим номерам"


def counted(act: Act) -> list[tuple[str, int]]:
    return [(label, act.counts[code]) for code, label in COUNTS.items()]


def extract(act: Act, zone: Zone) -> list[tuple[int, str, str, str, str]]:
    """The lines of the journal: number, time, who, what, and what was written down of it."""
    return [
        (number, _moment(at, zone), who or "система", ACTIONS[action], _details(after))
        for number, at, who, action, after in act.journal
    ]


def book(act: Act, zone: Zone, now: datetime) -> Book:
    pairs = (Column("Сведения", 34), Column("Содержание", 110))
    amounts = [(label, str(number)) for label, number in counted(act)]
    journal = tuple(Column(title, width) for title, width in zip(JOURNAL, (10, 24, 34, 30, 90), strict=True))
    rows = [(str(number), *rest) for number, *rest in extract(act, zone)]
    sheets = (Sheet("Акт", pairs, [*facts(act, zone), *amounts]), Sheet("Выписка из журнала", journal, rows))
    title = f"Акт № {act.id} об уничтожении персональных данных"
    return Book(title=title, subject=SYSTEM, author=SYSTEM, created=now, sheets=sheets)


JOURNAL = ("Запись", "Когда", "Кто", "Событие", "Сведения")


def _moment(at: datetime, zone: Zone) -> str:
    return f"{to_local(at, zone):%d.%m.%Y %H:%M:%S (UTC%z)}"


def _details(values: Mapping[str, Any]) -> str:
    told = [f"{label}: {values[code]}" for code, label in COUNTS.items() if values.get(code)]
    if values.get("subjects"):
        told.insert(0, f"номера клиентов: {values['subjects']}")
    return "; ".join(told)
