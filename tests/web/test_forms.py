"""Reading forms and addresses, and what templates call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy import select

from nps.models import Customer
from nps.web import clock, forms
from nps.web.access import is_local_path


@pytest.fixture
def sent(app: Flask) -> Callable[..., Any]:
    """`sent(data, read)`: what `read` gives inside a request with this form."""

    def do(data: dict[str, Any], read: Callable[[], Any]) -> Any:
        with app.test_request_context("/", method="POST", data=data):
            return read()

    return do


def test_text_comes_without_space_around_and_control_characters(sent):
    assert sent({"a": " \x00Ольга\x07\r\nМаркова \t"}, lambda: forms.text("a")) == "Ольга\nМаркова"
    assert sent({}, lambda: forms.text("a")) == ""


def test_long_and_missing_text_is_refused_by_the_name_of_its_field(sent):
    with pytest.raises(forms.FormError, match="«Комментарий»: не больше 5 знаков, сейчас 6"):
        sent({"a": "123456"}, lambda: forms.text("a", 5, label="Комментарий"))
    with pytest.raises(forms.FormError, match="«Логин»: заполните поле") as refused:
        sent({"a": "  "}, lambda: forms.text("a", label="Логин", required=True))
    assert (refused.value.field, refused.value.code) == ("a", "form")


def test_a_password_is_taken_as_typed(sent):
    assert sent({"password": "  с пробелами  "}, lambda: forms.secret("password")) == "  с пробелами  "


@pytest.mark.parametrize(
    ("typed", "number"), [("5", 5), (" 1 260 ", 1260), ("1\u202f260", 1260), ("1\xa0260", 1260), ("+7", 7), ("0", 0)]
)
def test_whole_numbers_as_people_type_them(sent, typed, number):
    assert sent({"n": typed}, lambda: forms.whole("n", 0, 2000)) == number


@pytest.mark.parametrize("typed", ["", "-1", "2001", "1.5", "1,5", "٧", "1e3", "0x10", "9" * 30, "пять"])
def test_everything_else_is_no_number(sent, typed):
    with pytest.raises(forms.FormError, match="нужно целое число от 0 до 2000"):
        sent({"n": typed}, lambda: forms.whole("n", 0, 2000))


def test_an_empty_number_may_have_a_default_or_be_none(sent):
    assert sent({"n": ""}, lambda: forms.whole("n", 1, 9, default=3)) == 3
    assert sent({"n": " "}, lambda: forms.number_or_none("n")) is None
    assert sent({"n": "4"}, lambda: forms.number_or_none("n")) == 4


@pytest.mark.parametrize("typed", ["2026-11-08", "08.11.2026", "8.11.2026"])
def test_days_as_browsers_send_and_people_type_them(sent, typed):
    assert sent({"d": typed}, lambda: forms.day("d")) == date(2026, 11, 8)


@pytest.mark.parametrize("typed", ["", "31.02.2026", "2026-13-01", "11/08/2026", "0001-01-01", "99999-01-01", "завтра"])
def test_everything_else_is_no_day(sent, typed):
    with pytest.raises(forms.FormError, match="укажите дату"):
        sent({"d": typed}, lambda: forms.day("d"))


def test_choices_flags_and_lists(sent):
    assert sent({"c": "a"}, lambda: forms.choice("c", ("a", "b"))) == "a"
    with pytest.raises(forms.FormError, match="выберите значение из списка"):
        sent({"c": "z"}, lambda: forms.choice("c", ("a", "b")))
    assert [sent({"f": value}, lambda: forms.flag("f")) for value in ("1", "on", "0", "")] == [True, True, False, False]
    assert sent({}, lambda: forms.flag("f")) is False
    assert sent({"r": ["a ", "b"]}, lambda: forms.texts("r")) == ["a", "b"]


def test_what_is_shown_again_and_what_is_compared_leave_secrets_out(sent):
    data = {"login": "x", "password": "y", "csrf_token": "t", "form_key": "k" * 64, "r": ["a", "b"]}
    assert sent(data, forms.typed) == {"login": "x", "r": "a"}
    assert sent(data, forms.fields) == {"login": ["x"], "password": ["y"], "r": ["a", "b"]}
    assert sent(data, forms.sent_key) == "k" * 64
    assert forms.form_key() != forms.form_key()


@pytest.mark.parametrize("key", ["k" * 65, "k\x00", "ключ"])
def test_what_is_no_key_of_ours_is_refused_at_the_door(sent, login, session, key):
    with pytest.raises(forms.FormError, match="Обновите страницу"):
        sent({"form_key": key}, forms.sent_key)
    answer = login("admin").post("/admin/customers", data={"name": "Заказчик", "form_key": key})
    assert answer.status_code == 422
    assert session.scalars(select(Customer.name)).all() == []


def test_addresses_are_read_leniently(app):
    with app.test_request_context("/?page=999999&text=%00abc&day=2026-11-08&bad=x"):
        assert forms.arg_number("page", most=50) == 50
        assert forms.arg_number("bad", default=7) == 7
        assert forms.arg("text", 2) == "ab"
        assert forms.arg_day("day") == date(2026, 11, 8)
        assert forms.arg_day("bad") is None


@pytest.mark.parametrize(
    ("target", "local"),
    [
        ("/desk", True),
        ("/campaigns/1/clients?text=a%20b", True),
        ("//evil", False),
        ("/\\evil", False),
        ("/\n/evil", False),
        ("https:evil", False),
        ("", False),
    ],
)
def test_which_addresses_stay_on_this_host(target, local):
    assert is_local_path(target) is local


def test_the_time_of_a_request_is_read_once(app):
    with app.test_request_context("/"):
        first = clock.now()
        assert clock.now() is first
        assert first.utcoffset() == timedelta(0)


def test_filters_speak_russian_by_the_clock_of_the_office(app):
    at = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
    template = (
        "{{ at|clock }} {{ at|clock('Europe/Moscow') }} {{ none|when }} {{ none|day }} {{ at.date()|day }} "
        "{{ 1260|number }} {{ 65|duration }} {{ 3|plural('звонок', 'звонка', 'звонков') }} {{ '+79170007553'|phone }}"
    )
    with app.test_request_context("/"):
        shown = render_template_string(template, at=at, none=None)
    assert shown == "14:00 13:00 — — 17 ноября 1\u202f260 1:05 звонка +7 917 000-75-53"
