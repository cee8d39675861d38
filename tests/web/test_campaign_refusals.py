"""What a rule refuses on the pages of a campaign: the page of the form again, the sentence, and what was typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.models import Campaign, StopList
from tests import factories
from tests.factories import NOW

Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


def test_what_no_longer_fits_is_409_on_the_page_of_its_form(session: Session, login: Login, campaign: Campaign) -> None:
    operator = factories.on_shift(session, campaign)
    client = factories.respondent(session, campaign)
    call = factories.attempt(session, client, operator, None)
    owner = factories.session_customer(session, campaign.id)
    lifted = StopList(customer_id=owner, e164="+79170000000", reason="просил", by=operator.id, at=NOW, lifted_at=NOW)
    lifted.lifted_by, lifted.lift_reason = operator.id, "передумал"
    factories.fresh(session)
    session.add(lifted)
    session.commit()
    manager, address, title = login("manager"), f"/campaigns/{campaign.id}", campaign.title
    for path, said, sentence, page in (
        ("close", {"sure": "1"}, "Есть звонки без итога", "Условия проекта"),
        (f"settings/members/{operator.id}/remove", {}, "Оператор сейчас на смене", "Операторы проекта"),
        (f"settings/stop-list/{lifted.id}/lift", {"reason": "можно"}, "", "Больше не звонить"),
        (f"calls/{call.id}/seconds", {"talk_s": "41", "reason": "сверка"}, "У звонка ещё нет итога", "Телефоны"),
        (f"clients/{client.id}/free", {}, "Звонок уже начат", "Телефоны"),
    ):
        answer = manager.post(f"{address}/{path}", data=said)
        assert (answer.status_code, sentence in answer.text, page in answer.text) == (409, True, True), path
    typed = manager.post(f"{address}/close", data={"sure": "1"})
    assert f'value="{title}"' in typed.text, "the terms as they stand"


def test_what_was_typed_wrongly_is_422_with_it_on_the_page(session: Session, login: Login, campaign: Campaign) -> None:
    contact = {"department": "Отдел у входа", "phone": ""}
    factories.member(session, campaign, admitted_at=None)
    manager = login("manager")
    for path, said, sentence, kept in (
        ("settings/branches", {"name": "Новый", "region": "perm", "area_code": "1"}, "от 3 до 5 цифр", "Новый"),
        ("settings/contacts", contact, "заполните поле", "Отдел у входа"),
        ("settings/stop-list", {"inn": "12", "reason": "Письмо 4"}, "10 или 12 цифр", "Письмо 4"),
        ("settings/days", {"day": "когда-нибудь", "note": "Сабантуй"}, "укажите дату", "Сабантуй"),
        ("settings/members/admit", {"reason": "Опыт с весны"}, "Отметьте операторов", "Операторы проекта"),
        ("escalations/terms", {"within_h": "9999"}, "нужно целое число", "9999"),
    ):
        answer = manager.post(f"/campaigns/{campaign.id}/{path}", data=said)
        assert (answer.status_code, sentence in answer.text, kept in answer.text) == (422, True, True), path
