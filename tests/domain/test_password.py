"""Which passwords are taken."""

from __future__ import annotations

import pytest

from nps.domain.password import PasswordError, check_password


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("девять-з.", "short"),
        ("а1" * 64 + "б", "long"),
        ("qwertyuiop", "common"),
        ("QwertyUIOP", "common"),
        ("йцукенгшщз", "common"),
        ("abcabcabcabc", "common"),
        ("o.petrova-izh", "same"),
        ("O.Petrova-IZH", "same"),
        ("o.petrova-izho.petrova-izh", "same"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused_with_what_to_do(password: str, code: str) -> None:
    with pytest.raises(PasswordError) as refused:
        check_password(password, "o.petrova-izh")
    assert refused.value.code == code
    assert refused.value.message.endswith((".", "пароль."))


@pytest.mark.parametrize(
    "password",
    ["десять-зн.", "а1б2" * 32, "abcdabcdabcd", "o.petrova-izh1", "o.petrova-izh" * 3, "четыре слова и пробел"],
)
def test_any_other_password_of_ten_to_128_characters_is_taken(password: str) -> None:
    check_password(password, "o.petrova-izh")


def test_a_refusal_says_how_many_characters_there_are() -> None:
    with pytest.raises(PasswordError, match="не меньше 10 знаков, сейчас 4"):
        check_password("абвг", "anna")
    with pytest.raises(PasswordError, match="не больше 128 знаков, сейчас 130"):
        check_password("абвгд" * 26, "anna")
