"""The manager's board over HTTP: figures with the rows behind them, who is on the line, branches against chance."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.models import Campaign, Escalation, Shift
from nps.queries.reports import CallFilter, calls
from nps.queries.reports.calls import KINDS
from tests import factories
from tests.factories import NOW
from tests.web.test_reports import answer, campaign, customer_of, words

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]


def links(page: str) -> set[str]:
    """Addresses of the board itself, without the menu."""
    return {unescape(found) for found in re.findall(r'href="(/[^"#]+)"', page.split('<main id="main"')[1])}


def test_every_figure_of_the_board_opens_its_rows(campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    page = manager.get(f"/campaigns/{campaign.id}").text

    found = links(page)

    assert len(found) > 20
    for kind in ("counted", "talks", "recorded", "unrecorded", "unrecorded_talks", "long"):
        assert f"/campaigns/{campaign.id}/calls?kind={kind}" in found
    for address in found:
        assert manager.get(address).status_code == 200, address


@pytest.mark.parametrize(
    ("kind", "rows"), [("counted", 3), ("talks", 3), ("technical", 0), ("recorded", 0), ("long", 0)]
)
def test_the_rows_behind_a_figure_are_as_many_as_it_says(
    session: Session, campaign: Campaign, kind: str, rows: int
) -> None:
    assert calls(session, campaign.id, CallFilter(kind=kind), 1).total == rows


def test_every_kind_of_rows_can_be_listed(session: Session, campaign: Campaign) -> None:
    totals = {kind: calls(session, campaign.id, CallFilter(kind=kind), 1).total for kind in KINDS}

    assert totals["counted"] == totals["recorded"] + totals["unrecorded"]


def test_the_board_shows_who_is_on_the_line_and_what_waits(session: Session, campaign: Campaign, login: Login) -> None:
    operator = factories.member(session, campaign, factories.user(session, full_name="Ирина Белова"))
    session.add(Shift(user_id=operator.id, campaign_id=campaign.id, spoken_name="Ирина", started_at=NOW))
    session.commit()

    page = words(login("manager").get(f"/campaigns/{campaign.id}").text)

    assert "Сейчас на линии: 1 из 2" in page and "Ирина Белова на линии" in page
    assert "NPS по дням" in page and "Показать таблицей" in page
    assert "1 из 3" in page and "Удмуртия" in page


def test_the_board_names_late_answers_and_windows_around_the_clock(session: Session, login: Login) -> None:
    demo = factories.campaign(session, purpose="demo", always_open=True)
    client = factories.respondent(session, demo)
    late = Escalation(
        campaign_id=demo.id, purpose="demo", respondent_id=client.id, raised_by=factories.member(session, demo).id,
        created_at=NOW, due_at=NOW, organisation=client.organisation, inn="", contact="", phone="", email="",
        text="Где мой заказ?", state="open",
    )  # fmt: skip
    session.add(late)
    session.commit()
    manager = login("manager")
    board = manager.get(f"/campaigns/{demo.id}").text
    assert "круглосуточно" in board and "до 00:00" not in board
    assert "1 просрочено" in words(board)
    overdue = f"/campaigns/{demo.id}/escalations?state=overdue"
    assert overdue in links(board) and f"/escalations/{late.id}" in manager.get(overdue).text


def test_the_board_is_the_managers(session: Session, campaign: Campaign, login: Login) -> None:
    page = login(customer_of(session, campaign)).get(f"/campaigns/{campaign.id}").text

    assert "Сейчас на линии" not in page and "/calls" not in page


def test_a_poll_of_the_board_notices_a_pause(session: Session, campaign: Campaign, login: Login) -> None:
    operator = factories.member(session, campaign)
    manager = login("manager")
    polled = re.search(r'hx-get="([^"]+/panel[^"]+)"', manager.get(f"/campaigns/{campaign.id}").text)
    assert polled
    address = unescape(polled[1])

    still = manager.get(address, headers={"HX-Request": "true"}).status_code
    session.rollback()
    session.add(Shift(user_id=operator.id, campaign_id=campaign.id, spoken_name="Ирина", started_at=NOW))
    session.commit()
    moved = manager.get(address, headers={"HX-Request": "true"}).status_code

    assert (still, moved) == (204, 200)


def branch_of(session: Session, campaign: Campaign, name: str, ratings: list[int]) -> None:
    operator = factories.member(session, campaign)
    owner = session.get_one(factories.Contract, campaign.contract_id).customer_id
    branch = factories.branch(session, owner, name)
    for n, rating in enumerate(ratings):
        client = factories.respondent(session, campaign, state="surveyed", next_call_at=None, branch_id=branch.id)
        call = factories.attempt(session, client, operator, "surveyed", at=NOW + timedelta(minutes=n))
        answer(session, call, rating)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_only_a_branch_beyond_chance_is_named(session: Session, login: Login) -> None:
    wave = factories.campaign(session)
    usual = [10, 9, 9, 8, 10, 7, 9, 6, 9, 8]
    branch_of(session, wave, "Казань", usual * 3)
    branch_of(session, wave, "Глазов", usual * 3)
    branch_of(session, wave, "Уфа", [1, 2, 3, 1, 5, 6, 2, 1, 3, 4])
    branch_of(session, wave, "Малое", [1])

    page = words(login("manager").get(f"/campaigns/{wave.id}").text)

    said = page.split("Выделяются:")[1].split("Остальные")[0]
    assert "Уфа (−100, 10 анкет)" in said and "Казань" not in said and "Глазов" not in said and "Малое" not in said
