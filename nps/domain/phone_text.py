"""Numbers found in a text, a cell of a base or a field of a form, with the words that stand beside them.

Digits that hang together are a number as a whole or not at all: none is ever cut out of a longer row of digits, and
each is one of the numbering plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nps.domain.digits import plain, without_letters
from nps.domain.errors import PhoneError
from nps.domain.phone import Phone, foreign, foreign_or, in_plan, phone_error

_WHOLE, _NATIONAL = 11, 10
#: Fewer digits than these are an hour, a room, a storey.
_FEWEST_DIGITS_OF_A_NUMBER = 5
_LONGEST_EXTENSION = 6

_SCIENTIFIC = re.compile(r"(?P<head>\d)(?:[.,](?P<tail>\d+))?[eEеЕ]\+?(?P<power>\d{1,2})")
_WHOLE_FLOAT = re.compile(r"(\d+)[.,]0+")
#: As nine numbers of ten are written; the rest of this file is for the tenth.
_USUAL = re.compile(r"(?:\+7|8)[ -]?\(?([3489]\d\d)\)?[ -]?(\d{3})[ -]?(\d\d)[ -]?(\d\d)", re.ASCII)

#: Hours, dates and addresses of mail: digits that are parts of words.
_NO_NUMBER = re.compile(
    r"\S+@\S+"
    r"|(?<![\d.,])\d{1,2}:\d\d(?:\s*[-–—]\s*\d{1,2}:\d\d)?(?!\d)"
    r"|(?<=[оесви]\s)\d{1,2}[.-]\d\d(?:\s*[-–—]\s*\d{1,2}[.-]\d\d)?(?![\d.-])"
    r"|(?<![\d.])\d\d\.\d\d\.(?:19|20)\d\d(?![\d.])"
)
#: Storeys and rooms: looked for only when the digits would make no number with them.
_ROOM = re.compile(
    r"(?<![\d+])\d{1,4}(?:-?(?:й|ый|ий|ой|го))?\s*(?:этаж|эт\b|каб|корп|подъезд|секци|смен)", re.IGNORECASE
)
_AMIDST = re.compile(r"\d[^\W\d_]+\d")
#: Stand-ins of the digits that belong to words, and the way back.
_ASIDE = {ord(digit): 0xE000 + int(digit) for digit in "0123456789"}
_BACK = {aside: chr(digit) for digit, aside in _ASIDE.items()}
#: What may stand between the groups of one number.
_JOINT = re.compile(r"[ ()._‐-―-]{0,4}")
_EXTENSION = re.compile(r"(?:добавочный|добав|доб|внутренний|внутр|вн|ext|x|#|\*)[.:\s№(]*", re.IGNORECASE)
#: «000-128/129» and «000-130, 000-131»: the end of the next number, the beginning being that of the one before.
_BESIDE = re.compile(r"\s*[/\\|]\s*")
_BEHIND = re.compile(r"\s*[,;]\s*|\s+(?:и|или)\s+|\s*\(", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\((\d[\d -]*)\)")
_LABEL = re.compile(
    r"\b(?:контактный|мобильный|моб|сотовый|сот|рабочий|раб|домашний|дом|городской|гор|телефоны|телефон|тел|факс|номер"
    r"|mobile|mob|phone|telephone|tel|fax)\b[.:]*|№",
    re.IGNORECASE,
)
#: Short labels and joining words; a capital letter in the midst of words is an initial.
_AT_EDGES = re.compile(r"^\W*(?:[тфмр]|или|и)\b\W*|\W*\b(?:[тфмр]|или|и)\W*$|^\W*[ТФМР]\W*$")
_EDGES = " \t\n\r.,;:/\\|()[]{}<>\"'«»`-–—+*#&=_"
_NO_DIGITS = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class Named:
    """A number, and the words of its text that belong to it: a name, a post, hours; '' when there are none."""

    phone: Phone
    words: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds: numbers in their order, and what looks like one and is none, each with its reason.

    `repaired`: a letter was read as the digit it looks like.
    """

    numbers: tuple[Named, ...]
    bad: tuple[tuple[str, PhoneError], ...] = ()
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """Groups of digits that hang together; `before`: what stands between them and the run before, or the beginning."""

    groups: Sequence[re.Match[str]]
    before: str

    @property
    def texts(self) -> list[str]:
        return [group[0] for group in self.groups]

    @property
    def digits(self) -> str:
        return "".join(self.texts)

    @property
    def plus(self) -> bool:
        return self.before.rstrip(" (").endswith("+")


def usual_phone(text: str) -> Phone | None:
    """Read one whole Russian number in its usual spelling, quickly; None for anything else."""
    found = _USUAL.fullmatch(text)
    national = "".join(found.groups()) if found else ""
    return Phone(f"+7{national}") if in_plan(national) else None


