"""What the desk offers when: the results that fit a call's state, reasons of pauses and returns (requirements §4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from nps.domain.disposition import TABLE
from nps.domain.local_time import Zone, from_local, to_local

PAUSE_REASONS: Mapping[str, str] = MappingProxyType(
    {"break": "Перерыв", "lunch": "Обед", "training": "Обучение", "technical": "Неполадка", "other": "Другое"}
)

RETURN_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "break": "Нужно отойти",
        "not_ready": "Не готов к этому звонку",
        "acquaintance": "Знаком с клиентом лично",
        "other": "Другая причина",
    }
)

#: Panels in which the operator talks on: words that nothing there fits are kept under the panel's name.
TALK_PANELS: Mapping[str, str] = MappingProxyType(
    {
        "question": "Вопрос не по опросу",
        "complaint": "Жалоба или негатив",
        "callback": "Перезвон",
        "refusal": "Отказ",
        "other_person": "Ответил другой человек",
    }
)


class Line(StrEnum):
    """What the line does, as far as a result cares."""

    NONE = "none"
    RINGING = "ringing"
    TALK = "talk"


@dataclass(frozen=True, slots=True)
class Choice:
    """A result as the desk offers it.

    `panel`: the panel that asks for what the result needs; '' posts it at once. `lines`: while the line does one of
    these it may be chosen.
    """

    code: str
    label: str
    hint: str
    cap: str
    key: str
    group: str
    lines: frozenset[Line]
    panel: str = ""


_RING, _TALK = frozenset({Line.RINGING}), frozenset({Line.TALK})
_BOTH = _RING | _TALK

#: In the order of the panel; places never change. «escalation» stands on any line, after the call too.
CHOICES: tuple[Choice, ...] = (
    Choice("no_answer", "Не отвечает", "после 20 секунд гудков", "Н", "KeyY", "main", _RING),
    Choice("busy", "Занято", "вернём в очередь", "З", "KeyP", "main", _RING),
    Choice("inactive", "Неактивный номер", "не существует, чужой", "А", "KeyF", "main", _BOTH, "inactive"),
    Choice("callback", "Перезвонить", "выбрать время", "П", "KeyG", "main", _TALK, "callback"),
    Choice("refusal", "Отказ от опроса", "не звоним в этой волне", "О", "KeyJ", "main", _TALK, "refusal"),
    Choice("other_person", "Ответил другой человек", "нужного нет на месте", "", "", "more", _TALK, "other_person"),
    Choice("new_contact", "Новый номер или контакт", "звоним по нему сразу", "", "", "more", _TALK, "new_contact"),
    Choice("hung_up", "Положил трубку", "до оценки: ещё раз в другой день", "", "", "more", _TALK),
    Choice("rejected", "Сброс до ответа", "вызов отклонили", "", "", "more", _RING),
    Choice("switched_off", "Выключен, вне сети", "или временно заблокирован", "", "", "more", _RING),
    Choice("voicemail", "Автоответчик", "секунды входят в лимит", "", "", "more", _BOTH),
    Choice("robot", "Ответил робот-секретарь", "помощник оператора связи", "", "", "more", _BOTH),
    Choice("technical", "Техническая ошибка", "попытка не считается", "", "", "more", _BOTH),
    Choice("not_client", "Не клиент или повтор", "решит руководитель", "", "", "more", _TALK, "not_client"),
    Choice("escalation", "Передать специалисту", "обращение письмом", "Э", "Quote", "escalate", _BOTH, "escalation"),
)


#: Results that a panel offers in the place of one choice.
OF_PANEL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "inactive": ("dead_number", "wrong_number"),
        "refusal": ("soft_refusal", "refused", "refused_org", "do_not_call"),
    }
)
#: The choice behind which each result stands; what only the script comes to (опрошен) stands behind none.
_CHOICE_OF = {code: choice for choice in CHOICES for code in OF_PANEL.get(choice.code, (choice.code,))}


def panel_of(code: str) -> str:
    """The panel that asks for what this result needs; '' when it is posted at once."""
    return _CHOICE_OF[code].panel if code in _CHOICE_OF else ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the line told of a call: whether anybody or anything answered, and how long it rang before."""

    is_answered: bool
    rang: timedelta

    @property
    def line(self) -> Line:
        """Where the call was when its result could be chosen."""
        return Line.TALK if self.is_answered else Line.RINGING


def contradiction(code: str, heard: Heard) -> str:
    """What of a call so heard contradicts this result (R13): `answered`, `not_answered`, `ring_short`; '' for nothing.

    Decides what the desk offers, what it takes, and which words of a manager are marked.
    """
    lines = _CHOICE_OF[code].lines if code in _CHOICE_OF else _TALK
    if heard.line not in lines:
        return "answered" if heard.is_answered else "not_answered"
    return "ring_short" if heard.rang < timedelta(seconds=TABLE[code].min_ring_s) else ""


def contradiction_words(code: str, heard: Heard) -> str:
    """`contradiction` in a sentence for the operator, with what to do; '' for a result that fits."""
    match contradiction(code, heard):
        case "answered":
            return "Клиент ответил: выберите итог разговора."
        case "not_answered":
            return "Сначала отметьте, что клиент ответил."
        case "ring_short":
            least_s = TABLE[code].min_ring_s
            left_s = math.ceil(least_s - heard.rang.total_seconds())
            return f"Гудки должны идти не меньше {least_s} секунд: ещё {left_s} с."
    return ""


def is_offered(choice: Choice, heard: Heard) -> bool:
    """Whether a call that is over, so heard, may have this result, or one of those behind it."""
    codes = [code for code in OF_PANEL.get(choice.code, (choice.code,)) if code in TABLE]
    return any(not contradiction(code, heard) for code in codes)


#: A call nobody has touched for so long was left alone; after a talk this long the line may be down as well (§4).
LEFT_ALONE, LONG_TALK = timedelta(minutes=3), timedelta(minutes=10)
#: Whoever pressed something a moment ago is at his desk, however long the talk is.
_AT_THE_DESK = timedelta(minutes=1)


def is_unfinished(
    answered_at: datetime | None, ended_at: datetime | None, last_activity: datetime, now: datetime
) -> bool:
    """Whether an operator who comes back to a call without a result has to say what became of it (§4)."""
    quiet = now - last_activity
    long_talk = answered_at is not None and ended_at is None and now - answered_at > LONG_TALK
    return quiet > LEFT_ALONE or (long_talk and quiet > _AT_THE_DESK)


def told_end(since: datetime, minutes: int | None, on_clock: time | None, zone: Zone) -> datetime | None:
    """When a call ended as its operator remembers it: minutes after `since`, else the next such time on his clock.

    A time on the clock names a minute: the one `since` lies in begins before it. None when he said neither.
    """
    if minutes is not None:
        return since + timedelta(minutes=minutes)
    if on_clock is None:
        return None
    day = to_local(since, zone).date()
    at = from_local(day, on_clock, zone)
    return at if at > since - timedelta(minutes=1) else from_local(day + timedelta(days=1), on_clock, zone)
