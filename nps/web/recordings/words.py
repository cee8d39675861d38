"""Words of the pages of recordings."""

from __future__ import annotations

#: Checks that are a filter of the list; the others are reached from a figure of the reconciliation.
FILTERS = {
    "recorded": "С записью",
    "dials": "Все звонки",
    "conversations": "Разговоры",
    "conversations_without": "Разговоры без записи",
    "dials_without": "Звонки без записи",
    "cut": "Запись обрезана",
    "late": "Запись опоздала",
    "length": "Длина расходится",
    "short_ring": "Гудки короче 20 с",
    "long_survey": "Опрос дольше 60 с",
    "against": "Итог руководителя против услышанного",
}
OTHERS = {
    "by_exchange": "Время по часам станции",
    "clock": "Часы расходятся больше чем на 5 с",
    "dials_recorded": "Звонки с записью",
    "conversations_recorded": "Разговоры с записью",
    "on_its_way": "Файл в пути",
    "missing": "Записи нет",
    "absent": "Записи не будет",
    "empty": "Файл пустой",
}
TITLES = {**FILTERS, **OTHERS}