def parse_phone(raw: object, area_code: str | None = None) -> Phone:
    """The one number of a form's field or of a cell: text, an int, or a float as Excel keeps it.

    Words beside it are passed over. `area_code` completes a local number («00-11-22») to ten digits. Raises PhoneError
    (codes: empty, words, rounded, several, letters, short, long, code, foreign).
    """
    found = find_phones(raw, area_code)
    if len(found.numbers) > 1 or (found.numbers and found.bad):
        raise phone_error("several")
    if found.repaired:
        raise phone_error("letters")
    if not found.numbers:
        raise found.bad[0][1]
    return found.numbers[0].phone


def find_phones(raw: object, area_code: str | None = None) -> Found:
    """All numbers of a text, each once; without any there is a reason in `bad`.

    A letter is read as a digit only when each row of digits is a number then.
    """
    try:
        text = _text(raw)
    except PhoneError as error:
        return Found((), ((str(raw), error),))
    text = _hidden(_NO_NUMBER, text)
    found = _found(text, area_code)
    fixed = without_letters(text)
    # A letter in the midst of digits parts what was one number: «8982О005162» holds no local 005162.
    if fixed != text and (found.bad or _AMIDST.search(text)):
        repaired = _found(fixed, area_code)
        if not repaired.bad:
            return replace(repaired, repaired=True)
    if found.bad and not (roomless := _found(_hidden(_ROOM, text), area_code)).bad:
        return roomless
    return found


def _hidden(pattern: re.Pattern[str], text: str) -> str:
    """The text, digits of what the pattern finds made such as belong to no number, and no word lost."""
    return pattern.sub(lambda found: found[0].translate(_ASIDE), text)


def _text(raw: object) -> str:
    """The text without what Excel does to numbers. Raises PhoneError when digits are lost."""
    if raw is None:
        return ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = plain(str(raw)).strip().lstrip("'")
    if found := _WHOLE_FLOAT.fullmatch(text):
        return found[1]
    if found := _SCIENTIFIC.fullmatch(text):
        tail, power = found["tail"] or "", int(found["power"])
        # A mantissa shorter than the number was rounded by Excel's display: the last digits are invented zeros.
        if len(tail) < power:
            raise phone_error("rounded")
        return found["head"] + tail[:power]
    return text


@dataclass(frozen=True, slots=True)
class _Place:
    """A number and its place [start, end); `local` digits of it follow the code of its town, 0 when nobody can say."""

    phone: Phone
    start: int
    end: int
    local: int


def _found(text: str, area_code: str | None) -> Found:
    if not text.strip(_EDGES):
        return Found((), (("", phone_error("empty")),))
    good: list[_Place] = []
    bad: list[tuple[str, PhoneError]] = []
    taken: list[tuple[int, int]] = []
    for run in _runs(text):
        start, end = run.groups[0].start(), run.groups[-1].end()
        last = good[-1] if good else None
        label = _extension_label(run)
        if last is not None and label is not None and not last.phone.extension:
            good[-1] = replace(last, phone=replace(last.phone, extension=run.digits), end=end)
            taken.append((start - len(run.before) + label, end))
            continue
        if len(run.digits) < _FEWEST_DIGITS_OF_A_NUMBER and not (last and _BESIDE.fullmatch(run.before)):
            continue
        taken.append((start, end))
        try:
            numbers = _numbers(run, area_code, last)
        except PhoneError as error:
            bad.append((text[start:end].strip(_EDGES), error))
            continue
        local = _local(text[max(0, start - 1) : end], numbers[0], area_code) or (last.local if last else 0)
        good += [_Place(phone, start, end, local) for phone in numbers]
    if not good and not bad:
        return Found((), ((text.translate(_BACK), phone_error("words" if _NO_DIGITS.fullmatch(text) else "short")),))
    return Found(_named(text, good, taken), tuple(bad))


def _local(text: str, phone: Phone, area_code: str | None) -> int:
    code = next((_NO_DIGITS.sub("", found) for found in _IN_BRACKETS.findall(text)), area_code or "")
    return _NATIONAL - len(code) if code and phone.e164.startswith(f"+7{code}") else 0


def _runs(text: str) -> Iterator[_Run]:
    """Rows of digits from left to right; a bracket after a whole number, or a plus, begins another one."""
    rows: list[list[re.Match[str]]] = []
    for group in re.finditer(r"\d+", text):
        gap = text[rows[-1][-1].end() : group.start()] if rows else ""
        if rows and _JOINT.fullmatch(gap):
            row = rows[-1]
            if "(" not in gap or sum(len(each[0]) for each in row) < _NATIONAL:
                row.append(group)
                continue
            # «8 912 000-01-02 8 (912) …»: the eight is of the bracket.
            rows.append([row.pop(), group] if row[-1][0] in ("7", "8") else [group])
        else:
            rows.append([group])
    at = 0
    for row in rows:
        yield _Run(row, text[at : row[0].start()])
        at = row[-1].end()


