"""PostgreSQL plans a statement of the house once a connection, not once a request (ADR 64)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from nps.extensions import db
from tests import factories
from tests.conftest import ENGINES

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)
#: More often than psycopg waits before it has a statement prepared.
_OFTEN = 7
_ASKED = text("SELECT login FROM user_account WHERE id = :id")


def prepared(connection: Connection) -> list[str]:
    """The statements that the server keeps for this connection."""
    found = list(connection.scalars(text("SELECT statement FROM pg_prepared_statements WHERE name LIKE '_pg3_%'")))
    connection.rollback()
    return found


def test_a_statement_stays_prepared_over_transactions_that_only_read(app: Flask) -> None:
    with db.engine.connect() as connection:
        for id_ in range(_OFTEN):
            connection.execute(_ASKED, {"id": id_})
            connection.rollback()
        assert any("FROM user_account" in statement for statement in prepared(connection))


def test_what_was_written_is_undone_and_an_error_leaves_the_connection_usable(app: Flask, session: Session) -> None:
    factories.user(session, "manager")
    session.commit()
    kept = text("SELECT count(*) FROM user_account WHERE login = 'another'")
    with db.engine.connect() as connection:
        connection.execute(text("UPDATE user_account SET login = 'another'"))
        connection.rollback()
        assert connection.scalar(kept) == 0
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1 / :zero"), {"zero": 0})
        connection.rollback()
        assert connection.scalar(kept) == 0


def test_a_connection_that_the_server_has_closed_is_told_as_ever(app: Flask) -> None:
    with db.engine.connect() as connection, db.engine.connect() as other:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as lost:
            connection.execute(_ASKED, {"id": 1})
        assert lost.value.connection_invalidated
