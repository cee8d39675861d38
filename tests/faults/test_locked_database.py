"""Somebody else holds the database for longer than anybody waits: told in words, nothing lost, no thread stuck."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from nps import extensions
from nps.extensions import WRITING
from nps.models import Customer
from nps.services import trouble
from nps.services.transaction import write

FORM = {"name": "Уралэнерго", "form_key": "k" * 24}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait itself is the engine's; here it is short."""
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 200)


@pytest.fixture
def held(database_url: str) -> Iterator[Callable[[], None]]:
    """A call begins a write of somebody else's that goes on until the test ends or `rollback` is called."""
    engine = create_engine(database_url, poolclass=NullPool)
    connection = engine.connect().execution_options(**{WRITING: True})

    def hold() -> None:
        connection.begin()
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"))

    hold.release = connection.rollback  # type: ignore[attr-defined]
    yield hold
    connection.close()


def test_a_writer_that_waited_in_vain_is_told_and_sends_the_same_form_again(
    app: Flask, session: Session, login: Callable[..., FlaskClient], held: Callable[[], None]
) -> None:
    admin = login("admin")
    session.rollback()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    held()
    for headers in ({}, {"HX-Request": "true"}):
        refused = admin.post("/admin/customers", data=FORM, headers=headers)
        assert refused.status_code == 503
        assert trouble.BUSY in refused.text
        assert refused.headers["Retry-After"] == "5"
        assert refused.headers["X-Error-Id"]
    held.release()  # type: ignore[attr-defined]
    assert admin.post("/admin/customers", data=FORM).status_code == 303
    assert admin.post("/admin/customers", data=FORM).status_code == 303
    session.rollback()
    assert session.scalars(select(Customer.name)).all() == ["Уралэнерго"]


def test_a_mistake_of_ours_is_not_taken_for_a_busy_database(
    app: Flask, session: Session, login: Callable[..., FlaskClient]
) -> None:
    admin = login("admin")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with write(session) as s:
        s.execute(text("ALTER TABLE customer RENAME TO lost"))
    answer = admin.get("/admin/customers")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
