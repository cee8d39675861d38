"""Errors for people carry what the page needs beside their sentence."""

from nps.domain.errors import NotFoundError, TooOftenError


def test_who_asks_too_often_is_told_how_long_to_wait() -> None:
    refused = TooOftenError("login", "Подождите.", wait_s=30)
    assert (refused.code, refused.message, refused.wait_s) == ("login", "Подождите.", 30)


def test_what_is_not_there_and_what_is_anothers_read_the_same() -> None:
    refused = NotFoundError()
    assert (refused.code, refused.message) == ("not_found", "Такой записи нет.")
    assert NotFoundError("Такого клиента нет.").message == "Такого клиента нет."
