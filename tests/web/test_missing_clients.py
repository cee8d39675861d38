"""The page of clients that the newest base leaves out, and the manager's decision on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, Contract, Respondent
from tests import factories
from tests.services.loading import ROW, Loader, workbook

LES = ("Ижевск", "1851884479", "ООО «Лес»", "Щербакова Ирина Дмитриевна", "8 912 000-60-43", "")
BAD = ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "", "8 950", "")
Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def address(session: Session, campaign: Campaign) -> str:
    """Of a load whose file no longer has one of two clients, and has a row that can't be read."""
    loader = Loader(session, campaign, factories.user(session, "manager"))
    loader.publish(workbook(ROW, LES))
    return f"/campaigns/{campaign.id}/base/{loader.check(workbook(ROW, BAD))}"


def test_a_manager_withdraws_them_by_a_letter(login: Login, address: str, session: Session) -> None:
    manager = login("manager")
    receipt = manager.get(address).text
    assert f'href="{address}/missing"' in receipt
    page = manager.get(f"{address}/missing").text
    assert "ООО «Лес»" in page and ROW[2] not in page
    assert "отклонена 1 строка" in page
    assert "Исключить 1 клиента" in page

    form = {"clients": "1", "letter": "", "reason": "Договор расторгнут"}
    refused = manager.post(f"{address}/withdraw", data=form)
    assert refused.status_code == 422
    assert "Укажите номер письма" in refused.text and "Договор расторгнут" in refused.text

    stale = manager.post(f"{address}/withdraw", data=form | {"clients": "2", "letter": "15-к"})
    assert stale.status_code == 409
    assert "список изменился" in stale.text and "15-к" in stale.text

    assert manager.post(f"{address}/withdraw", data=form | {"letter": "15-к"}).status_code == 303
    page = manager.get(f"{address}/missing").text
    assert "Исключено из базы клиентов: 1" in page and "Все на месте" in page
    session.rollback()
    rows = session.execute(select(Respondent.organisation, Respondent.state))
    assert {organisation: state for organisation, state in rows} == {ROW[2]: "waiting", LES[2]: "withdrawn"}


def test_a_specialist_sees_them_and_leaves_the_decision_to_the_manager(
    login: Login, address: str, session: Session, campaign: Campaign
) -> None:
    customer_id = session.get_one(Contract, campaign.contract_id).customer_id
    specialist = login("specialist", customer_id=customer_id)
    page = specialist.get(f"{address}/missing").text
    assert "Исключает клиентов руководитель" in page and "/withdraw" not in page


def test_an_earlier_base_gives_way_to_its_receipt(
    login: Login, address: str, session: Session, campaign: Campaign
) -> None:
    manager = login("manager")
    Loader(session, campaign, factories.user(session, "manager")).check(workbook(ROW, LES))
    answer = manager.get(f"{address}/missing")
    assert answer.status_code == 409
    assert "загрузили другой" in answer.text
