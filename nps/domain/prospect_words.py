"""The forecast in Russian words: the answer first, then what holds it back, then what each lever would change."""

from __future__ import annotations

from datetime import date

from nps.domain.local_time import date_in, weekday_name
from nps.domain.prospect import Lever, Prospect
from nps.domain.wording import number, percent, plural

_SURE, _UNLIKELY = 0.8, 0.2
_STOPS = {
    "minutes": "дальше кончатся минуты",
    "days": "дальше кончатся дни звонков",
    "clients": "больше звонить будет некому",
}
_LEVERS = {
    "operator": "Ещё один оператор",
    "minutes": "Ещё 100 минут",
    "day": "Ещё один день звонков",
    "soft": "«Не сейчас» — ещё один звонок",
}
_WEEKDAYS = {
    "понедельник": "в понедельник", "вторник": "во вторник", "среда": "в среду", "четверг": "в четверг",
    "пятница": "в пятницу", "суббота": "в субботу", "воскресенье": "в воскресенье",
}  # fmt: skip


def headline(found: Prospect, this_year: int) -> str:
    """«Успеваем, но впритык: 75 % — в четверг, 26 ноября.»"""
    day = found.ending.day
    if day is not None:
        sure = "Успеваем" if found.chance >= _SURE else "Успеваем, но впритык"
        return f"{sure}: 75 % — {_on(day, this_year)}."
    lost = "Не успеваем" if found.chance < _UNLIKELY else "Скорее не успеваем"
    return f"{lost}: к концу волны ждём {_share(found.ending.surveyed, found.clients)}."


def details(found: Prospect, limit_s: int) -> list[str]:
    """What the end looks like: share with its interval and what stops there, minutes, what is missing."""
    ending = found.ending
    between = f"от {_share(found.low, found.clients)} до {_share(found.high, found.clients)}"
    stop = _STOPS[ending.stopped_by]
    lines = [f"К концу волны ждём {_share(ending.surveyed, found.clients)} ({between}): {stop}."]
    if ending.day is None:
        lines = [f"С вероятностью 80 % — {between}: {stop}."]
    used, low, high = (int(seconds) // 60 for seconds in (ending.used_s, found.used_low_s, found.used_high_s))
    lines.append(f"Минут уйдёт {number(used)} (от {number(low)} до {number(high)}) из {number(limit_s // 60)}.")
    missing = -(-3 * found.clients // 4) - int(ending.surveyed)
    if ending.day is None and missing > 0:
        lines.append(f"До 75 % не хватит {number(missing)} {plural(missing, 'анкеты', 'анкет', 'анкет')}.")
    return lines


def lever_words(lever: Lever, found: Prospect, this_year: int) -> str:
    """«Ещё один оператор — 75 % в среду, 25 ноября.»"""
    label, ending = _LEVERS[lever.code], lever.ending
    if ending.day is not None and ending.day != found.ending.day:
        return f"{label} — 75 % {_on(ending.day, this_year)}."
    more = int(ending.surveyed) - int(found.ending.surveyed)
    if more < 1:
        return f"{label} — ничего не изменит."
    gain = f"на {number(more)} {plural(more, 'анкету', 'анкеты', 'анкет')} больше"
    return f"{label} — {_share(ending.surveyed, found.clients)}, {gain}."


def _share(surveyed: float, clients: int) -> str:
    return percent(int(surveyed + 1e-6), clients, down=True)


def _on(day: date, this_year: int) -> str:
    return f"{_WEEKDAYS[weekday_name(day)]}, {date_in(day, this_year)}"
