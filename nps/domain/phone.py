"""Russian phone numbers as they come from workbooks and from people: read, shown, searched.

Numbers are kept in E.164 (`+7` and ten digits) with the extension apart. Forms of ten and eleven digits take a fast
path of our own; the phonenumbers library only names the country of what is left.
"""

import re
from dataclasses import dataclass

import phonenumbers

from nps.domain.errors import PhoneError

_EXTENSION = re.compile(
    r"(?:[,;(]\s*)?(?:добавочный|доб|внутренний|внутр|вн|ext|x|#)[.:\s№]*(?P<digits>\d{1,6})\)?\s*$", re.IGNORECASE
)
_LABEL = re.compile(r"^\s*(?:телефон|тел|т|моб|мобильный|сот|раб|факс)\b[.:\s]*", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"^(?P<head>\d)(?:[.,](?P<tail>\d+))?[eEеЕ]\+?(?P<power>\d{1,2})$")
_WHOLE_FLOAT = re.compile(r"^(\d+)[.,]0+$")
_SEVERAL = re.compile(r"[;\n\r/|\t]|,(?!\s*(?:доб|вн|ext|#))|\s(?:или|и)\s", re.IGNORECASE)
#: A whole number with its prefix: two of them may stand side by side without anything between.
_WHOLE = re.compile(r"(?:\+7|[78])(?:[\s().-]*\d){10}")
#: As nine numbers of ten are written; the rest of this file is for the tenth.
_USUAL = re.compile(r"(?:\+7|8)[ -]?\(?([3489]\d\d)\)?[ -]?(\d{3})[ -]?(\d\d)[ -]?(\d\d)", re.ASCII)
_NOT_DIGIT = re.compile(r"\D+")
_NATIONAL = re.compile(r"[3489]\d{9}")
_FEWEST_DIGITS_OF_A_NUMBER = 5

_MESSAGES = {
    "empty": "Телефон не указан. Впишите номер из 10 цифр с кодом города или оператора.",
    "rounded": "Excel округлил номер, часть цифр потеряна. Сделайте столбец текстовым и впишите номер заново.",
    "several": "В ячейке несколько номеров. Оставьте один, остальные впишите в отдельные строки или поля.",
    "letters": "В номере есть буквы. Проверьте, нет ли «О» вместо нуля, и оставьте только цифры.",
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


def usual_phone(text: str) -> Phone | None:
    """Read one whole Russian number in its usual spelling, quickly; None for anything else."""
    found = _USUAL.fullmatch(text)
    return Phone(f"+7{''.join(found.groups())}") if found else None


def split_phones(raw: object) -> tuple[str, ...]:
    """Return the numbers of one cell as typed («8…; +7…» gives two); pieces without a number are dropped."""
    pieces = _SEVERAL.split(_text(raw))
    numbers = (piece.strip() for piece in pieces if len(digits(piece)) >= _FEWEST_DIGITS_OF_A_NUMBER)
    return tuple(number for piece in numbers for number in _side_by_side(piece))


def _side_by_side(piece: str) -> list[str]:
    """«89040007284 89190000956» is two numbers when nothing else stands there."""
    found = _WHOLE.findall(piece)
    if len(found) > 1 and _NOT_DIGIT.sub("", "".join(found)) == _NOT_DIGIT.sub("", piece):
        return found
    return [piece]


def parse_phone(raw: object, default_area_code: str | None = None) -> Phone:
    """Read a number from a cell or a form field: text, an int, or a float as Excel keeps it.

    `default_area_code` completes a local number («00-11-22») to ten digits. Raises PhoneError (codes: empty, rounded,
    several, letters, short, long, code, foreign).
    """
    text = _LABEL.sub("", _text(raw))
    if not text:
        raise _error("empty")
    extension = ""
    if found := _EXTENSION.search(text):
        extension, text = found["digits"], text[: found.start()]
    if len(split_phones(text)) > 1:
        raise _error("several")
    if any(char.isalpha() for char in text):
        raise _error("letters")
    national, guessed = _national(text, default_area_code)
    return Phone(f"+7{national}", extension, guessed)


def _text(raw: object) -> str:
    """Return the cell as text without what Excel does to numbers; raises PhoneError when digits are lost."""
    if raw is None:
        return ""
    if isinstance(raw, float):
        raw = int(raw) if raw.is_integer() else raw
    text = str(raw).replace("\xa0", " ").strip().lstrip("'")
    if found := _WHOLE_FLOAT.match(text):
        return found[1]
    if found := _SCIENTIFIC.match(text):
        tail, power = found["tail"] or "", int(found["power"])
        # A mantissa shorter than the number was rounded by Excel's display: the last digits are invented zeros.
        if len(tail) < power:
            raise _error("rounded")
        return found["head"] + tail[:power]
    return text


def _national(text: str, default_area_code: str | None) -> tuple[str, bool]:
    """Return the ten national digits, and whether the area code was added."""
    number = _NOT_DIGIT.sub("", text)
    plus = text.lstrip(" (").startswith("+")
    if number.startswith("810") and len(number) > 11:
        number, plus = number[3:], True
    if len(number) == 11 and (number[0] == "7" or (number[0] == "8" and (not plus or number[1] == "9"))):
        return _checked(number[1:]), False
    if plus:
        raise _foreign_or("long" if len(number) > 11 else "short", number)
    if len(number) == 10:
        return _checked(number), False
    if default_area_code and number and len(default_area_code) + len(number) == 10:
        return _checked(default_area_code + number), True
    raise _foreign_or("long" if len(number) > 11 else "short", number)


def _checked(national: str) -> str:
    if national[0] in "67":
        raise _foreign("7", "Казахстан")
    if not _NATIONAL.fullmatch(national):
        raise _error("code")
    return national


def _foreign_or(code: str, number: str) -> PhoneError:
    """Say that the number is foreign when it is a valid one of another country, else what is wrong with its length."""
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return _error(code)
    if parsed.country_code != 7 and phonenumbers.is_possible_number(parsed) and len(number) >= 10:
        return _foreign(str(parsed.country_code), phonenumbers.region_code_for_number(parsed) or "")
    return _error(code)


def _foreign(country_code: str, country: str) -> PhoneError:
    place = f", {country}" if country else ""
    return PhoneError(
        "foreign", f"Номер не российский (код +{country_code}{place}). Опрос идёт только по номерам России."
    )


def _error(code: str) -> PhoneError:
    return PhoneError(code, _MESSAGES[code])


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
