"""The reconciliation as a workbook, for whoever answers for the contract (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import Book, Column, Share, Sheet, Value, fresh_file, write_book
from nps.domain.actor import Actor
from nps.domain.disposition import TABLE
from nps.domain.local_time import Zone
from nps.domain.recording import ABSENCES
from nps.queries.recordings.listing import Wanted, every_call
from nps.queries.recordings.reconciliation import Day, reconcile
from nps.services.journal import note_access

_SUBJECT = "Звонки и записи"
_DAYS = (
    ("День", 14), ("Звонки", 10), ("С записью", 10), ("Доля", 9), ("Разговоры", 11), ("Разговоры с записью", 14),
    ("Доля", 9), ("Без записи", 11), ("Лишние записи", 11), ("Длина расходится", 13), ("Гудки короче 20 с", 13),
    ("Опрос дольше 60 с", 13), ("Часы расходятся больше 5 с", 16), ("Состояние", 16),
)  # fmt: skip
_CALLS = (
    ("День", 14), ("Время клиента", 10), ("Организация", 40), ("ОП", 20), ("Оператор", 26), ("Итог", 24), ("Гудки", 10),
    ("Разговор", 10), ("Почему нет записи", 24),
)  # fmt: skip


def download_reconciliation(
    session: Session, actor: Actor, campaign_id: int, folder: Path, zone: Zone, now: datetime, address: str
) -> Path:
    """Write the workbook into `folder` and down who took it; the file belongs to the caller, who deletes it."""
    note_access(
        session, at=now, user_id=actor.id, action="reconciliation_downloaded", object_kind="campaign",
        object_id=campaign_id, address=address,
    )  # fmt: skip
    file, found = fresh_file(folder), reconcile(session, campaign_id, zone, now)
    sums = ["Всего", *_numbers(found.sums, found.extra), None]
    days = Sheet("Сверка по дням", [Column(*column) for column in _DAYS], (_row(day) for day in found.days), sums)
    calls = Sheet("Звонки без записи", [Column(*column) for column in _CALLS], _without(session, campaign_id, now))
    write_book(file, Book("Сверка звонков и записей", _SUBJECT, "Опрос клиентов", now, [days, calls]))
    return file


def _row(day: Day) -> list[Value]:
    state = "закрыта" if day.is_settled else "файлы в пути" if day.counts["on_its_way"] else "ждёт решения"
    return [f"{day.day:%d.%m.%Y}", *_numbers(day.counts, day.extra), state]


def _numbers(of: Mapping[str, int], extra: int) -> list[Value]:
    return [
        of["dials"], of["dials_recorded"], _share(of["dials_recorded"], of["dials"]),
        of["conversations"], of["conversations_recorded"], _share(of["conversations_recorded"], of["conversations"]),
        of["dials_without"], extra, of["length"], of["short_ring"], of["long_survey"], of["clock"],
    ]  # fmt: skip


def _share(part: int, whole: int) -> Value:
    return Share(part / whole) if whole else None


def _without(session: Session, campaign_id: int, now: datetime) -> Iterator[list[Value]]:
    causes = {"on_its_way": "Файл в пути", "missing": "Записи нет", "empty": "Файл пустой", "absent": ""}
    for why, words in causes.items():
        for row in every_call(session, campaign_id, Wanted(check=why), now):
            yield [
                f"{row.day:%d.%m.%Y}", f"{row.minute // 60:02d}:{row.minute % 60:02d}", row.organisation, row.branch,
                row.operator, TABLE[row.disposition].label if row.disposition else "ждёт итога",
                timedelta(milliseconds=row.ring_ms), timedelta(milliseconds=row.talk_ms),
                words or ABSENCES[row.absence or "lost"],
            ]  # fmt: skip
