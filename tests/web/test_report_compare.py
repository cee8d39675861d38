"""Branches, regions and waves side by side: what differs is named, what may be chance is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.domain.nps_score import NpsScore
from nps.models import Campaign, Interview
from nps.queries.reports import ClientCounts, Place, compare_places
from tests import factories
from tests.factories import NOW
from tests.web.test_dashboard import branch_of
from tests.web.test_reports import answer, campaign, customer_of, words

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]
THREE = {"ОП1": (48, 20, 12), "ОП2": (24, 18, 18), "ОП3": (28, 26, 6), "Малое": (1, 0, 2)}


def test_branches_are_those_of_the_worked_example() -> None:
    places = [Place(name, name, ClientCounts(), NpsScore(*counts)) for name, counts in THREE.items()]

    found = compare_places(places)

    assert found.together is not None and found.together.p == pytest.approx(0.033955, abs=1e-6)
    assert found.composition is not None and found.composition.statistic == pytest.approx(13.975)
    assert [(pair.first, pair.second) for pair in found.significant] == [("ОП1", "ОП2")]
    assert found.significant[0].p == pytest.approx(0.030990, abs=1e-6)
    assert (found.compared, found.left_out) == (3, ("Малое",))


def test_without_a_difference_together_no_pair_is_named() -> None:
    places = [Place(name, name, ClientCounts(), NpsScore(20, 15, 10)) for name in ("а", "б", "в")]

    assert compare_places(places).significant == ()
    assert compare_places(places[:1]).together is None


def wave(session: Session, contract_id: int, month: int, ratings: dict[str, int]) -> Campaign:
    """A wave whose clients are known by their identity."""
    made = factories.campaign(
        session, contract_id=contract_id, title=f"Волна {month}", starts_on=date(2026, month, 1),
        ends_on=date(2026, month, 28),
    )  # fmt: skip
    operator = factories.member(session, made)
    for identity, rating in ratings.items():
        client = factories.respondent(session, made, state="surveyed", next_call_at=None, identity=identity)
        answer(session, factories.attempt(session, client, operator, "surveyed"), rating)
    return made


def test_waves_are_compared_and_the_same_clients_as_a_panel(session: Session, login: Login) -> None:
    contract = factories.contract(session).id
    wave(session, contract, 5, {"a": 3, "b": 9, "c": 8, "x": 1})
    newer = wave(session, contract, 11, {"a": 9, "b": 10, "c": 8, "y": 10})
    wave(session, factories.contract(session).id, 6, {"a": 1})

    page = words(login("manager").get(f"/campaigns/{newer.id}/compare").text)

    assert "Волна 11 эта" in page and "Волна 5" in page
    assert "Волна 6" not in page.split("Волны договора")[1], "another contract"
    assert "3 клиента: 0 → +67" in page
    assert page.index("Волна 11 эта") < page.index("Волна 5 предварительно")


def test_the_customer_compares_what_he_may_see(session: Session, login: Login) -> None:
    contract = factories.contract(session).id
    older = wave(session, contract, 5, {"a": 3, "b": 9})
    newer = wave(session, contract, 11, {"a": 9, "b": 10})
    older.answers_after_check = True
    session.query(Interview).filter(Interview.rating == 9).update({"checked_at": NOW})
    session.commit()
    person = login(customer_of(session, newer))

    page = words(person.get(f"/campaigns/{newer.id}/compare").text)

    assert "1 клиент: +100 → +100" in page
    assert login("customer").get(f"/campaigns/{newer.id}/compare").status_code == 404


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_branches_that_differ_are_named_on_the_page(session: Session, login: Login) -> None:
    made = factories.campaign(session)
    branch_of(session, made, "Казань", [10, 9, 9, 8, 10, 7, 9, 10, 9, 8])
    branch_of(session, made, "Уфа", [1, 2, 3, 8, 5, 6, 2, 1, 3, 4])

    page = words(login("manager").get(f"/campaigns/{made.id}/compare").text)

    assert "Различаются: Казань и Уфа : +1" in page


def test_an_empty_campaign_has_nothing_to_compare(session: Session, campaign: Campaign, login: Login) -> None:
    page = words(login("manager").get(f"/campaigns/{campaign.id}/compare").text)

    assert "Сравнивать пока нечего" in page
