"""PostgreSQL is killed and started again while operators press."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import live
from tests.conftest import ENGINES
from tests.faults.load import Floor, open_campaign
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)


def test_a_database_that_was_killed_costs_no_answer(
    postgres: PostgresServer,
    database_url: str,
    session: Session,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    campaign_id, logins = open_campaign(session, operators=4, clients=150)
    session.close()
    with live.web_server(tmp_path / "web", database_url) as address:
        floor = Floor([address], campaign_id, logins)
        with floor.working():
            for _ in range(3):
                floor.await_presses(10)
                postgres.stop("immediate")
                postgres.go()
            floor.await_presses(10)
    floor.nothing_is_lost_or_doubled(session)
    assert floor.lost > 0, "no press met the absent database"
    record_property("presses refused while PostgreSQL was away", floor.lost)


def test_an_absent_database_is_told_in_words_and_comes_back(
    postgres: PostgresServer, app: Flask, session: Session, login: Callable[..., object]
) -> None:
    client = login("manager")
    session.close()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    postgres.stop("immediate")
    try:
        for path, headers in (("/campaigns", {}), ("/campaigns", {"HX-Request": "true"}), ("/no/such/page", {})):
            answer = client.get(path, headers=headers)  # type: ignore[attr-defined]
            assert answer.status_code in (503, 404), path
            assert answer.status_code == 404 or "База данных не отвечает" in answer.text
            assert answer.status_code == 404 or answer.headers["Retry-After"] == "5"
        assert client.get("/healthz").status_code == 200  # type: ignore[attr-defined]
    finally:
        postgres.go()
    assert client.get("/campaigns").status_code == 200  # type: ignore[attr-defined]
