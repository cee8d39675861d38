"""The page of the method, and answers that the customer sees after the manager's tick."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, Interview, Journal
from tests import factories
from tests.factories import NOW
from tests.web.test_reports import answer, campaign, customer_of, words

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]


def test_the_method_says_how_each_figure_comes_about(session: Session, campaign: Campaign, login: Login) -> None:
    page = words(login(customer_of(session, campaign)).get(f"/campaigns/{campaign.id}/method").text)

    assert "NPS = (1 − 1) / 2 = 0" in page
    assert "−50,0…+50,0" in page, "two of four clients are silent"
    assert re.search(r"RR1, доля ответивших 50,0.%", page) and re.search(r"COOP1, доля согласившихся 66,7.%", page)
    assert "Одинаков ли NPS у операторов" not in page


def test_the_method_of_an_empty_campaign_has_nothing_to_say(session: Session, login: Login) -> None:
    page = login("manager").get(f"/campaigns/{factories.campaign(session).id}/method")

    assert page.status_code == 200 and "Анкет пока нет" in page.text


def test_operators_are_compared_for_the_manager_alone(session: Session, campaign: Campaign, login: Login) -> None:
    for ratings in ((10, 9, 3, 8), (7, 2, 10, 10)):
        operator = factories.member(session, campaign)
        for rating in ratings:
            client = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
            answer(session, factories.attempt(session, client, operator, "surveyed"), rating)

    page = words(login("manager").get(f"/campaigns/{campaign.id}/method").text)

    assert "Одинаков ли NPS у операторов: Q =" in page and "степеней свободы 2" in page


@pytest.mark.parametrize("silent", [0, 1, 3])
@pytest.mark.parametrize("ratings", [(10,), (10, 10, 9, 10), (7,), (1, 2)])
def test_a_base_of_one_client_or_of_like_answers_has_a_method_and_no_false_nothing(
    session: Session, login: Login, ratings: tuple[int, ...], silent: int
) -> None:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    for rating in ratings:
        client = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
        answer(session, factories.attempt(session, client, operator, "surveyed"), rating)
    for _ in range(silent):
        factories.respondent(session, campaign)

    for reader in (login("manager"), login(customer_of(session, campaign))):
        page = reader.get(f"/campaigns/{campaign.id}/method")
        assert page.status_code == 200
        shown = words(page.text)
        assert "± 5" in shown and not re.search(r"± \d+ 0 |пунктов — 0", shown)
        assert "Разброс взят наибольший" in shown
        for rest in ("", "/compare", "/answers"):
            assert reader.get(f"/campaigns/{campaign.id}{rest}").status_code == 200


def after_check(session: Session, campaign: Campaign) -> dict[int, Interview]:
    session.rollback()
    session.get_one(Campaign, campaign.id).answers_after_check = True
    session.commit()
    return {row.rating: row for row in session.scalars(select(Interview))}


def test_the_customer_sees_answers_after_the_tick_and_calls_always(
    session: Session, campaign: Campaign, login: Login
) -> None:
    interviews = after_check(session, campaign)
    critic, promoter = interviews[3].id, interviews[10].id
    customer, manager = login(customer_of(session, campaign)), login("manager")
    home = f"/campaigns/{campaign.id}"

    before = words(customer.get(home).text)
    manager.post(f"{home}/answers/check", data={"shown": [critic, promoter], "ticked": [promoter]})
    after, listed = words(customer.get(home).text), customer.get(f"{home}/answers").text
    book = load_workbook(io.BytesIO(customer.get(f"{home}/report.xlsx").data))

    assert "Анкет пока нет" in before and "2 из 4" in before and "Ещё 2 анкеты появятся" in before
    assert "3 начат" not in before and "из 1 260 минут" in before
    assert "1 анкета" in after and "Долго везут" not in after and "2 из 4" in after
    assert "ОП perm" in listed and "0277123456" not in listed
    assert [row[5].value for row in book["Анкета"].iter_rows(min_row=2)] == [10]
    assert "«=Долго везут»" in words(manager.get(home).text), "the manager sees all"


def test_a_tick_can_be_taken_back_and_stands_in_the_journal(session: Session, campaign: Campaign, login: Login) -> None:
    critic = after_check(session, campaign)[3].id
    manager, address = login("manager"), f"/campaigns/{campaign.id}/answers/check"

    given = manager.post(address, data={"shown": [critic], "ticked": [critic], "back": "?group=detractor"})
    manager.post(address, data={"shown": [critic], "ticked": [critic]})
    manager.post(address, data={"shown": [critic, "x"]})

    assert given.location == f"/campaigns/{campaign.id}/answers?group=detractor"
    session.rollback()
    assert session.get_one(Interview, critic).checked_at is None
    lines = session.scalars(select(Journal).where(Journal.action == "answers_checked").order_by(Journal.id)).all()
    assert [(line.before, line.after) for line in lines] == [
        ({"interviews": []}, {"interviews": [critic]}),
        ({"interviews": [critic]}, {"interviews": []}),
    ]


def test_a_tick_reaches_neither_another_campaign_nor_an_old_answer(
    session: Session, campaign: Campaign, login: Login
) -> None:
    interviews = after_check(session, campaign)
    interviews[3].replaced_at = NOW
    session.commit()
    ids = [row.id for row in interviews.values()]
    other = factories.campaign(session)

    manager = login("manager")
    manager.post(f"/campaigns/{other.id}/answers/check", data={"shown": ids, "ticked": ids})
    manager.post(f"/campaigns/{campaign.id}/answers/check", data={"shown": ids[:1], "ticked": ids[:1]})
    session.rollback()

    assert [row.checked_at for row in session.scalars(select(Interview)) if row.rating == 3] == [None]


def test_only_a_campaign_that_asks_for_it_shows_ticks(session: Session, campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    plain = manager.get(f"/campaigns/{campaign.id}/answers").text
    after_check(session, campaign)
    asked = manager.get(f"/campaigns/{campaign.id}/answers").text

    assert 'name="ticked"' not in plain and asked.count('name="ticked"') == 2
    assert 'name="ticked"' not in login("admin").get(f"/campaigns/{campaign.id}/answers").text
