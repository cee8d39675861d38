"""Russian phone numbers: what can be one by the numbering plan, and how they are shown and searched.

Numbers are kept in E.164 (`+7` and ten digits) with the extension apart. They are found in texts by `phone_text`.
"""

import re
from dataclasses import dataclass

import phonenumbers

from nps.domain.errors import PhoneError

_NOT_DIGIT = re.compile(r"\D+")


def _plan() -> re.Pattern[str]:
    """The ten digits that Russia has given out, by the library's metadata: fixed, mobile and service numbers."""
    known = phonenumbers.PhoneMetadata.metadata_for_region("RU")
    assert known is not None
    kinds = (known.fixed_line, known.mobile, known.toll_free, known.premium_rate, known.personal_number)
    patterns = "|".join(kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return re.compile(f"(?=[0-9]{{10}}$)(?:{patterns})$")


_PLAN = _plan()

_MESSAGES = {
    "empty": "Телефон не указан. Впишите номер из 10 цифр с кодом города или оператора.",
    "words": "Вместо номера здесь слова. Впишите номер из 10 цифр с кодом города или оператора.",
    "rounded": "Excel округлил номер, часть цифр потеряна. Сделайте столбец текстовым и впишите номер заново.",
    "several": "Здесь несколько номеров. Оставьте один, остальные впишите в отдельные строки или поля.",
    "letters": "В номере буква вместо цифры. Проверьте, нет ли «О» вместо нуля или «З» вместо тройки.",
    "short": "В номере не хватает цифр. Нужно 10 цифр с кодом города или оператора.",
    "long": "В номере лишние цифры. Нужно 10 цифр после +7 или 8.",
    "code": "Такого кода в России нет. Проверьте первые цифры номера.",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be dialled; `guessed` says that its area code was taken from the branch."""

    e164: str
    extension: str = ""
    guessed: bool = False


def in_plan(national: str) -> bool:
    """Whether these are ten digits of the Russian numbering plan: «8 (912) 345-67-8» has ten and is none."""
    return _PLAN.match(national) is not None


def phone_error(code: str) -> PhoneError:
    """The error with the sentence of its code."""
    return PhoneError(code, _MESSAGES[code])


def foreign_or(code: str, number: str) -> PhoneError:
    """Say that the digits are a valid number of another country, else what `code` says is wrong with them."""
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return phone_error(code)
    if parsed.country_code != 7 and phonenumbers.is_possible_number(parsed) and len(number) >= 10:
        return foreign(str(parsed.country_code), phonenumbers.region_code_for_number(parsed) or "")
    return phone_error(code)


def foreign(country_code: str, country: str) -> PhoneError:
    """The error of a number of another country."""
    place = f", {country}" if country else ""
    return PhoneError(
        "foreign", f"Номер не российский (код +{country_code}{place}). Опрос идёт только по номерам России."
    )


def show(e164: str, extension: str | None = "") -> str:
    """«+7 917 000-75-53 доб. 12», the extension where there is one; any other number comes back as it is."""
    text = e164
    if re.fullmatch(r"\+7\d{10}", e164):
        text = f"+7 {e164[2:5]} {e164[5:8]}-{e164[8:10]}-{e164[10:]}"
    return f"{text} доб. {extension}" if extension else text


def holds_number(text: str) -> bool:
    """Whether ten digits follow each other, however they are parted: a text for the journals must not (R20).

    A date is no number: dots part it.
    """
    return re.search(r"(?:\d[\s()+-]{0,3}){10}", text) is not None


def digits(text: str) -> str:
    """Return the digits to look for in stored numbers; a leading +7 or 8 of a Russian form is left out."""
    found = _NOT_DIGIT.sub("", text)
    is_full = len(found) == 11 and found[0] in "78"
    if is_full or text.lstrip(" (").startswith("+7") or found.startswith("89"):
        return found[1:]
    return found
