"""`flask nps erase …`: the same acts as in the browser, finished at once."""

from __future__ import annotations

import json

from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Erasure, Respondent
from nps.queries.personal_data import ERASED
from tests import factories

PHONE = "+79174003311"


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["nps", "erase", *words])


def test_a_person_is_erased_at_once(app: Flask, session: Session) -> None:
    order = ("person", "--phone", "8 917 400-33-11", "--reason", "Письмо", "--yes", "--json")
    assert json.loads(run(app, *order).stdout)["error"]["code"] == "nobody"
    first, other = factories.campaign(session), factories.campaign(session)
    for campaign in (first, other):
        factories.respondent(session, campaign, phones=(PHONE,))
    assert json.loads(run(app, *order).stdout)["error"]["code"] == "several"
    said = json.loads(run(app, *order, "--campaign", str(first.id)).stdout)
    assert (said["counts"]["clients"], said["finished"]) == (1, True)
    assert json.loads(run(app, *order).stdout)["counts"]["clients"] == 1, "one customer is left"
    factories.fresh(session)
    assert session.scalars(select(Respondent.organisation)).all() == [ERASED, ERASED]
    assert session.scalars(select(Erasure.by)).all() == [None, None]


def test_a_campaign_is_asked_about_and_refused_while_it_is_open(app: Flask, session: Session) -> None:
    campaign_id = str(factories.campaign(session).id)
    assert run(app, "campaign", campaign_id, "--reason", "Срок").exit_code == 1, "nobody answered the question"
    refused = run(app, "campaign", campaign_id, "--reason", "Срок", "--yes")
    assert (refused.exit_code, "ещё открыт" in refused.stderr) == (1, True)
    assert run(app, "campaign", "99", "--reason", "Срок", "--yes").exit_code == 1
    closed = str(factories.campaign(session, closed_at=factories.NOW).id)
    assert "акт № 1" in run(app, "campaign", closed, "--reason", "Срок", "--yes").stdout
