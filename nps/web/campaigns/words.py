"""What the codes of these pages are called."""

from __future__ import annotations

from nps.domain.desk import PAUSE_REASONS
from nps.domain.wording import STATE_WORDS

#: State of a client: words and the kind of its tag.
_KINDS = {"manager": "warn", "surveyed": "ok", "inactive": "bad"}
STATES = {state: (words, _KINDS.get(state, "")) for state, words in STATE_WORDS.items()}
#: Parts of the list of clients, in the order of their cards; `all` has no filter.
VIEWS = {
    "": "все клиенты",
    "to_call": "ещё звонить",
    "manager": "ждёт решения",
    "inactive": "нужен новый номер",
    "no_region": "регион неизвестен",
    "late": "не успеваем",
    "surveyed": "опрошены",
    "refused": "отказы",
    "unsuccessful": "неуспешные",
    "unreached": "не успели",
    "withdrawn": "исключены",
}
#: What a manager may decide about a client, on its button.
ACTS = {
    "returned": "Вернуть в работу",
    "refused": "Записать отказ",
    "withdrawn": "Исключить из базы",
    "reopened": "Открыть заново",
}
EVENTS = {
    "reopened": "Открыт заново",
    "returned": "Возвращён в работу",
    "number_added": "Добавлен номер",
    "organisation_refused": "Другой контакт отказался за всю организацию",
    "refused": "Отказ записан руководителем",
    "stop_listed": "Внесён в стоп-лист",
    "stop_lifted": "Снят со стоп-листа",
    "withdrawn": "Исключён заказчиком",
    "unreached": "Проект закрыт, дозвониться не успели",
    "taken_back": "Отменено вместе с итогом звонка",
}
#: Who said how a call ended.
SOURCES = {
    "operator": "оператор",
    "correction": "исправил оператор",
    "exchange": "станция",
    "manager": "руководитель",
    "review": "проверка звонка",
}
#: What was heard in a call against the result that a manager gave it.
CONTRADICTIONS = {
    "answered": "клиент ответил",
    "not_answered": "клиент не отвечал",
    "ring_short": "гудки короче 20 секунд",
}
PHONE_SOURCES = {"base": "из базы", "call": "дали в разговоре", "manager": "внесён вручную"}
PURPOSES = {"survey": "опрос", "training": "тренировка", "demo": "демонстрация"}
ADMISSIONS = {"warn": "без допуска предупреждать", "required": "без допуска не пускать", "off": "не нужен"}
SOFT_REFUSALS = {"1": "сразу отказ (строка 2 скрипта)", "0": "ещё один звонок на следующий день"}
#: Where a campaign stands: words and the kind of its tag.
PHASES = {
    "running": ("идёт", "ok"),
    "paused": ("на паузе", "warn"),
    "ahead": ("не начался", "accent"),
    "over": ("срок вышел", "warn"),
    "closed": ("закрыт", ""),
}
#: What an operator does: words and the kind of the tag.
AT_WORK = {
    "talk": ("разговор", "ok"),
    "ringing": ("гудки", "accent"),
    "wrapup": ("записывает итог", "accent"),
    "card": ("смотрит карточку", "accent"),
    "ready": ("на линии", "accent"),
    "pause": ("пауза", "warn"),
    "elsewhere": ("в другом проекте", ""),
    "off": ("не на смене", ""),
}
WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
PAUSES = PAUSE_REASONS
