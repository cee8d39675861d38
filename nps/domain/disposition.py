"""The closed table of results of a call (requirements §4, R13, R16).

Everything the rest of the system asks about a result stands in this table; no other file compares result codes to
decide what a result means. AAPOR codes follow the Standard Definitions for telephone surveys of a list of names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from nps.domain.state import State

#: R13: a telephone rings at least so many seconds before a call counts as not answered.
LEAST_RING_S = 20
#: R14: a survey is to take at most so many seconds. Measured, never enforced.
MOST_SURVEY_S = 60
#: R16: so many calls without an answer, and a client is unsuccessful.
MOST_MISSES = 3


class Kind(StrEnum):
    """The family of a result: what reports group by."""

    MISS = "miss"
    CONTACT = "contact"
    REFUSAL = "refusal"
    DEAD = "dead"
    TECHNICAL = "technical"
    INELIGIBLE = "ineligible"
    INTERVIEW = "interview"


class Next(StrEnum):
    """What follows a result; `nps.domain.case` carries it out."""

    LADDER = "ladder"
    NAMED_OR_NEXT_DAY = "named_or_next_day"
    AT_ONCE = "at_once"
    NEXT_DAY_ONCE = "next_day_once"
    APPOINTMENT = "appointment"
    SOFT = "soft"
    FINAL = "final"
    NEXT_NUMBER = "next_number"
    TECHNICAL = "technical"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Disposition:
    """One row of the table.

    misses: one of the three calls after which a client is unsuccessful. reaches_network: counted in column 1 of the
    contract's form. conversation: somebody answered and talked. is_answer: given straight from the ringing it says that
    somebody or something has answered, so the seconds from then on are billed. min_ring_s: seconds the phone must have
    rung before the result may be recorded (R13). note_needed: the operator must say something in words. final_state:
    the state this result gives whatever went before; None when it depends on the history. key, cap: the desk's hot key
    (`KeyboardEvent.code`) and the letter printed on it; empty for the results behind «Другой итог».
    """

    code: str
    label: str
    hint: str
    kind: Kind
    next: Next
    aapor: str
    misses: bool = False
    reaches_network: bool = True
    conversation: bool = False
    is_answer: bool = False
    min_ring_s: int = 0
    note_needed: bool = False
    final_state: State | None = None
    key: str = ""
    cap: str = ""
    order: int = 0


_ROWS = (
    Disposition(
        "no_answer", "Не отвечает", "Гудки шли не меньше 20 секунд, никто не ответил",
        Kind.MISS, Next.LADDER, "3.13", misses=True, min_ring_s=LEAST_RING_S, key="KeyY", cap="Н",
    ),
    Disposition(
        "busy", "Занято", "Короткие гудки или «абонент разговаривает»",
        Kind.MISS, Next.LADDER, "3.12", misses=True, key="KeyP", cap="З",
    ),
    Disposition(
        "rejected", "Сброс до ответа", "Клиент или сеть отклонили вызов, разговора не было",
        Kind.MISS, Next.LADDER, "2.20", misses=True,
    ),
    Disposition(
        "switched_off", "Выключен, вне сети", "Аппарат выключен, вне сети или временно заблокирован",
        Kind.MISS, Next.LADDER, "3.16", misses=True,
    ),
    Disposition(
        "voicemail", "Автоответчик", "Ответил автоответчик клиента; секунды входят в лимит минут",
        Kind.MISS, Next.LADDER, "2.22", misses=True, is_answer=True,
    ),
    # Assistants of mobile operators answer at once and ask who is calling: nothing rings for 20 seconds (R13), and for
    # the rates it is a machine (AAPOR 2.22).
    Disposition(
        "robot", "Ответил робот-секретарь", "Ответил голосовой помощник оператора связи; секунды входят в лимит минут",
        Kind.MISS, Next.LADDER, "2.22", misses=True, is_answer=True,
    ),
    Disposition(
        "other_person", "Ответил другой", "Контакта нет на месте; укажите время, если его назвали",
        Kind.CONTACT, Next.NAMED_OR_NEXT_DAY, "2.21", conversation=True,
    ),
    Disposition(
        "new_contact", "Дали новый номер", "Дали другой номер или другое контактное лицо",
        Kind.CONTACT, Next.AT_ONCE, "2.21", conversation=True, note_needed=True,
    ),
    Disposition(
        "hung_up", "Положил трубку", "Клиент прервал разговор до оценки",
        Kind.CONTACT, Next.NEXT_DAY_ONCE, "2.12", conversation=True,
    ),
    Disposition(
        "callback", "Перезвонить", "Клиент назвал время, когда ему удобно",
        Kind.CONTACT, Next.APPOINTMENT, "2.21", conversation=True, key="KeyG", cap="П",
    ),
    Disposition(
        "soft_refusal", "Не сейчас", "Клиенту неудобно, времени он не назвал",
        Kind.REFUSAL, Next.SOFT, "2.112", conversation=True,
    ),
    Disposition(
        "refused", "Отказ от опроса", "Клиент отказался отвечать или не назвал оценку после повтора вопроса",
        Kind.REFUSAL, Next.FINAL, "2.112", conversation=True, final_state=State.REFUSED, key="KeyJ", cap="О",
    ),
    Disposition(
        "refused_org", "Отказ организации",
        "Отказ от имени всей организации; об остальных её контактах решит руководитель",
        Kind.REFUSAL, Next.FINAL, "2.111", conversation=True, note_needed=True, final_state=State.REFUSED,
    ),
    Disposition(
        "do_not_call", "Больше не звонить", "Номер попадёт в стоп-лист заказчика",
        Kind.REFUSAL, Next.FINAL, "2.112", conversation=True, final_state=State.REFUSED,
    ),
    Disposition(
        "dead_number", "Номер не существует", "Автомат сообщил, что номер не обслуживается или набран неправильно",
        Kind.DEAD, Next.NEXT_NUMBER, "4.31", note_needed=True, key="KeyF", cap="А",
    ),
    Disposition(
        "wrong_number", "Чужой номер", "Ответил посторонний: номер не принадлежит ни клиенту, ни его организации",
        Kind.DEAD, Next.NEXT_NUMBER, "4.41", conversation=True, is_answer=True, key="KeyD", cap="В",
    ),
    Disposition(
        "technical", "Техническая ошибка", "Гудков не было, отказала гарнитура, набран не тот номер",
        Kind.TECHNICAL, Next.TECHNICAL, "3.16", reaches_network=False,
    ),
    Disposition(
        "not_client", "Не клиент, повтор", "Организация больше не клиент или этот человек уже есть в базе",
        Kind.INELIGIBLE, Next.MANAGER, "4.7", conversation=True, note_needed=True,
    ),
    Disposition(
        "partial", "Разговор прерван", "Оценка дана, причину узнать не успели",
        Kind.INTERVIEW, Next.FINAL, "1.2", conversation=True, final_state=State.SURVEYED,
    ),
    Disposition(
        "surveyed", "Опрошен", "Анкета заполнена",
        Kind.INTERVIEW, Next.FINAL, "1.1", conversation=True, final_state=State.SURVEYED,
    ),
)  # fmt: skip

TABLE: Mapping[str, Disposition] = MappingProxyType({row.code: replace(row, order=n) for n, row in enumerate(_ROWS)})
#: What a talk can end with by itself: no number or time has to be taken down, and nobody has broken it off.
ENDS_OF_TALK = tuple(
    code
    for code, row in TABLE.items()
    if row.conversation and row.next not in (Next.APPOINTMENT, Next.AT_ONCE) and code != "partial"
)
REFUSALS, INTERVIEWS = (
    tuple(code for code, row in TABLE.items() if row.kind is kind) for kind in (Kind.REFUSAL, Kind.INTERVIEW)
)