def _extension_label(run: _Run) -> int | None:
    """Where the word stands, in the text before the run, that makes it an extension; None when there is none."""
    if len(run.digits) > _LONGEST_EXTENSION:
        return None
    last = None
    for found in _EXTENSION.finditer(run.before):
        last = found
    if last is None or last.end() != len(run.before):
        return None
    is_word = last[0][0].isalpha()
    return None if is_word and last.start() and run.before[last.start() - 1].isalpha() else last.start()


def _numbers(run: _Run, area_code: str | None, before: _Place | None) -> list[Phone]:
    """The numbers of one run, all of whose digits belong to them. Raises PhoneError with the reason."""
    number = run.digits
    if before is not None and _is_end_of_next(run, before):
        completed = before.phone.e164[2 : -len(number)] + number
        if in_plan(completed):
            return [Phone(f"+7{completed}", guessed=before.phone.guessed)]
    may_be_two = not run.plus or number[0] == "7"
    if may_be_two and len(number) > _WHOLE and (several := _side_by_side(run.texts)):
        return [Phone(f"+7{national}") for national in several]
    is_part = run.before[-1:].isalpha()
    if (
        area_code
        and not run.plus
        and not is_part
        and len(area_code) + len(number) == _NATIONAL
        and in_plan(area_code + number)
    ):
        return [Phone(f"+7{area_code}{number}", guessed=True)]
    if len(number) == _NATIONAL and (run.texts[0] in ("7", "8") or (area_code and number[1:].startswith(area_code))):
        # «8 (3412) 51-23-4»: the prefix, and a digit too few, although 834 is a code too.
        raise phone_error("short")
    return [Phone(f"+7{_national(run)}")]


def _is_end_of_next(run: _Run, before: _Place) -> bool:
    length = len(run.digits)
    if run.plus:
        return False
    if _BESIDE.fullmatch(run.before):
        return 2 <= length <= 7
    return length == before.local and _BEHIND.fullmatch(run.before) is not None


def _side_by_side(groups: Sequence[str]) -> list[str]:
    """«89040007284 89190000956» is two numbers when nothing else stands there; [] when it is not."""
    for n in range(1, len(groups) + 1):
        national = _without_prefix(groups[:n])
        if in_plan(national):
            rest = _side_by_side(groups[n:])
            if rest or n == len(groups):
                return [national, *rest]
    return []


def _without_prefix(groups: Sequence[str]) -> str:
    """The digits behind 7, 8, 007 or, the prefix twice, 7 8; all of them when there is no such prefix."""
    number = "".join(groups)
    if number.startswith("007") and len(number) == _NATIONAL + 3:
        return number[3:]
    # A code never begins with 89; any other 8 behind the 7 is one only when it stands alone.
    if len(number) == _NATIONAL + 2 and (number.startswith("789") or list(groups[:2]) == ["7", "8"]):
        return number[2:]
    return number[1:] if len(number) == _WHOLE and number[0] in "78" else number


def _national(run: _Run) -> str:
    """The ten national digits of a whole number. Raises PhoneError."""
    number, plus = run.digits, run.plus
    if number.startswith("810") and len(number) > _WHOLE:
        number, plus = number[3:], True
    elif not (plus and number[0] == "8" and number[1:2] != "9"):
        bare = _without_prefix(run.texts)
        if len(bare) == _NATIONAL < len(number):
            return _of_plan(bare)
    if plus or len(number) != _NATIONAL:
        raise foreign_or("long" if len(number) >= _WHOLE else "short", number)
    if in_plan(number):
        return number
    # With its prefix it is one digit short of a number.
    raise phone_error("short" if number[0] in "78" else "code")


def _of_plan(national: str) -> str:
    if national[0] in "67":
        raise foreign("7", "Казахстан")
    if not in_plan(national):
        raise phone_error("code")
    return national


def _named(text: str, good: Sequence[_Place], taken: Sequence[tuple[int, int]]) -> tuple[Named, ...]:
    """Each number once, with its words: those behind it, or those before it when none stand behind the last."""
    bare = list(text)
    for start, end in taken:
        bare[start:end] = "\0" * (end - start)
    rest = "".join(bare)
    ends = [0, *(place.end for place in good)]
    starts = [*(place.start for place in good), len(rest)]
    gaps = [_spoken(rest[end:start]) for end, start in zip(ends, starts, strict=True)]
    words = gaps[:-1] if gaps[0] and not gaps[-1] else ["; ".join(filter(None, gaps[:2])), *gaps[2:]]
    found: dict[Phone, str] = {}
    for place, said in zip(good, words, strict=False):
        found[place.phone] = found.get(place.phone) or said
    return tuple(Named(phone, said) for phone, said in found.items())


def _spoken(text: str) -> str:
    """The words of a piece of text, without labels as «тел.» and the marks around them."""
    said = _LABEL.sub(" ", text.replace("\0", " ")).translate(_BACK)
    bare = _AT_EDGES.sub("", " ".join(said.split())).strip(_EDGES)
    return f"{bare})" if bare.count("(") > bare.count(")") else bare
