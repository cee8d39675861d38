"""The workbook of a campaign, cell by cell, against what the operator did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from tests.e2e.calls import World

BASE = Path(__file__).resolve().parent.parent / "data" / "base_clean.xlsx"

CALLS_FORM = [
    "Общее количество совершённых звонков (шт.)",
    "Успешные звонки (шт.)",
    "Не успешные звонки (только после 3-х исходящих звонков)",
    "Не активные телефонные номера (шт.)",
]
ANSWERS_FORM = [
    "ОП",
    "ИНН",
    "Наименование организации",
    "ФИО контактного лица",
    "Телефон",
    "1. Готовность рекомендовать компанию Уралэнерго (от 1 до 10)",
    "2. Что повлияло на оценку (заполняем при условии оценки от 1-8)",
    "Комментарий (если клиент затрудняется ответить)",
]
LETTER = [
    "Наименование организации",
    "ИНН",
    "ФИО контактного лица",
    "Телефон",
    "Электронная почта (при наличии)",
    "Обращение",
]


def rows_of(book: Workbook, sheet: str) -> list[list[Any]]:
    """The cells of a sheet; empty text and no cell are the same."""
    return [["" if cell.value is None else cell.value for cell in row] for row in book[sheet].iter_rows()]


def check_survey_workbook(book: Workbook, world: World) -> None:
    assert rows_of(book, "Звонки") == [CALLS_FORM, [9, 5, 0, 1]]
    header, *answers = rows_of(book, "Анкета")
    assert header == ANSWERS_FORM
    assert sorted(answers) == sorted(world.answers)
    in_base = {tuple(row[:4]) for row in load_workbook(BASE).active.iter_rows(values_only=True)}
    assert {tuple(row[:4]) for row in answers} <= in_base
    for row in book["Анкета"].iter_rows(min_row=2):
        for cell in (row[1], row[4]):
            assert isinstance(cell.value, str) and cell.number_format == "@"
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert rows_of(book, "Обращения") == [LETTER, world.escalation]
    operators = {row[0]: row[1:] for row in rows_of(book, "По операторам")[1:]}
    *counts, exact, minutes, reviews, quality, little = operators["Ольга Маркова"]
    assert counts == [9, 5, 0, 1]
    assert (reviews, quality, little) == (0, "—", "")
    # Eight conversations, none as long as a minute; the clock was set forward by 85 seconds in them.
    assert minutes == 8 and timedelta(seconds=85) <= exact < timedelta(minutes=8)
    assert operators["Вера Тихая"] == [0, 0, 0, 0, timedelta(), 0, 0, "—", ""]
    totals = {row[0]: row[1] for row in rows_of(book, "Итоги")}
    parts = ("Опрошены", "Отказались", "Неуспешные", "Неактивные", "Не успели", "Осталось позвонить")
    assert [totals[name] for name in parts] == [5, 1, 0, 1, 0, 1193]
    assert totals["Клиентов в базе"] == 1200
    assert (totals["Критики, 1–6"], totals["Нейтральные, 7–8"], totals["Сторонники, 9–10"]) == (1, 2, 2)
    assert totals["NPS"] == "+20"
    assert (totals["Трафик этой волны, мин"], totals["Трафик договора, мин"]) == (8, 10)


def check_small_workbook(book: Workbook, world: World) -> None:
    assert rows_of(book, "Звонки") == [CALLS_FORM, [5, 1, 1, 0]]
    assert rows_of(book, "Анкета") == [ANSWERS_FORM, *world.small_answers]
    assert rows_of(book, "Обращения") == [LETTER]
    totals = {row[0]: row[1] for row in rows_of(book, "Итоги")}
    parts = ("Опрошены", "Отказались", "Неуспешные", "Неактивные", "Не успели", "Осталось позвонить")
    assert [totals[name] for name in parts] == [1, 1, 1, 0, 0, 0]
    assert totals["Клиентов в базе"] == 3
