"""The daily reconciliation: its sums agree with its rows, each number opens them, and the sheet says the same."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import AccessLog, Campaign, Contract
from nps.queries.recordings.checks import CHECKS
from nps.queries.recordings.listing import Wanted, recorded_calls
from nps.queries.recordings.reconciliation import reconcile
from nps.services import recordings
from tests.factories import NOW
from tests.services.test_recordings import World, name_of, wav

Login = Callable[..., FlaskClient]
#: The day after: files of yesterday's calls should have come.
NEXT_DAY = NOW + timedelta(days=1)


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    """Two days with something of everything."""
    world = World(app, session)
    good = world.call("+79170000001")
    length = world.call("+79170000002", at=NOW + timedelta(minutes=1))
    world.call("+79170000003", at=NOW + timedelta(minutes=2), disposition="no_answer", talk_s=0, ring_s=24)
    world.call("+79170000004", at=NOW + timedelta(minutes=3), disposition="technical", talk_s=0, ring_s=0)
    world.call("+79170000005", at=NOW + timedelta(minutes=4), disposition="no_answer", talk_s=0, ring_s=12)
    slow = world.call(
        "+79170000006",
        at=NOW + timedelta(minutes=5),
        talk_s=95,
        survey_ms=80_000,
        clock_gap_ms=5_001,
        source="exchange",
    )
    world.call("+79170000007", at=NOW + timedelta(minutes=6), talk_s=9, survey_ms=60_000, clock_gap_ms=5_000)
    hollow = world.call("+79170000008", at=NOW + timedelta(minutes=7), disposition="no_answer", talk_s=0, ring_s=21)
    world.call("+79170000009", at=NEXT_DAY - timedelta(minutes=30))
    absent = world.call("+79170000010", at=NOW + timedelta(minutes=8))
    absent_id = absent.id
    world.put(f"{good.id}.wav", wav(20, 1))
    world.put(f"{length.id}.wav", wav(40, 2))
    world.put(f"{slow.id}.wav", wav(100, 3)[:1_500_000])
    world.put(f"{hollow.id}.wav", wav(0))
    world.put(name_of("+79170000001", NOW - timedelta(hours=2)), wav(5, 4))
    world.put(name_of("+79990000000", NOW), wav(5, 5))
    world.collect(NOW + timedelta(minutes=30))
    recordings.tell_absence(db.session, world.manager, absent_id, "not_recorded", NEXT_DAY)
    session.rollback()
    return world


def test_each_figure_is_the_number_of_its_rows(world: World) -> None:
    found = reconcile(world.session, world.campaign_id, "Europe/Samara", NEXT_DAY)

    assert dict(found.sums) == {
        "dials": 8, "dials_recorded": 3, "dials_without": 5, "conversations": 6, "conversations_recorded": 3,
        "conversations_without": 3, "length": 1, "short_ring": 1, "long_survey": 1, "clock": 1, "on_its_way": 1,
        "missing": 2, "empty": 1, "absent": 1, "cut": 1, "late": 0, "by_exchange": 1, "against": 0,
    }  # fmt: skip
    reasons = ("on_its_way", "missing", "empty", "absent")
    assert sum(found.sums[name] for name in reasons) == found.sums["dials_without"], "nothing is nowhere"
    assert (found.extra, found.waiting, dict(found.absences)) == (1, 1, {"not_recorded": 1})
    assert [day.is_settled for day in found.days] == [False, False]
    for day in found.days:
        for name, number in day.counts.items():
            rows = recorded_calls(world.session, world.campaign_id, Wanted(check=name, day=day.day), NEXT_DAY, 1)
            assert rows.total == number, (day.day, name)


def test_training_is_not_reconciled(app: Flask, session: Session) -> None:
    world = World(app, session, "training")
    world.call("+79170000001", purpose="training")

    assert reconcile(session, world.campaign_id, "Europe/Samara", NEXT_DAY).days == ()


def test_each_number_on_the_page_opens_as_many_rows(world: World, login: Login) -> None:
    client = login("manager")
    page = client.get(f"/campaigns/{world.campaign_id}/recordings/days").text

    links = re.findall(r'href="([^"]+recordings\?check=[^"]+)">([0-9]+)</a>', page)
    assert len(links) > 12
    for url, number in links:
        rows = client.get(url.replace("&amp;", "&")).text.count("<tr") - 1
        assert rows == int(number), url
    extra = re.findall(r'href="([^"]+show=extra[^"]*)">([0-9]+)</a>', page)
    assert [number for _, number in extra] == ["1", "1"], "of the day, and of all days"
    for url, number in extra:
        assert client.get(url.replace("&amp;", "&")).text.count("data-plays") == int(number), url
    assert "data-plays" not in client.get(extra[0][0].split("&")[0] + "&day=2026-11-16").text
    assert "Запись не велась" in page and "Сверка в Excel" in page
    assert set(re.findall(r"check=([a-z_]+)", page)) <= set(CHECKS)


def test_the_sheet_says_the_same_and_who_took_it_is_written_down(world: World, login: Login) -> None:
    answer = login("manager").get(f"/campaigns/{world.campaign_id}/recordings/days.xlsx")

    assert answer.status_code == 200 and "recordings-" in answer.headers["Content-Disposition"]
    days, calls = load_workbook(io.BytesIO(answer.data)).worksheets
    rows = list(days.iter_rows(values_only=True))
    assert (rows[0][1], rows[-1][0], rows[-1][1], rows[-1][2]) == ("Звонки", "Всего", 8, 3)
    assert calls.max_row == 1 + 5
    assert {row[8] for row in calls.iter_rows(min_row=2, values_only=True)} >= {"Файл пустой", "Запись не велась"}
    world.session.rollback()
    assert world.session.scalars(select(AccessLog.action).where(AccessLog.action == "reconciliation_downloaded")).all()
    assert list((world.inbox.parent / "exports").iterdir()) == []


def test_the_customer_sees_the_two_figures(world: World, login: Login) -> None:
    contract = world.session.get_one(Campaign, world.campaign_id).contract_id
    owner = world.session.get_one(Contract, contract).customer_id
    page = login("customer", customer_id=owner).get(f"/campaigns/{world.campaign_id}").text

    assert "разговоров с записью: 3 из 6" in page and "всех звонков с записью: 3 из 8" in page
