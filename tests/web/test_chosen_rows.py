"""The rows behind a figure: found by part of a client, and taken away as the workbook that the list shows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from nps.models import AccessLog, CallAttempt, Campaign, Contract
from nps.queries.reports.contract_forms import ANSWERS_FORM
from nps.services.reports import MOST_ROWS
from tests import factories
from tests.web.test_reports import answer

Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Two surveyed clients and one who was busy."""
    wave = factories.campaign(session, title="Уралэнерго, ноябрь 2026", answers_after_check=True)
    operator = factories.member(session, wave)
    for rating, contact, phone in ((3, "Зырянов Пётр", "+79170001122"), (10, "Белова Анна", "+79170003344")):
        client = factories.respondent(
            session, wave, state="surveyed", next_call_at=None, contact=contact, phones=(phone,)
        )
        answer(session, factories.attempt(session, client, operator, "surveyed"), rating)
    factories.attempt(session, factories.respondent(session, wave, contact="Зырянова Ия"), operator, "busy")
    return wave


def sheets(client: FlaskClient, address: str) -> dict[str, list[tuple[object, ...]]]:
    response = client.get(address)
    assert response.status_code == 200, response.location
    book = load_workbook(io.BytesIO(response.data))
    return {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book}


def link(page: str) -> str:
    """Where «Эти строки в Excel» leads."""
    (found,) = re.findall(r'href="([^"]+)">(?:(?!</a>).)*Эти строки в Excel', page, re.DOTALL)
    return str(found).replace("&amp;", "&")


def test_calls_are_found_by_client_and_taken_as_they_are_listed(
    session: Session, campaign: Campaign, login: Login, app: Flask
) -> None:
    manager = login("manager")
    found = manager.post(
        f"/campaigns/{campaign.id}/calls/search", data={"text": "зырян", "result": "busy", "kind": ""}
    ).location
    assert "зырян" not in found and "result=busy" in found
    page = manager.get(found).text
    assert "Зырянова Ия" in page and "Зырянов Пётр" not in page and 'value="зырян"' in page

    book = sheets(manager, link(page))
    assert [row[5] for row in book["Все звонки"]] == ["Зырянова Ия"]
    assert ("Поиск", "зырян") in book["Отбор"] and ("Итог", "Занято") in book["Отбор"]
    assert list((app.config["DATA_FOLDER"] / "exports").iterdir()) == []
    session.rollback()
    log = session.scalars(select(AccessLog).where(AccessLog.action == "report_downloaded")).one()
    assert log.object_id == str(campaign.id)


def test_answers_are_found_by_telephone_and_taken_with_the_contracts_columns(campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    found = manager.post(f"/campaigns/{campaign.id}/answers/search", data={"text": "000-11-22"}).location
    page = manager.get(found).text
    assert "Зырянов Пётр" in page and "Белова Анна" not in page
    response = manager.get(link(page))
    sheet = load_workbook(io.BytesIO(response.data))["Анкета"]
    assert [cell.value for cell in sheet[1]] == list(ANSWERS_FORM)
    assert [(row[3], row[5]) for row in sheet.iter_rows(min_row=2, values_only=True)] == [("Зырянов Пётр", 3)]


def test_a_customer_takes_what_he_sees_and_searches_by_no_words(
    session: Session, campaign: Campaign, login: Login
) -> None:
    customer = login("customer", customer_id=session.get_one(Contract, campaign.contract_id).customer_id)
    address = f"/campaigns/{campaign.id}/answers"
    assert 'name="text"' not in customer.get(address).text
    assert sheets(customer, f"{address}.xlsx")["Анкета"] == [], "nothing that the manager has not ticked"
    assert customer.get(f"/campaigns/{campaign.id}/calls.xlsx").status_code == 403


def test_more_rows_than_a_request_has_time_for_are_refused_with_a_sentence(
    session: Session, campaign: Campaign, login: Login
) -> None:
    like = session.scalars(select(CallAttempt).where(CallAttempt.disposition == "busy")).one()
    columns = {column.key: getattr(like, column.key) for column in CallAttempt.__table__.columns}
    session.execute(insert(CallAttempt), [columns | {"id": uuid4()} for _ in range(MOST_ROWS)])
    session.commit()
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/calls"
    assert "Эти строки в Excel" not in manager.get(f"{address}?result=busy").text
    refused = manager.get(f"{address}.xlsx?result=busy")
    assert refused.location == f"{address}?result=busy"
    assert "сузьте отбор" in manager.get(refused.location).text
    assert len(sheets(manager, f"{address}.xlsx?result=surveyed")["Все звонки"]) == 2


@pytest.mark.parametrize("query", ["_scheme=javascript", "_external=1&_anchor=x", "campaign_id=999", "endpoint=x"])
@pytest.mark.parametrize("page", ["answers", "calls", "clients", "recordings"])
def test_no_parameter_of_an_address_breaks_its_links(campaign: Campaign, login: Login, page: str, query: str) -> None:
    response = login("manager").get(f"/campaigns/{campaign.id}/{page}?{query}")
    assert response.status_code == 200
    assert "javascript:" not in response.text and "/campaigns/999" not in response.text
