"""«Письмо с итогами»: each sets his own, the manager sees everybody's."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, ReportSubscription
from tests import factories
from tests.web.test_reports import campaign, customer_of, words

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]


def test_the_customer_switches_his_own_letter_and_the_manager_sees_it(
    session: Session, campaign: Campaign, login: Login
) -> None:
    customer, manager = login(customer_of(session, campaign)), login("manager")
    address = f"/campaigns/{campaign.id}/letter"
    assert address in customer.get(f"/campaigns/{campaign.id}").text
    assert "Пока никто" in manager.get(address).text

    answer = customer.post(address, data={"every": "weekly", "email": "client@example.ru"})

    assert answer.status_code == 303
    page = customer.get(address).text
    assert 'value="weekly" selected' in page and "client@example.ru" in page and "Кто получает" not in page
    assert "client@example.ru по понедельникам в 9:00" in words(manager.get(address).text)
    assert customer.post(address, data={"every": "off", "email": ""}).status_code == 303
    session.rollback()
    assert session.scalars(select(ReportSubscription)).all() == []


def test_a_wrong_address_is_said_and_stays_in_the_field(campaign: Campaign, login: Login) -> None:
    answer = login("manager").post(f"/campaigns/{campaign.id}/letter", data={"every": "daily", "email": "вася@"})
    assert answer.status_code == 422
    assert "Это не адрес почты" in answer.text and 'value="вася@"' in answer.text
    assert 'value="daily" selected' in answer.text


def test_training_offers_no_letter(session: Session, login: Login) -> None:
    practice = factories.campaign(session, purpose="training", always_open=True)
    page = login("manager").get(f"/campaigns/{practice.id}/letter").text
    assert "писем с итогами нет" in page and 'name="every"' not in page
