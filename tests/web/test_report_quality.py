"""Rates of reviewed calls: the same on the report, in the workbook and on «Проверка звонков»; the customer has none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.quality import FEW_REVIEWS
from nps.models import CallAttempt, Campaign, Contract, QualityReview, User
from tests import factories
from tests.factories import NOW

Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Olga has as many finished reviews as make a rate, Timur one finished and one begun, Vera none."""
    wave = factories.campaign(session)
    for name in ("Ольга Максимова", "Тимур Гареев", "Вера Тихая"):
        factories.member(session, wave, factories.user(session, full_name=name))
    for number in range(FEW_REVIEWS):
        reviewed(session, wave, "Ольга Максимова", points=7 if number else 8, most=10, day=number)
    reviewed(session, wave, "Тимур Гареев", points=2, most=3)
    reviewed(session, wave, "Тимур Гареев", points=8, most=8, finished_at=None)
    return wave


def reviewed(session: Session, campaign: Campaign, name: str, *, day: int = 0, **fields: Any) -> CallAttempt:
    """A call of this operator, on another day of the campaign, with a review of it."""
    operator = session.scalars(select(User).where(User.full_name == name)).one()
    call = factories.attempt(
        session, factories.respondent(session, campaign), operator, "refused", at=NOW - timedelta(days=day)
    )
    reviewer = factories.user(session, "manager")
    session.add(
        QualityReview(
            attempt_id=call.id, campaign_id=campaign.id, operator_id=operator.id, reviewer_id=reviewer.id,
            begun_at=NOW, **({"reason": "newcomer", "finished_at": NOW} | fields),
        )
    )  # fmt: skip
    session.commit()
    return call


def rows_of(text: str, table: str) -> dict[str, list[str]]:
    """The cells of a table of a page, by the first one."""
    body = re.split(rf'aria-label="{table}"', text)[1].split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]
    cells = [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows]
    return {name: rest for name, *rest in cells}


def test_page_workbook_and_the_reviewers_list_say_the_same_rates(campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    listed = rows_of(manager.get(f"/campaigns/{campaign.id}/operators/quality").text, "Оценки операторов")
    assert list(listed.items())[1:] == [
        ("Тимур Гареев", ["1", "2 из 3", "мало данных 66,6 %"]),
        ("Ольга Максимова", ["5", "36 из 50", "72,0 %"]),
    ]

    page = rows_of(manager.get(f"/campaigns/{campaign.id}").text, "Операторы")
    assert page["Оператор"][-2:] == ["Разборы", "Качество звонков"]
    assert page["Ольга Максимова"][-2:] == ["5", "72,0 %"]
    assert page["Тимур Гареев"][-2:] == ["1", "мало данных 66,6 %"]
    assert page["Вера Тихая"][-2:] == ["0", "—"]
    assert page["Всего"][-2:] == ["6", "71,6 %"]

    sheet = sheet_of(manager, campaign)
    assert sheet["Оператор"][-3:] == ["Разборы (шт.)", "Качество звонков", "Данных"]
    assert sheet["Ольга Максимова"][-3:] == [5, 0.72, None]
    assert sheet["Тимур Гареев"][-3:] == [1, 0.666, "мало данных"]
    assert sheet["Вера Тихая"][-3:] == [0, "—", None]
    assert sheet["Всего"][-3:] == [6, 0.716, None]


def sheet_of(client: FlaskClient, campaign: Campaign) -> dict[Any, list[Any]]:
    """The rows of «По операторам», by name."""
    book = load_workbook(io.BytesIO(client.get(f"/campaigns/{campaign.id}/report.xlsx").data))
    return {row[0].value: [cell.value for cell in row[1:]] for row in book["По операторам"].iter_rows()}


def test_a_part_of_the_campaign_has_the_rates_of_its_calls(campaign: Campaign, login: Login) -> None:
    page = login("manager").get(f"/campaigns/{campaign.id}", query_string={"day": "2026-11-17"}).text

    assert rows_of(page, "Операторы")["Ольга Максимова"][-2:] == ["1", "мало данных 80,0 %"]


@pytest.mark.parametrize("role", ["customer", "specialist"])
def test_the_customers_side_sees_no_rates(session: Session, campaign: Campaign, login: Login, role: str) -> None:
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    reader = login(factories.user(session, role, customer_id=owner))

    page = reader.get(f"/campaigns/{campaign.id}").text
    assert "Качество звонков" not in page and "72,0" not in page
    sheet = sheet_of(reader, campaign)
    assert len(sheet["Оператор"]) == 6
    assert all(0.72 not in row and "мало данных" not in row for row in sheet.values())


def test_reviews_of_training_and_of_other_campaigns_are_in_no_rate(
    session: Session, campaign: Campaign, login: Login
) -> None:
    for other in (
        factories.campaign(session, contract_id=campaign.contract_id),
        factories.campaign(session, purpose="training", contract_id=campaign.contract_id),
    ):
        reviewed(session, other, "Вера Тихая", points=1, most=10)

    assert sheet_of(login("manager"), campaign)["Вера Тихая"][-3:] == [0, "—", None]
