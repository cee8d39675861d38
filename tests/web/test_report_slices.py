"""Under a filter a figure is the slice's, or it is the whole wave's and its words say so: the two are never mixed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.models import Branch, Campaign, Escalation, Respondent, Shift
from nps.queries.reports import Report, Slice, report_for
from tests import factories
from tests.factories import NOW
from tests.web.test_reports import answer, customer_of, words

Login = Callable[..., FlaskClient]
REGIONS = ("udmurtia", "perm", "tatarstan")
STATES = ("surveyed", "surveyed", "refused", "waiting", "inactive", "manager", "withdrawn", "surveyed")


@pytest.fixture
def wave(session: Session) -> Campaign:
    """A wave of three regions with two branches each, and one before it that shares its minutes."""
    random = Random(20261117)
    owner = factories.contract(session)
    before = factories.campaign(session, contract_id=owner.id)
    wave = factories.campaign(session, contract_id=owner.id, original_clients=30)
    operators = [factories.member(session, wave) for _ in range(2)]
    for operator in operators:
        session.add(Shift(user_id=operator.id, campaign_id=wave.id, spoken_name="Ольга", started_at=NOW))
    session.commit()
    old = factories.respondent(session, before, state="surveyed", next_call_at=None)
    factories.attempt(session, old, factories.member(session, before), "surveyed", talk_ms=300_000)
    branches = [
        factories.branch(session, owner.customer_id, f"{region}-{n}", region) for region in REGIONS for n in "12"
    ]
    for n in range(40):
        branch, state = random.choice(branches), random.choice(STATES)
        client = factories.respondent(
            session, wave, branch_id=branch.id, region=branch.region_code, state=state,
            queue_class=random.choice((1, 3)), next_call_at=NOW - timedelta(days=1) if state == "waiting" else None,
        )  # fmt: skip
        if state in ("surveyed", "refused"):
            at, talk_ms = NOW + timedelta(minutes=n), random.randrange(20_000, 200_000)
            call = factories.attempt(session, client, random.choice(operators), state, at=at, talk_ms=talk_ms)
            if state == "surveyed":
                answer(session, call, random.randrange(1, 11))
        if random.random() < 0.4:
            raise_question(session, client, operators[0].id, random)
    return wave


def raise_question(session: Session, client: Respondent, by: int, random: Random) -> None:
    state = random.choice(("open", "taken", "answered"))
    at = NOW + timedelta(minutes=random.randrange(60))
    session.add(
        Escalation(
            campaign_id=client.campaign_id, purpose="survey", respondent_id=client.id, attempt_id=None, raised_by=by,
            created_at=NOW, organisation=client.organisation, inn="", contact="", phone="", email="", text="Где заказ?",
            state=state, due_at=random.choice((NOW, NOW + timedelta(days=9000))),
            taken_at=None if state == "open" else at, answered_at=at if state == "answered" else None,
        )
    )  # fmt: skip
    session.commit()


def slices_of(session: Session, wave: Campaign) -> dict[str, Slice]:
    """Every place that a page can be filtered by."""
    session.rollback()
    branches = session.query(Branch.id).filter(Branch.region_code.in_(REGIONS), Branch.name.like("%-_")).all()
    return {f"region-{region}": Slice(region=region) for region in REGIONS} | {
        f"branch-{key}": Slice(branch_id=key) for (key,) in branches
    }


def report(session: Session, wave: Campaign, where: Slice) -> Report:
    found = report_for(session, Actor(1, "manager", ""), wave.id, NOW + timedelta(hours=2), where=where)
    assert found is not None
    return found


def card(page: str, title: str) -> str:
    """The words under a heading, to the next one, without the mark that says whose they are."""
    found = re.search(rf"<h2>{title}(?:, вся волна)?</h2>(.*?)(?:<h2>|</section>|class=\"strip\")", page, re.S)
    assert found, title
    return words(found[1])


def test_the_contract_the_plan_and_the_forecast_are_those_of_the_whole_in_every_slice(
    session: Session, wave: Campaign
) -> None:
    whole = report(session, wave, Slice())
    assert whole.whole.plan is not None and whole.whole.of_original is not None
    assert whole.whole.clients == whole.clients

    for where in slices_of(session, wave).values():
        part = report(session, wave, where)
        assert part.clients != whole.clients
        assert part.whole == whole.whole


def test_questions_and_operators_of_the_slices_add_up_to_those_of_the_whole(session: Session, wave: Campaign) -> None:
    whole = report(session, wave, Slice())
    for kind in ("region", "branch"):
        parts = [report(session, wave, where) for name, where in slices_of(session, wave).items() if kind in name]
        for figure in ("total", "delivered", "taken", "answered", "in_time", "due", "overdue"):
            found = [getattr(part.course, figure) for part in parts]
            assert sum(found) == getattr(whole.course, figure), figure
        assert whole.course.overdue and whole.course.in_time
        assert all(part.course.total == part.escalations.total for part in parts)
        assert all(part.course.answered == part.escalations.answered for part in parts)
        for figure in ("calls", "surveyed", "exact_s"):
            assert sum(getattr(part.operators.total, figure) for part in parts) == getattr(
                whole.operators.total, figure
            )


def test_the_pages_words_of_minutes_and_forecast_do_not_move_with_the_filter(
    session: Session, wave: Campaign, login: Login
) -> None:
    readers = {"Минуты связи": login("manager"), "Исходящий трафик": login(customer_of(session, wave))}
    for title, reader in readers.items():
        page = reader.get(f"/campaigns/{wave.id}").text
        assert "вся волна" not in page and "На 75 % нужно около" in words(page).replace("\xa0", " ")
        for place in slices_of(session, wave):
            part = reader.get(f"/campaigns/{wave.id}?place={place}").text
            assert f"<h2>{title}, вся волна</h2>" in part
            assert card(part, title) == card(page, title)
            if title == "Минуты связи":
                assert card(part, "Прогноз") == card(page, "Прогноз")
            else:
                told = r"(?:От базы, какой она была загружена|Прогноз)(?:, вся волна)?(.*?)\."
                assert re.findall(told, words(part)) == re.findall(told, words(page))


def test_the_boards_rows_under_a_filter_are_the_slices(session: Session, wave: Campaign, login: Login) -> None:
    manager = login("manager")
    for place, where in slices_of(session, wave).items():
        page = manager.get(f"/campaigns/{wave.id}?place={place}").text
        part = report(session, wave, where)
        line = page[page.index("Сейчас на линии") :]
        row = r'<td class="n">(\d+)</td><td class="n">\d+</td></tr>'
        shown = [int(n) for n in re.findall(row, line[: line.index("</table>")])]
        assert sum(shown) == part.operators.total.surveyed
        regions = page[page.index("<h2>Регионы</h2>") :]
        regions = regions[: regions.index("</table>")]
        callbacks = [int(n) for n in re.findall(r'<td class="n">(\d+)</td>\s*<td class="n nowrap">', regions)]
        assert callbacks[-1] == sum(callbacks[:-1])
        overdue = re.search(r"(\d+) просроч", words(page))
        assert (int(overdue[1]) if overdue else 0) == part.course.overdue
