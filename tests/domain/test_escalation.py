"""What an operator writes down of a question out of scope: read, cleaned, or named field by field (R15)."""

from __future__ import annotations

import pytest

from nps.domain.escalation import (
    COLUMNS,
    LETTER_WORDS,
    LIMITS,
    MOST_ADDRESSES,
    NOTE_LIMIT,
    STATE_WORDS,
    EscalationError,
    State,
    Wish,
    addresses,
    is_email,
    note,
    wish,
)
from tests.domain.build import is_sentence

TYPED = {"organisation": "ООО «Кабель»", "inn": "1897309111", "contact": "Вахрушев Т. И.", "phone": "8 904 000-58-11"}
TYPED |= {"email": "zakaz@example.com", "text": "Нужен кабель, 200 метров", "wished_time": "после обеда"}


def refused(**changes: str) -> dict[str, str]:
    with pytest.raises(EscalationError) as found:
        wish(TYPED | changes)
    assert found.value.code == "escalation_fields"
    assert found.value.message == " ".join(found.value.fields.values())
    return found.value.fields


def test_what_was_typed_is_kept_and_six_columns_are_required_by_the_letter() -> None:
    assert wish(TYPED) == Wish(**TYPED)
    assert [code for code, _ in COLUMNS] == [code for code in LIMITS if code != "wished_time"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " \r\n "}, "text"),
        ({"organisation": "\t"}, "organisation"),
        ({"phone": "нет", "email": ""}, "phone"),
        ({"inn": "12345"}, "inn"),
        ({"inn": "18973091110"}, "inn"),
        ({"email": "zakaz@"}, "email"),
    ],
)
def test_each_field_that_must_be_put_right_is_named(changes: dict[str, str], field: str) -> None:
    found = refused(**changes)
    assert list(found) == [field] and is_sentence(found[field])


@pytest.mark.parametrize("field", ["organisation", "contact", "phone", "text", "wished_time"])
def test_a_field_holds_so_much_and_no_more(field: str) -> None:
    whole = "1" * LIMITS[field]
    assert getattr(wish(TYPED | {field: whole}), field) == whole
    told = refused(**{field: whole + "1"})
    assert list(told) == [field]
    assert f"помещается {LIMITS[field]} знаков, а набрано {LIMITS[field] + 1}" in told[field]


def test_all_that_is_wrong_is_said_at_once() -> None:
    told = refused(text="", organisation="", phone="", email="", inn="1")
    assert set(told) == {"text", "organisation", "phone", "inn"}
    with pytest.raises(EscalationError) as empty:
        wish({})
    assert set(empty.value.fields) == {"text", "organisation", "phone"}


def test_a_phone_or_an_address_is_enough_and_an_inn_has_ten_digits_or_twelve() -> None:
    assert wish(TYPED | {"phone": ""}).phone == ""
    assert wish(TYPED | {"email": ""}).email == ""
    assert [wish(TYPED | {"inn": inn}).inn for inn in ("", "189730911100")] == ["", "189730911100"]


def test_lines_stay_in_the_question_only_and_no_control_character_anywhere() -> None:
    found = wish(
        TYPED | {"contact": "Анна\r\nBcc:\x07x", "text": "  Первое\r\nвторое\rтретье\n\n\n\nконец\x00 \u2028 да "}
    )
    assert found.contact == "Анна Bcc: x"
    assert found.text == "Первое\nвторое\nтретье\n\nконец да"


@pytest.mark.parametrize("text", ["a@b.ru", "a.b+c@sub.example.com", "info@кабель.рф", f"{'a' * 64}@b.ru"])
def test_an_address_of_mail_is_one_bare_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "@b.ru", "a@b.r", "a..b@c.ru", "a b@c.ru", "Анна <a@b.ru>", "a@b.ru,c@d.ru", "a@-b.ru", "a@b-.ru"]
    + [f"{'a' * 65}@b.ru", "a@" + "b" * 64 + ".ru", "a@b.ru\n", "a@" + "b." * 126 + "ru"],
)
def test_nothing_else_is(text: str) -> None:
    assert not is_email(text)


def test_addresses_are_parted_by_anything_and_none_is_written_to_twice() -> None:
    assert addresses(" a@b.ru; c@d.ru,a@b.ru\ne@f.ru ") == "a@b.ru, c@d.ru, e@f.ru"
    most = [f"a{n}@b.ru" for n in range(MOST_ADDRESSES)]
    assert addresses(" ".join(most)) == ", ".join(most)
    longest = [f"{n}{'a' * 57}@b.ru" for n in range(3)] + [f"{'a' * 54}@b.ru"]
    assert len(addresses(" ".join(longest))) == LIMITS["email"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "^Здесь нужен адрес почты"),
        ("a@b.ru, c@", "«c@» — не адрес почты"),
        (" ".join(f"a{n}@b.ru" for n in range(MOST_ADDRESSES + 1)), f"не больше {MOST_ADDRESSES}"),
        (" ".join(f"{n}{'a' * 60}@b.ru" for n in range(4)), f"не больше {MOST_ADDRESSES}"),
    ],
)
def test_what_no_letter_goes_to_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(EscalationError, match=words) as found:
        addresses(text)
    assert list(found.value.fields) == ["email"]


def test_a_note_is_cleaned_and_neither_empty_nor_endless() -> None:
    assert note(" Позвонил \r\n клиенту ", "Напишите.") == "Позвонил\nклиенту"
    assert note("а" * NOTE_LIMIT, "Напишите.") == "а" * NOTE_LIMIT
    for text, words in (("\n", "Напишите."), ("а" * (NOTE_LIMIT + 1), f"помещается {NOTE_LIMIT} знаков")):
        with pytest.raises(EscalationError, match=words) as refused:
            note(text, "Напишите.")
        assert list(refused.value.fields) == ["text"]


def test_every_state_has_its_words() -> None:
    assert list(STATE_WORDS) == list(State)
    assert all(LETTER_WORDS.values())
