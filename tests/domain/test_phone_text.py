"""A number is found among the words of its cell, and nothing that is none is taken for one."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from nps.domain.errors import PhoneError
from nps.domain.phone_text import find_phones, parse_phone

CELLS = 2000
MOBILE = ("904", "912", "917", "919", "922", "950", "963", "982", "987")
TOWNS = ("3412", "34145", "342", "3424", "843", "8352", "347", "8552", "34147")

#: How ten digits are written, the code first. A town's code has three to five digits.
SPELLINGS: tuple[Callable[[str, str], str], ...] = (
    lambda code, rest: f"8{code}{rest}",
    lambda code, rest: f"7{code}{rest}",
    lambda code, rest: f"+7{code}{rest}",
    lambda code, rest: f"8 ({code}) {_grouped(rest, '-')}",
    lambda code, rest: f"8({code}){_grouped(rest, '-')}",
    lambda code, rest: f"+7 ({code}) {_grouped(rest, ' ')}",
    lambda code, rest: f"+7 {code} {_grouped(rest, '-')}",
    lambda code, rest: f"8-{code}-{_grouped(rest, '-')}",
    lambda code, rest: f"8.{code}.{_grouped(rest, '.')}",
    lambda code, rest: f"8_{code}_{_grouped(rest, '_')}",
    lambda code, rest: f"8–{code}–{_grouped(rest, '–')}",
    lambda code, rest: f"8 {code} {_grouped(rest, chr(0xA0))}",
    lambda code, rest: f"+7\N{NON-BREAKING HYPHEN}{code}\N{NON-BREAKING HYPHEN}{rest}",
    lambda code, rest: f"({code}) {_grouped(rest, '-')}",
    lambda code, rest: f"{code}-{_grouped(rest, '-')}",
    lambda code, rest: f"007 {code} {_grouped(rest, ' ')}",
    lambda code, rest: f"8 ({code[:-1]}-{code[-1]}) {_grouped(rest, '-')}",
    lambda code, rest: f"+7 8 {code} {_grouped(rest, ' ')}",
)
LABELS = (
    "",
    "",
    "",
    "тел. ",
    "Тел: ",
    "т.",
    "моб:",
    "моб.тел.",
    "сот. ",
    "тел./факс ",
    "tel:",
    "раб. тел. ",
    "№ ",
    "Телефон ",
)
WORDS = (
    "Анна Петровна", "WhatsApp", "приёмная", "директор", "Viber/WhatsApp", "гл. инженер", "бухгалтерия", "Иван",
    "доверенное лицо",     "до 17:00", "после 14.00", "с 9:00-18:00", "звонить после обеда", "не звонить в пн",
    "отдел снабжения", "2 этаж", "каб. 305",
)  # fmt: skip
BESIDE: tuple[Callable[[str, str], str], ...] = (
    lambda number, words: f"{number} {words}",
    lambda number, words: f"{number} ({words})",
    lambda number, words: f"{number} - {words}",
    lambda number, words: f"{number}, {words}",
    lambda number, words: f"{number} – {words}.",
    lambda number, words: f"{words}: {number}",
    lambda number, words: f"{words}, {number}",
    lambda number, words: f"{words}\n{number}",
)
EXTENSIONS = (
    "доб. {}",
    "доб.{}",
    ", доб {}",
    "(доб. {})",
    "доб.({})",
    "вн. {}",
    "#{}",
    "*{}",
    "ext. {}",
    ", внутр. {}",
)
ABROAD = ("+375 29", "+7 701", "+998 90", "+44 20", "8 10 375 29", "+90 532")
BETWEEN = ("; ", ", ", "/", " / ", "\n", " и ", " или ", " ", "  ", "; доп. ", " | ")


def _grouped(rest: str, mark: str) -> str:
    """«512345» as 51-23-45, «5112345» as 511-23-45."""
    first = len(rest) % 2 + (2 if len(rest) % 2 else 0)
    pieces = [rest[:first]] if first else []
    return mark.join([*pieces, *(rest[n : n + 2] for n in range(first, len(rest), 2))])


def number(rnd: random.Random) -> tuple[str, str]:
    code = rnd.choice(MOBILE + TOWNS)
    return code, "".join(rnd.choice("0123456789") for _ in range(10 - len(code)))


def spelled(rnd: random.Random, code: str, rest: str) -> str:
    return rnd.choice(LABELS) + rnd.choice(SPELLINGS)(code, rest)


def clear_cell(rnd: random.Random) -> tuple[str, list[tuple[str, str]]]:
    """A cell that a person reads without doubt, and what he reads: (E.164, extension) in their order."""
    kind = rnd.choice(("bare", "words", "words", "extension", "two", "two", "tail"))
    code, rest = number(rnd)
    text, found = spelled(rnd, code, rest), [(f"+7{code}{rest}", "")]
    if kind == "words":
        text = rnd.choice(BESIDE)(text, rnd.choice(WORDS))
    elif kind == "extension":
        said = str(rnd.randint(1, 9999))
        text, found = f"{text} {rnd.choice(EXTENSIONS).format(said)}", [(found[0][0], said)]
    elif kind == "two":
        other = number(rnd)
        words = rnd.choice(("", "", f" ({rnd.choice(WORDS)})"))
        text = f"{text}{words}{rnd.choice(BETWEEN)}{spelled(rnd, *other)}"
        found.append((f"+7{''.join(other)}", ""))
    elif kind == "tail":
        end = f"{(int(rest[-2:]) + 1) % 100:02}"
        text = f"8 ({code}) {_grouped(rest, '-')}/{end}"
        found.append((f"+7{code}{rest[:-2]}{end}", ""))
    return text, list(dict.fromkeys(found))


def wrong_cell(rnd: random.Random) -> str:
    """What a person can not dial: a digit too few or too many, no such code, another country, words, dates, codes."""
    code, rest = number(rnd)
    mark = rnd.choice(("", " ", "-"))
    prefix = rnd.choice(("8", "+7", "7"))
    text = {
        "few": lambda: f"{prefix} ({code}) {_grouped(rest, '-')[:-1]}",
        "few, together": lambda: f"8{rnd.choice(MOBILE)}{rest[:4]:0<4}{rnd.randint(10, 99)}",
        "many": lambda: f"{prefix} ({code}) {_grouped(rest, '-')}{rnd.randint(0, 9)}",
        "many, apart": lambda: f"{prefix}{mark}{code}{mark}{rest} {rnd.randint(0, 999)}",
        "code": lambda: f"{prefix} ({rnd.choice(('204', '112', '555', '606', '891'))}) 512-34-{rnd.randint(10, 99)}",
        "country": lambda: f"{rnd.choice(ABROAD)} 000-11-{rnd.randint(10, 99)}",
        "local": lambda: f"{rnd.randint(20, 99)}-{rnd.randint(10, 99)}-{rnd.randint(10, 99)}",
        "words": lambda: rnd.choice(WORDS),
        "inn": lambda: f"18{rnd.randint(10**7, 10**8 - 1)}",
        "day": lambda: f"{rnd.randint(10, 28)}.{rnd.randint(10, 12)}.2026",
        "mail": lambda: f"8912{rnd.randint(1000000, 9999999)}@mail.ru",
        "account": lambda: f"40702810{rnd.randint(10**11, 10**12 - 1)}",
        "nothing": lambda: rnd.choice(("", "-", "—", "нет", "н/д", "б/н", "?", "0", "нет телефона")),
    }  # fmt: skip
    return str(rnd.choice(list(text.values()))())


def test_of_two_thousand_clear_cells_every_number_is_found() -> None:
    rnd = random.Random(16)
    missed = []
    for _ in range(CELLS):
        text, wanted = clear_cell(rnd)
        found = find_phones(text)
        got = [(named.phone.e164, named.phone.extension) for named in found.numbers]
        if got != wanted or found.bad:
            missed.append((text, wanted, got, [error.code for _, error in found.bad]))
    assert missed == []


def test_of_two_thousand_cells_without_a_number_none_gives_one() -> None:
    rnd = random.Random(61)
    taken = []
    for _ in range(CELLS):
        text = wrong_cell(rnd)
        found = find_phones(text)
        assert found.bad, text
        taken += [(text, found.numbers)] if found.numbers else []
    assert taken == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8 912 000 01 22 Анна Петровна", ["Анна Петровна"]),
        ("+7(912)0000120 (Иван), 8(912)0000121 (бухгалтерия)", ["Иван", "бухгалтерия"]),
        ("Иванов Ф. М. 89120000111, Ольга 8 919 000-01-11", ["Иванов Ф. М", "Ольга"]),
        ("тел./факс 8(3412)000-125", [""]),
        ("приёмная: 8(3412)000-125 доб. 5 (до 17:00)", ["приёмная; до 17:00"]),
        ("89120000122 - Иван Петрович (зам.)", ["Иван Петрович (зам)"]),
    ],
)
def test_words_belong_to_the_number_beside_which_they_stand(text: str, words: list[str]) -> None:
    assert [named.words for named in find_phones(text).numbers] == words


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("8(3412)000-130, 000-131", ["+73412000130", "+73412000131"]),
        ("(3412) 000-128/129", ["+73412000128", "+73412000129"]),
        ("8(3412)51-23-45 (51-23-46)", ["+73412512345", "+73412512346"]),
        ("89120000111, 12345", ["+79120000111"]),
        ("8 930 123-45-67/0000000", ["+79301234567"]),
    ],
)
def test_the_end_of_a_number_is_completed_from_the_one_before_only_when_its_length_says_so(
    text: str, numbers: list[str]
) -> None:
    assert [named.phone.e164 for named in find_phones(text).numbers] == numbers


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8 (912) 345-67-8", "short"),
        ("8912345678", "short"),
        (8912.345678, "short"),
        ("7 912 345 67 8", "short"),
        ("8 (3412) 51-23-4", "short"),
        ("1892820107", "code"),
        ("+84 91 234 56 78", "foreign"),
        ("звонить Ивану", "words"),
        ("—", "empty"),
    ],
)
def test_ten_digits_are_believed_only_when_the_numbering_plan_has_them(text: object, code: str) -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone(text)
    assert refused.value.code == code


def test_a_letter_in_a_number_is_named_at_the_desk() -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone("8 9О4 000-58-43")
    assert refused.value.code == "letters"


def test_a_letter_is_no_digit_where_the_row_is_no_number_even_so() -> None:
    found = find_phones("8982О0516")
    assert (found.numbers, found.repaired) == ((), False)
    assert [(text, error.code) for text, error in found.bad] == [("8982О0516", "short")]
