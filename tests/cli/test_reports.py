"""The figures and the workbook of a campaign at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AccessLog
from nps.queries.reports.contract_forms import CALLS_FORM
from tests import factories


def run(app: Flask, *words: object) -> Any:
    return app.test_cli_runner().invoke(args=["nps", *map(str, words)])


def test_the_report_says_the_figures_to_people_and_to_programs(app: Flask, session: Session) -> None:
    campaign = factories.campaign(session)
    client = factories.respondent(session, campaign)
    factories.respondent(session, campaign, state="refused", next_call_at=None)
    factories.attempt(session, client, factories.member(session, campaign), "busy")

    told = run(app, "report", campaign.id)
    data = json.loads(run(app, "report", campaign.id, "--json").output)

    assert told.exit_code == 0
    assert "опрошены 0 из 2" in told.output and "осталось опросить 2" in told.output
    assert (data["clients"]["clients"], data["clients"]["refused"], data["calls"]["calls"]) == (2, 1, 1)
    assert data["nps"]["value"] is None and data["coverage_reached"] is False


def test_the_workbook_is_written_to_a_file_and_written_down(app: Flask, session: Session, tmp_path: Path) -> None:
    campaign = factories.campaign(session)
    factories.respondent(session, campaign)
    file = tmp_path / "отчёт.xlsx"

    result = run(app, "export", campaign.id, file)

    assert result.exit_code == 0, result.output
    assert [cell.value for cell in load_workbook(file)["Звонки"][1]] == list(CALLS_FORM)
    session.rollback()
    assert session.scalars(select(AccessLog).where(AccessLog.action == "report_exported")).one().user_id is None


def test_what_cannot_be_done_is_said_in_words(app: Flask, session: Session, tmp_path: Path) -> None:
    campaign = factories.campaign(session)

    absent = run(app, "report", 99)
    unwritable = run(app, "export", campaign.id, tmp_path / "нет такой папки" / "отчёт.xlsx")

    assert (absent.exit_code, unwritable.exit_code) == (1, 1)
    assert "Проекта опроса с номером 99 нет." in absent.output
    assert "не записать" in unwritable.output
