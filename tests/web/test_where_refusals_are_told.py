"""What a rule refuses is told on the page of its form, with the status of its error and beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.models import Escalation
from tests import factories
from tests.web.test_foreign_ids import House, house

Login = Callable[..., FlaskClient]
TERMS = {"within_h": "4", "opens": "18:00", "closes": "09:00", "zone": "Europe/Samara"}

#: endpoint, what the form says, status, a part of the sentence; what of the form stands on the page again.
REFUSED: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("answer_terms.change", TERMS, 422, "позже, чем начинается", 'value="18:00"'),
    ("answer_terms.change", TERMS | {"within_h": "много"}, 422, "нужно целое число", 'value="много"'),
    ("escalations.note", {"text": " "}, 422, "Напишите заметку.", ""),
    ("escalations.ask_to_call", {"text": "ы" * 2001}, 422, "2000", "ы" * 2001),
    ("escalations.change_address", {"email": "почта"}, 422, "адрес", 'value="почта"'),
    ("escalations.change_branch_address", {"email": "почта"}, 422, "адрес", 'value="почта"'),
    ("escalations.confirm", {"letter": "?"}, 422, "«Письмо»", ""),
    ("escalations.confirm", {"letter": "987654"}, 404, "", ""),
    ("quality.correct", {"disposition": "hung_up", "reason": " "}, 422, "причину", ""),
    ("quality.correct", {"disposition": "surveyed", "reason": "слышно"}, 422, "уже записан", 'value="слышно"'),
    ("quality.save", {"act": "finish", "note": "хорошо"}, 422, "Отметьте хотя бы один пункт листа.", "хорошо"),
    ("quality.save_plan", {"newcomer_calls": "3", "share_percent": "5"}, 422, "хотя бы один пункт", ""),
    ("recordings.absence", {"cause": "lost"}, 409, "уже есть запись", ""),
    ("recordings.absence", {"cause": "?"}, 422, "Выберите, почему записи нет.", ""),
    ("recordings.upload", {}, 422, "Выберите файл", ""),
    ("reports.freeze", {"first": "2026-11-02", "last": "2026-11-01"}, 422, "раньше, чем начался", 'value="2026-11-02"'),
    ("reports.freeze", {"what": "wave"}, 409, "ещё открыта", ""),
    ("reports.set_letter", {"every": "daily", "email": "почта"}, 422, "не адрес почты", 'value="почта"'),
]


@pytest.fixture
def ours(session: Session) -> House:
    return house(session, "Заказчик")


def address(app: Flask, endpoint: str, ours: House) -> str:
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    values = {name: ours.ids.get(name, 1) for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(endpoint, values, "POST"))


def test_a_refusal_stands_on_the_page_of_its_form(app: Flask, login: Login, ours: House) -> None:
    manager = login("manager")
    for endpoint, said, status, sentence, again in REFUSED:
        answer = manager.post(address(app, endpoint, ours), data=said)
        assert answer.status_code == status, f"{endpoint} {said}: {answer.status_code}"
        assert sentence in answer.text and again in answer.text, f"{endpoint} {said}: {answer.text}"


def test_a_stale_page_is_told_the_true_state(app: Flask, session: Session, login: Login, ours: House) -> None:
    manager = login("manager")
    assert manager.post(address(app, "escalations.close", ours), data={"text": "ответили"}).status_code == 303
    again = manager.post(address(app, "escalations.close", ours), data={"text": "ещё раз"})
    assert again.status_code == 409 and "Обращение уже закрыто." in again.text
    session.rollback()
    assert session.get_one(Escalation, ours.ids["escalation_id"]).resolution == "ответили"
    taken = manager.post(address(app, "escalations.take", ours))
    assert taken.status_code == 409 and "Обращение уже закрыто." in taken.text


def test_a_sentence_without_a_page_comes_with_the_one_it_leads_to(
    app: Flask, session: Session, login: Login, ours: House
) -> None:
    manager = login("manager")
    sent = manager.post(address(app, "letters.again", ours), data={"back": "/campaigns"})
    assert (sent.status_code, sent.location) == (303, "/campaigns")
    assert "Данные этого письма удалены" in manager.get("/campaigns").text
    operator = login(factories.user(session))
    assert operator.post("/desk/reviews/1/reply", data={"reply": "спасибо"}).status_code == 404
    long = operator.post("/desk/reviews/1/reply", data={"reply": "ы" * 2001})
    assert (long.status_code, long.location) == (303, "/desk/day")
    assert "не больше 2000 знаков" in operator.get("/desk/day").text
