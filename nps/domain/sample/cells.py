"""One cell of a base at a time: what is stored of it, what was mended, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nps.domain.digits import plain, without_letters
from nps.domain.errors import InnError
from nps.domain.inn import normal_inn
from nps.domain.phone_text import Named, find_phones, usual_phone
from nps.domain.wording import plural

MAX_NAME = 300
MAX_PHONES = 3
_MAX_EMAIL = 254
_MAX_REASON = 500

_EMAIL = re.compile(r"[^\s@<>()\"',;]+@[^\s@<>()\"',;.]+(?:\.[^\s@<>()\"',;.]+)+")
_RUSSIAN_WORD = re.compile(r"[А-ЯЁ][А-ЯЁ-]*")
#: What an export from a web page leaves in a name.
_MARKUP = re.compile(r"</?(?:a|b|br|div|em|font|i|p|span|strong|td|u)\b[^<>]*>", re.IGNORECASE)
#: What a cell shows whose formula failed, in Excel and LibreOffice.
_ERROR = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|ERROR!|SPILL!|CALC!|Н/Д|ССЫЛКА!|ИМЯ\?|ЗНАЧ!|ДЕЛ/0!|ПУСТО!|ЧИСЛО!)"
)
_NOT_DIGIT = re.compile(r"\D+")


@dataclass(slots=True)
class Findings:
    """What was noticed about one row.

    `noticed`: (field, kind) of everything that a person may want to see counted before the check, faults among them.
    """

    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    noticed: list[tuple[str, str]] = field(default_factory=list)

    def mend(self, code: str, kind: str, note: str) -> None:
        """Something else than the cell's text is stored."""
        self.notes.append(note)
        self.noticed.append((code, kind))
        if code not in self.changed:
            self.changed.append(code)

    def spoil(self, code: str, kind: str) -> None:
        """The cell, or a part of it, can't be used; the sentence is said elsewhere."""
        self.noticed.append((code, kind))
        self.faulty.append(code)

    def refuse(self, code: str, kind: str, error: str) -> None:
        """The row can't become a client because of this cell."""
        self.errors.append(error)
        self.spoil(code, kind)


def sentences(parts: Iterable[str]) -> str:
    """Return the sentences as one text that fits the receipt's column."""
    text = " ".join(parts)
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"


def read_organisation(raw: Mapping[str, str], found: Findings) -> str:
    """The organisation's name; a row without one is refused."""
    text = _name("organisation", raw, found)
    if _ERROR.fullmatch(text):
        found.refuse("organisation", "error", f"Название: {_unusable(text)}")
    elif not text:
        found.refuse("organisation", "missing", "Нет названия организации. Впишите его.")
    return text


def read_contact(raw: Mapping[str, str], found: Findings) -> str:
    """The contact person, or ''. A name in capitals gets its usual letters; a single word may be a short form."""
    text = _name("contact", raw, found)
    if _ERROR.fullmatch(text):
        found.mend("contact", "error", f"Контакт не загружен. {_unusable(text)}")
        return ""
    words = text.split()
    if len(words) > 1 and text.isupper() and all(_RUSSIAN_WORD.fullmatch(word) for word in words):
        found.mend("contact", "capitals", "ФИО прописными буквами.")
        return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in words)
    return text


def _name(code: str, raw: Mapping[str, str], found: Findings) -> str:
    text = raw.get(code, "")
    if "<" in text and (bare := _MARKUP.sub("", text)) != text:
        found.mend(code, "markup", "Убрана разметка веб-страницы.")
        text = bare
    text = " ".join(text.split())
    if len(text) <= MAX_NAME:
        return text
    found.mend(code, "long", f"Текст длиннее {MAX_NAME} знаков, обрезан.")
    return text[:MAX_NAME].rstrip()


def read_inn(text: str, found: Findings) -> str:
    """The INN with a true checksum, or ''. Letters are read as digits only when the checksum then holds."""
    text = plain(text)
    if why := _unusable(text):
        found.refuse("inn", "error", f"ИНН: {why}")
        return ""
    repaired = text
    try:
        try:
            inn = normal_inn(text)
        except InnError:
            repaired = without_letters(text)
            if repaired == text:
                raise
            inn = normal_inn(repaired)
    except InnError as error:
        found.refuse("inn", "wrong", error.message)
        return ""
    if not inn:
        found.notes.append("ИНН не указан.")
        return ""
    if text != inn:
        _note_inn(repaired, inn, found, had_letters=repaired != text)
    return inn


def _note_inn(text: str, inn: str, found: Findings, *, had_letters: bool) -> None:
    digits = _NOT_DIGIT.sub("", text)
    if had_letters:
        found.mend("inn", "letters", "В ИНН буква вместо цифры, контрольная сумма сошлась.")
    if len(digits) > len(inn):
        found.mend("inn", "kpp", "ИНН вместе с КПП.")
    if inn not in digits:
        found.mend("inn", "zero", "У ИНН пропал ведущий ноль, контрольная сумма сошлась.")


def _unusable(text: str) -> str:
    """Why nothing can be read of a cell: an error of Excel, or a formula that was never computed; '' when it can."""
    if _ERROR.fullmatch(text):
        return f"В ячейке ошибка Excel «{text}». Исправьте формулу и сохраните книгу."
    if text.startswith("="):
        return "В ячейке формула без значения. Откройте книгу в Excel, сохраните и загрузите снова."
    return ""


def read_phones(text: str, area_code: str | None, found: Findings) -> list[Named]:
    """The numbers of the cell in their order with the words beside them; one that can be dialled is enough."""
    usual = usual_phone(text)
    if usual is not None:
        return [Named(usual)]
    if why := _unusable(text):
        found.refuse("phone", "error", f"Телефон: {why}")
        return []
    read = find_phones(text, area_code)
    if read.repaired:
        found.mend("phone", "letters", "В телефоне буква вместо цифры.")
    alone = len(read.bad) == 1 and not read.numbers
    bad = [error.message if alone else f"«{piece}»: {error.message}" for piece, error in read.bad]
    kinds = {error.code for _, error in read.bad}
    kind = "foreign" if "foreign" in kinds else "missing" if "empty" in kinds else "wrong"
    if not read.numbers:
        found.errors.extend(bad)
        found.spoil("phone", kind)
        return []
    _note_phones(read.numbers, bad, kind, found)
    return list(read.numbers[:MAX_PHONES])


def _note_phones(good: Sequence[Named], bad: list[str], kind: str, found: Findings) -> None:
    if len(good) > 1:
        spare = min(len(good), MAX_PHONES) - 1
        note = f"Несколько номеров: {spare} {plural(spare, 'запасной', 'запасных', 'запасных')}."
        found.mend("phone", "several", note)
    if len(good) > MAX_PHONES:
        found.mend("phone", "many", f"Взяты первые {MAX_PHONES} номера из {len(good)}.")
    if bad:
        found.mend("phone", "partly", f"Не все номера взяты. {sentences(bad)}")
        found.spoil("phone", kind)
    if any(named.phone.guessed for named in good):
        found.mend("phone", "guessed", "Код города добавлен по подразделению.")
    if any(named.phone.extension for named in good):
        found.noticed.append(("phone", "extension"))


def read_email(text: str, found: Findings) -> str:
    """The address, or '': a wrong one keeps nobody from being called."""
    text = text.strip()
    if not text or (_EMAIL.fullmatch(text) and len(text) <= _MAX_EMAIL):
        return text
    found.mend("email", "dropped", "Почта с ошибкой, не загружена.")
    found.spoil("email", "wrong")
    return ""
