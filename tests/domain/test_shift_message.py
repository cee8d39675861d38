import pytest

from nps.domain.errors import DomainError
from nps.domain.shift_message import MAX_TEXT, checked_text, names_somebody


@pytest.mark.parametrize(
    "text",
    [
        "звоните 89120000122", "+7 (912) 000-01-22", "8.912.000.01.22", "8–912–000–01–22", "городской 20-80-32",
        "тел. 200-80-32", "ИНН 1897309111", "инн 189730911145", "почта ivanov@example.com", "ivanov @ example.com",
        "912/000/01/22", "№ 8912 000\xa001\xa022",
    ],
)  # fmt: skip
def test_what_says_who_a_client_is_is_refused_in_words(text: str) -> None:
    assert names_somebody(text)
    with pytest.raises(DomainError, match="без имён, телефонов, ИНН"):
        checked_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Счёт перешлёт ваш менеджер сегодня до 18:00", "перезвон 18.11.2026 в 15:30", "заказ 4512 от 17.11",
        "оценка 9-10",
        "Клиент в 3-й раз спрашивает про скидку 10-12 %", "18.11.2026–19.11.2026", "скажите: «с 10:00 до 18:00»",
    ],
)  # fmt: skip
def test_times_dates_and_counts_are_no_numbers(text: str) -> None:
    assert checked_text(f"  {text}\n") == text


def test_a_request_may_be_without_words_a_message_not_and_neither_is_cut() -> None:
    assert checked_text(" \n", required=False) == ""
    with pytest.raises(DomainError, match="Напишите"):
        checked_text(" ")
    assert checked_text("а" * MAX_TEXT) == "а" * MAX_TEXT
    with pytest.raises(DomainError, match="не длиннее 300"):
        checked_text("а" * (MAX_TEXT + 1))
