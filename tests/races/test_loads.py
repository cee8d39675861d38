"""A base is being written while its campaign is closed, its branch moved, its number stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Branch, Campaign, Respondent, RespondentPhone, SampleImport
from nps.services import branches, cases, sample, stop_list
from tests import factories
from tests.factories import NOW
from tests.races.held import after_commit, before, on_postgres
from tests.services.loading import ROW, Loader, workbook


@pytest.fixture
def loader(session: Session) -> Loader:
    return Loader(session, factories.campaign(session), factories.user(session, "manager"))


@contextmanager
def while_clients_are_written(app: Flask, loader: Loader) -> Iterator[int]:
    """A load whose clients stand in the database, for nobody else to see yet."""
    load_id = loader.check(workbook(ROW))
    loader.ask_to_publish(load_id)
    loader.session.rollback()
    with before(app, "INSERT INTO respondent_phone", lambda s: sample.work(s, load_id, lambda: NOW)):
        yield load_id
        loader.session.rollback()


@on_postgres
def test_a_campaign_closed_meanwhile_gets_no_clients(app: Flask, session: Session, loader: Loader) -> None:
    with while_clients_are_written(app, loader) as load_id:
        cases.close_campaign(session, loader.user_id, loader.campaign_id, NOW)
    session.rollback()
    assert session.scalars(select(Respondent)).all() == []
    load = session.get_one(SampleImport, load_id)
    assert (load.state, "закрыт" in load.problem) == ("failed", True)


@on_postgres
def test_a_branch_moved_meanwhile_moves_its_new_clients(app: Flask, session: Session, loader: Loader) -> None:
    customer_id = factories.session_customer(session, loader.campaign_id)
    branch_id = factories.branch(session, customer_id, "Ижевск").id
    with while_clients_are_written(app, loader):
        branches.set_region(
            session, loader.user_id, customer_id, branch_id, region_code="perm", area_code="", now=NOW
        )  # fmt: skip
    session.rollback()
    assert session.get_one(Branch, branch_id).region_code == "perm"
    assert session.scalars(select(Respondent.region_code)).all() == ["perm"]


@on_postgres
def test_a_number_stopped_meanwhile_sends_the_load_back_to_its_check(
    app: Flask, session: Session, loader: Loader
) -> None:
    with while_clients_are_written(app, loader) as load_id:
        stop_list.add(session, loader.user_id, loader.campaign_id, phone=ROW[4], inn="", reason="Просьба", now=NOW)
    session.rollback()
    assert session.scalars(select(Respondent)).all() == []
    assert session.get_one(SampleImport, load_id).state == "checked"
    loader.ask_to_publish(load_id)
    loader.work(load_id)
    assert session.scalars(select(Respondent.state)).all() == ["refused"]


def test_changes_of_a_load_do_not_reach_a_campaign_closed_before_them(
    app: Flask, session: Session, loader: Loader
) -> None:
    loader.publish(workbook(ROW))
    known = session.scalars(select(RespondentPhone.e164)).all()
    session.rollback()
    load_id = loader.check(workbook((*ROW[:4], "8 (341) 200-80-33", *ROW[5:])))
    loader.ask_to_publish(load_id)
    session.rollback()
    # Taken, then the clients: the changes come after.
    with after_commit(app, lambda s: sample.work(s, load_id, lambda: NOW), nth=2):
        cases.close_campaign(session, loader.user_id, loader.campaign_id, NOW)
        session.rollback()
    session.rollback()
    assert session.get_one(Campaign, loader.campaign_id).closed_at == NOW
    assert session.scalars(select(RespondentPhone.e164)).all() == known
    assert session.get_one(SampleImport, load_id).state == "published"
