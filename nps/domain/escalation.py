"""A question out of scope: what the operator writes down of it, and the states it passes through (R15)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from nps.domain.errors import DomainError

#: The columns of the letter with the fields under them, word for word and in this order (R15).
COLUMNS: tuple[tuple[str, str], ...] = (
    ("organisation", "Наименование организации"),
    ("inn", "ИНН"),
    ("contact", "ФИО контактного лица"),
    ("phone", "Телефон"),
    ("email", "Электронная почта (при наличии)"),
    ("text", "Обращение"),
)
LIMITS: Mapping[str, int] = {
    "organisation": 300,
    "inn": 12,
    "contact": 300,
    "phone": 40,
    "email": 254,
    "text": 4000,
    "wished_time": 200,
}

#: Recipients of one letter.
MOST_ADDRESSES = 5

#: What a note, an answer and a closing word may hold.
NOTE_LIMIT = 2000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")


class State(StrEnum):
    """Where an escalation stands."""

    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"


#: In which nobody has answered the client yet.
UNANSWERED = (State.OPEN, State.TAKEN)
#: What people call the states of an escalation and of its letter.
STATE_WORDS: Mapping[str, str] = {
    State.OPEN: "Новое",
    State.TAKEN: "В работе",
    State.ANSWERED: "Отвечено",
    State.CLOSED: "Закрыто",
}
LETTER_WORDS: Mapping[str, str] = {
    "waiting": "ждёт отправки",
    "sending": "отправляется",
    "sent": "отправлено",
    "caught": "осталось на этой машине",
    "unknown": "неизвестно, дошло ли",
    "failed": "не отправлено",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The six columns as the operator saved them, and the time the client asked to be called at, in his words."""

    organisation: str
    inn: str
    contact: str
    phone: str
    email: str
    text: str
    wished_time: str = ""


class EscalationError(DomainError):
    """Fields that can't be saved: `fields` has a Russian sentence for each of them."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("escalation_fields", " ".join(fields.values()))
        self.fields = dict(fields)


def wish(fields: Mapping[str, str]) -> Wish:
    """Read what was typed; raises EscalationError naming every field that must be put right.

    Line breaks stay in the question only: what becomes a header or a cell of a table is one line.
    """
    values = {name: _clean(fields.get(name, ""), many_lines=name == "text") for name in LIMITS}
    wrong = {name: _too_long(value, LIMITS[name]) for name, value in values.items() if len(value) > LIMITS[name]}
    if not values["text"]:
        wrong["text"] = "Напишите, о чём спрашивает клиент: без этого письмо не отправится."
    if not values["organisation"]:
        wrong["organisation"] = "Укажите организацию клиента."
    if not re.search(r"\d", values["phone"]) and not values["email"]:
        wrong["phone"] = "Укажите телефон или почту, по которым клиенту ответят."
    if values["inn"] and not re.fullmatch(r"[0-9]{10}|[0-9]{12}", values["inn"]):
        wrong["inn"] = "В ИНН 10 или 12 цифр. Исправьте или оставьте поле пустым."
    if values["email"] and not is_email(values["email"]):
        wrong["email"] = "Это не адрес почты. Проверьте: нужен вид имя@сайт.ру — или оставьте поле пустым."
    if wrong:
        raise EscalationError(wrong)
    return Wish(**values)


def is_email(text: str) -> bool:
    """Whether a letter could be addressed so: one bare address, a Russian domain included."""
    return bool(_EMAIL.fullmatch(text)) and ".." not in text and len(text) <= LIMITS["email"]


def addresses(text: str) -> str:
    """One address, or several parted by commas, semicolons or spaces, as «a@b.ru, c@d.ru»; raises EscalationError."""
    found = list(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))
    if not found or not all(is_email(part) for part in found):
        wrong = next((part for part in found if not is_email(part)), "")
        named = f"«{wrong}» — не адрес почты" if wrong else "Здесь нужен адрес почты"
        raise EscalationError({"email": f"{named}. Нужен вид имя@сайт.ру; несколько адресов — через запятую."})
    joined = ", ".join(found)
    if len(found) > MOST_ADDRESSES or len(joined) > LIMITS["email"]:
        raise EscalationError({"email": f"Адресов может быть не больше {MOST_ADDRESSES}. Уберите лишние."})
    return joined


def note(text: str, missing: str) -> str:
    """A free text of the specialist, cleaned; raises EscalationError when too long, or with `missing` when empty."""
    cleaned = _clean(text, many_lines=True)
    if not cleaned:
        raise EscalationError({"text": missing})
    if len(cleaned) > NOTE_LIMIT:
        raise EscalationError({"text": _too_long(cleaned, NOTE_LIMIT)})
    return cleaned


def _too_long(value: str, limit: int) -> str:
    return f"Здесь помещается {limit} знаков, а набрано {len(value)}. Сократите текст."


def _clean(text: str, *, many_lines: bool) -> str:
    text = re.sub(r"\r\n?", "\n", text)
    if not many_lines:
        return " ".join(_CONTROL.sub(" ", text).split())
    lines = (" ".join(_CONTROL.sub(" ", line).split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
