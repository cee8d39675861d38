"""Numbers, durations and reasons in Russian words; pages, letters and workbooks all use these."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from types import MappingProxyType

from nps.domain.disposition import TABLE
from nps.domain.forecast import Forecast
from nps.domain.grouped import MINUS, number
from nps.domain.local_time import Zone, clock, date_in, to_local, weekday_name, when
from nps.domain.phone import show as phone_words
from nps.domain.survey_statistics.rounding import half_up
from nps.domain.why import Why

__all__ = [
    "decimal", "duration", "forecast_words", "greeting_name", "minutes", "number", "percent", "phone_words", "plural",
    "signed", "tenths", "why_text",
]  # fmt: skip

NO_BREAK_SPACE = "\xa0"
NOTHING = "—"

_PATRONYMIC = re.compile(r"(?:ич|[оеё]вна|ична)$", re.IGNORECASE)
_PATRONYMIC_ENDS = ("оглы", "кызы")
_NAME = re.compile(r"[А-ЯЁа-яё]{2,}(?:-[А-ЯЁа-яё]{2,})?")


def plural(n: int, one: str, few: str, many: str) -> str:
    """Return the form that goes with the count: 1 клиент, 2 клиента, 5 клиентов, 11 клиентов, 21 клиент."""
    tens, ones = abs(n) % 100, abs(n) % 10
    if 11 <= tens <= 14 or ones == 0 or ones >= 5:
        return many
    return one if ones == 1 else few


def signed(n: int) -> str:
    """«+38», «−5», «0»: how an NPS is written, without a percent sign."""
    return f"+{n}" if n > 0 else number(n)


def tenths(value: Fraction) -> str:
    """«12,9», half up, of a number that is not negative."""
    whole, tenth = divmod(half_up(10 * value), 10)
    return f"{number(whole)},{tenth}"


def decimal(value: float | Fraction, places: int = 1, *, plus: bool = False) -> str:
    """«−12,9», half up and with a comma; `plus` writes the sign of a positive number too."""
    units = half_up(Fraction(value) * 10**places)
    whole, rest = divmod(abs(units), 10**places)
    sign = MINUS if units < 0 else "+" if plus and units > 0 else ""
    return f"{sign}{number(whole)},{rest:0{places}}"


def percent(num: int, den: int, *, down: bool = False) -> str:
    """«61,4 %», half up; «—» of nothing. `down` cuts instead, for a share that must not seem to reach its threshold."""
    if den == 0:
        return NOTHING
    exact = Fraction(1000 * num, den)
    shown = int(exact // 1) if down else half_up(exact)
    whole, tenth = divmod(abs(shown), 10)
    return f"{MINUS if shown < 0 else ''}{number(whole)},{tenth}{NO_BREAK_SPACE}%"


def duration(seconds: float) -> str:
    """«1:05»; an hour and more as «1:01:05»."""
    hours, rest = divmod(int(seconds), 3600)
    mins, secs = divmod(rest, 60)
    return f"{hours}:{mins:02}:{secs:02}" if hours else f"{mins}:{secs:02}"


def span_words(seconds: float) -> str:
    """«4 с», «12 мин», «1 ч 35 мин», «2 дн 1 ч»: the two largest units, what is smaller is left out."""
    if seconds < 60:
        return f"{max(int(seconds), 1)} с"
    days, rest = divmod(int(seconds) // 60, 24 * 60)
    hours, mins = divmod(rest, 60)
    found = [f"{n} {unit}" for n, unit in ((days, "дн"), (hours, "ч"), (mins, "мин")) if n]
    return " ".join(found[:2])


def minutes(seconds: int) -> str:
    """«831 мин», with what is over as «830 мин 42 с»: exact, never rounded."""
    whole, rest = divmod(seconds, 60)
    return f"{number(whole)} мин" + (f" {rest} с" if rest else "")


def greeting_name(contact: str) -> str:
    """Return how to address the contact, «Имя Отчество» (R17).

    Empty when the contact is not a person's full name («Бухгалтерия», one word, initials): then the greeting starts
    with «Добрый день!». The card lets the operator correct it.
    """
    words = contact.split()
    if words and words[-1].casefold() in _PATRONYMIC_ENDS:
        return " ".join([*map(_name_case, words[-3:-1]), words[-1].casefold()]) if len(words) >= 3 else ""
    for first, second in zip(words, words[1:], strict=False):
        if _NAME.fullmatch(first) and _NAME.fullmatch(second) and _PATRONYMIC.search(second):
            return f"{_name_case(first)} {_name_case(second)}"
    return ""


def _name_case(word: str) -> str:
    return "-".join(part.capitalize() for part in word.split("-")) if word.isupper() or word.islower() else word


def forecast_words(forecast: Forecast, today: date) -> str:
    """«осталось опросить 212, возможно ещё 340, последний день для новых — среда, 25 ноября», with any other year."""
    if forecast.needed == 0:
        return f"порог 75 % достигнут, возможно ещё {number(forecast.possible)}"
    parts = [f"осталось опросить {number(forecast.needed)}", f"возможно ещё {number(forecast.possible)}"]
    last = forecast.last_day_for_new
    if last is None:
        parts.append("новых начинать поздно")
    else:
        parts.append(f"последний день для новых — {weekday_name(last)}, {date_in(last, today.year)}")
    return ", ".join(parts)


#: Where a client stands, as everybody reads it.
STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "ещё звонить",
        "manager": "ждёт решения",
        "surveyed": "опрошен",
        "refused": "отказ",
        "unsuccessful": "неуспешный",
        "inactive": "нужен новый номер",
        "unreached": "не успели",
        "withdrawn": "исключён",
    }
)


def why_text(why: Why, zone: Zone, now: datetime) -> str:
    """Say in one sentence, in the client's local time, why this client is called now or later.

    «Не отвечает в 11:40 + 1 ч = 12:40, перерыв → 14:00». A code of a later version gives an empty text.
    """
    wording = _WHY.get(why.code)
    return wording(why, zone, now) if wording else ""


def _when(why: Why, name: str, zone: Zone, now: datetime) -> str:
    at = why.instant(name)
    return when(at, zone, now) if at else ""


def _last(why: Why, zone: Zone, now: datetime) -> str:
    """«Не отвечает в 11:40», with the day when it was not today."""
    at = why.instant("last")
    row = TABLE.get(str(why.params.get("result", "")))
    label = row.label if row else "Звонок"
    if at is None:
        return label
    today = to_local(at, zone).date() == to_local(now, zone).date()
    return f"{label} в {clock(at, zone)}" if today else f"{label} {when(at, zone, now)}"


def _hour_later(why: Why, zone: Zone, now: datetime) -> str:
    plus_hour, due = why.instant("plus_hour"), why.instant("due")
    text = f"{_last(why, zone, now)} + 1 ч"
    if plus_hour:
        text += f" = {clock(plus_hour, zone)}"
    moved = str(why.params.get("moved", ""))
    if not moved or due is None:
        return text
    if moved == "break":
        return f"{text}, перерыв → {clock(due, zone)}"
    reason = "окно закрыто" if moved == "evening" else "в этот день не звоним"
    return f"{text}, {reason} → {when(due, zone, now)}"


_HALVES = {"morning": "в первой половине дня", "afternoon": "во второй половине дня"}


def _next_day(why: Why, zone: Zone, now: datetime) -> str:
    half = _HALVES.get(str(why.params.get("half", "")), "")
    parts = (_last(why, zone, now), "следующий день звонков " + half, _when(why, "due", zone, now))
    return f"{parts[0]}, {parts[1].strip()} → {parts[2]}"


def _callback(why: Why, zone: Zone, now: datetime) -> str:
    at, due = why.instant("at"), why.instant("due")
    text = f"Просил перезвонить {_when(why, 'at', zone, now)}"
    if at and due and at != due:
        return f"{text}, в это время не звоним → {when(due, zone, now)}"
    return text


def _other_person(why: Why, zone: Zone, now: datetime) -> str:
    if why.params.get("at"):
        return f"{_last(why, zone, now)}, контакт будет {_when(why, 'at', zone, now)}"
    return _next_day(why, zone, now)


_MANAGER = {
    "other_person": "контакта много раз не было на месте",
    "callbacks": "клиент слишком часто переносил звонок",
    "technical": "три технические ошибки подряд",
    "not_client": "не действующий клиент или повтор",
    "organisation": "другой контакт отказался от имени всей организации",
}


def _manager(why: Why, zone: Zone, now: datetime) -> str:
    return f"Ждёт решения руководителя: {_MANAGER.get(str(why.params.get('reason', '')), 'без причины')}"


def _result(why: Why, zone: Zone, now: datetime) -> str:
    row = TABLE.get(str(why.params.get("result", "")))
    return row.label if row else ""


def _stop_list(why: Why, zone: Zone, now: datetime) -> str:
    if "phone_id" in why.params:
        return "Номер в стоп-листе"
    return "Организация в стоп-листе" if why.params.get("by") == "inn" else "Номер или организация в стоп-листе"


def _fixed(text: str) -> Callable[[Why, Zone, datetime], str]:
    return lambda why, zone, now: text


_WHY: dict[str, Callable[[Why, Zone, datetime], str]] = {
    "new": _fixed("Ещё не звонили"),
    "hour_later": _hour_later,
    "next_day": _next_day,
    "hung_up": _next_day,
    "soft_refusal": _next_day,
    "callback": _callback,
    "other_person": _other_person,
    "technical": lambda why, zone, now: f"{_last(why, zone, now)}, повторить сразу",
    "new_contact": _fixed("Дали новый номер или другое контактное лицо, можно звонить сразу"),
    "next_number": lambda why, zone, now: f"{_last(why, zone, now)}, следующий номер клиента",
    "number_added": _fixed("Добавлен новый номер, можно звонить сразу"),
    "reopened": _fixed("Руководитель открыл клиента заново"),
    "returned": _fixed("Руководитель вернул клиента в работу"),
    "no_window": _fixed("Не успеваем: до конца проекта не осталось окна звонков"),
    "no_region": _fixed("Регион неизвестен, звонить нельзя"),
    "no_number": _fixed("Нужен новый номер"),
    "manager": _manager,
    "result": _result,
    "ladder": _fixed("Три звонка без ответа"),
    "decided": _fixed("Отказ записан руководителем"),
    "stop_list": _stop_list,
    "withdrawn": _fixed("Исключён заказчиком"),
    "unreached": _fixed("Проект закрыт, дозвониться не успели"),
}


def short_name(full_name: str) -> str:
    """«Ольга Маркова» becomes «Ольга М.»."""
    first, *rest = full_name.split()
    return f"{first} {rest[0][0]}." if rest else first
