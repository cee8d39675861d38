"""`flask nps import`: the same load without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import Campaign, ImportRow, Respondent
from tests import factories

DATA = Path(__file__).parent.parent / "data"
CLEAN, MESSY = str(DATA / "base_clean.xlsx"), str(DATA / "base_messy.xlsx")
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    factories.user(session, "admin")
    session.rollback()

    def do(*args: Any) -> Result:
        return app.test_cli_runner().invoke(args=["nps", "import", *map(str, args)])

    return do


@pytest.fixture
def campaign_id(session: Session) -> int:
    campaign: Campaign = factories.campaign(session)
    return campaign.id


def clients(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(Respondent)).scalar_one()


def test_the_clean_base_is_loaded_and_adds_nothing_again(run: Run, campaign_id: int, session: Session) -> None:
    done = run(campaign_id, CLEAN)
    assert (done.exit_code, "Добавлено 1200 клиентов." in done.output) == (0, True), done.output
    again = run(campaign_id, CLEAN, "--json")
    assert again.exit_code == 0
    assert json.loads(again.output)["counts"]["duplicate"] == 1200
    assert clients(session) == 1200


def test_an_unknown_branch_is_named_and_leaves_nothing(run: Run, campaign_id: int, session: Session) -> None:
    refused = run(campaign_id, MESSY, "--json")
    assert refused.exit_code == 1
    assert "Атлантида" in json.loads(refused.output)["error"]["message"]
    assert clients(session) == 0
    assert session.scalars(select(ImportRow)).all() == []


def test_a_branch_can_be_settled_on_the_command_line(run: Run, campaign_id: int, session: Session) -> None:
    done = run(campaign_id, MESSY, "--branch", "Атлантида=outside", "--json")
    assert done.exit_code == 0, done.output
    data = json.loads(done.output)
    assert data["added"] == clients(session) == 203
    assert [row["row"] for row in data["rejected"]] == [46, 47, 48, 49, 50, 54]


def test_questions_and_sheets_that_are_left_are_told(run: Run, campaign_id: int) -> None:
    cases = DATA / "base_cases"
    archive = run(campaign_id, cases / "74_archive_sheet_longer.xlsx", "--dry-run", "--json")
    assert {"sheet": "Архив", "rows": 31} in json.loads(archive.output)["left"]
    assert run(campaign_id, cases / "90_month1.xlsx").exit_code == 0
    second = run(campaign_id, cases / "91_month2.xlsx")
    assert "Осталось вопросов «это тот же человек?»: 1." in second.output


def test_a_dry_run_only_tells(run: Run, campaign_id: int, session: Session) -> None:
    done = run(campaign_id, CLEAN, "--dry-run", "--json")
    assert (done.exit_code, json.loads(done.output)["counts"]["accepted"]) == (0, 1200)
    assert clients(session) == 0


def test_what_can_not_be_done_has_an_exit_code_and_a_sentence(run: Run, campaign_id: int, tmp_path: Path) -> None:
    page = tmp_path / "base.xlsx"
    page.write_text("<html></html>")
    refused = run(campaign_id, page)
    assert (refused.exit_code, "веб-страница" in refused.output) == (1, True)
    assert run(campaign_id + 1, CLEAN).exit_code == 1
    assert run(campaign_id, CLEAN, "--branch", "Казань").exit_code == 2
    assert run(campaign_id, tmp_path / "none.xlsx").exit_code == 2
