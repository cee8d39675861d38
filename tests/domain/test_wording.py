from fractions import Fraction

import pytest

from nps.domain.why import Why, iso
from nps.domain.wording import (
    decimal,
    duration,
    greeting_name,
    minutes,
    number,
    percent,
    phone_words,
    plural,
    short_name,
    signed,
    tenths,
    why_text,
)

from .build import IZHEVSK, at, call, verdict


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, "клиентов"), (1, "клиент"), (2, "клиента"), (5, "клиентов"), (11, "клиентов"), (14, "клиентов"),
     (21, "клиент"), (22, "клиента"), (111, "клиентов"), (1002, "клиента")],
)  # fmt: skip
def test_a_noun_goes_with_its_count(n, form):
    assert plural(n, "клиент", "клиента", "клиентов") == form


def test_thousands_are_parted_by_a_narrow_space():
    assert [number(n) for n in (7, 1260, 1234567, -1260)] == ["7", "1\u202f260", "1\u202f234\u202f567", "−1\u202f260"]


def test_a_score_has_its_sign_and_no_percent():
    assert [signed(n) for n in (38, 0, -5)] == ["+38", "0", "−5"]


def test_a_share_is_rounded_half_up_and_cut_where_it_must_not_reach_its_threshold():
    assert percent(612, 1200) == "51,0\xa0%"
    assert percent(1, 8) == "12,5\xa0%"
    assert percent(1499, 2000) == "75,0\xa0%"
    assert percent(1499, 2000, down=True) == "74,9\xa0%"
    assert percent(0, 0) == "—"


def test_durations_and_minutes_are_exact():
    assert [duration(s) for s in (0, 65, 3665)] == ["0:00", "1:05", "1:01:05"]
    assert [minutes(s) for s in (0, 49860, 49842)] == ["0 мин", "831 мин", "830 мин 42 с"]


def test_a_phone_is_shown_in_groups():
    assert phone_words("+79170007553") == "+7 917 000-75-53"


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ("Вахрушев Тимур Ильич", "Тимур Ильич"),
        ("КУЗНЕЦОВА НАТАЛЬЯ НИКОЛАЕВНА", "Наталья Николаевна"),
        ("Петрова Анна-Мария Ильинична", "Анна-Мария Ильинична"),
        ("Наталья Николаевна Кузнецова", "Наталья Николаевна"),
        ("Наталья Николаевна", "Наталья Николаевна"),
        ("Мамедов Рашид Гасан оглы", "Рашид Гасан оглы"),
        ("Иванов Пётр", ""),
        ("Иванов П. И.", ""),
        ("Бухгалтерия", ""),
        ("Отдел снабжения", ""),
        ("", ""),
    ],
)
def test_the_greeting_uses_name_and_patronymic_of_a_person_only(contact, name):
    assert greeting_name(contact) == name


NOW = at(18, "09:00")


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ((), "Ещё не звонили"),
        ((call("no_answer", at(18, "10:15")),), "Не отвечает в 10:15 + 1 ч = 11:15"),
        ((call("no_answer", at(18, "11:40")),), "Не отвечает в 11:40 + 1 ч = 12:40, перерыв → 14:00"),
        ((call("busy", at(18, "17:30")),), "Занято в 17:30 + 1 ч = 18:30, окно закрыто → завтра в 10:00"),
        (
            (call("no_answer", at(17, "10:15")), call("no_answer", at(17, "15:00"))),
            "Не отвечает вчера в 15:00, следующий день звонков в первой половине дня → сегодня в 10:00",
        ),
        ((call("callback", at(17, "10:15"), callback_at=at(18, "15:30")),), "Просил перезвонить сегодня в 15:30"),
        (
            (call("other_person", at(17, "10:15"), callback_at=at(18, "15:30")),),
            "Ответил другой вчера в 10:15, контакт будет сегодня в 15:30",
        ),
        ((call("technical", at(18, "10:15")),), "Техническая ошибка в 10:15, повторить сразу"),
        ((call("not_client", at(18, "10:15")),), "Ждёт решения руководителя: не действующий клиент или повтор"),
        ((call("dead_number", at(18, "10:15")),), "Нужен новый номер"),
        ((call("no_answer", at(26, "17:30")),), "Не успеваем: до конца проекта не осталось окна звонков"),
        ((call("refused", at(18, "10:15")),), "Отказ от опроса"),
    ],
)
def test_the_card_says_why_this_client_and_why_then_in_his_local_time(history, text):
    assert why_text(verdict(*history).why, IZHEVSK, NOW) == text


@pytest.mark.parametrize(
    ("value", "words"), [(12.25, "12,3"), (-12.25, "−12,3"), (-0.04, "0,0"), (1234.5, "1\u202f234,5"), (0.05, "0,1")]
)
def test_a_number_with_a_comma_rounds_halves_away_from_zero(value, words):
    assert decimal(value) == words


def test_a_number_may_carry_its_sign_and_any_places():
    assert (decimal(7.0, plus=True), decimal(0, plus=True)) == ("+7,0", "0,0")
    assert (decimal(0.0330, 3), decimal(3, 2), tenths(Fraction(257, 20))) == ("0,033", "3,00", "12,9")


def hours_later(**params):
    why = Why("hour_later", {"last": iso(at(20, "11:00")), "result": "busy", **params})
    return why_text(why, IZHEVSK, at(20, "12:00"))


def test_an_hour_that_falls_on_a_day_without_calls_says_so():
    text = hours_later(plus_hour=iso(at(20, "12:00")), due=iso(at(24, "10:00")), moved="day")
    assert text == "Занято в 11:00 + 1 ч = 12:00, в этот день не звоним → вт 24 ноября в 10:00"


def test_a_reason_of_which_a_part_is_missing_is_said_without_it():
    assert hours_later() == "Занято в 11:00 + 1 ч"
    assert why_text(Why("technical", {}), IZHEVSK, NOW) == "Звонок, повторить сразу"
    assert why_text(Why("result", {}), IZHEVSK, NOW) == ""
    assert why_text(Why("manager", {}), IZHEVSK, NOW) == "Ждёт решения руководителя: без причины"


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (Why("callback", {"at": iso(at(18, "13:00")), "due": iso(at(18, "14:00"))}),
         "Просил перезвонить сегодня в 13:00, в это время не звоним → сегодня в 14:00"),
        (Why("stop_list", {"phone_id": 1}), "Номер в стоп-листе"),
        (Why("stop_list", {"by": "inn"}), "Организация в стоп-листе"),
        (Why("stop_list", {}), "Номер или организация в стоп-листе"),
    ],
)  # fmt: skip
def test_a_promise_that_was_moved_and_a_stop_list_are_said_as_they_are(why, text):
    assert why_text(why, IZHEVSK, NOW) == text


def test_another_person_without_a_time_is_called_the_next_day():
    found = verdict(call("other_person", at(17, "10:15")))
    assert why_text(found.why, IZHEVSK, NOW) == (
        "Ответил другой вчера в 10:15, следующий день звонков во второй половине дня → сегодня в 14:00"
    )


def test_a_name_is_short_where_there_is_little_room():
    assert short_name("Ольга Маркова") == "Ольга М."
    assert short_name("Ольга") == "Ольга"
