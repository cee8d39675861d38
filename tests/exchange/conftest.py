"""A real exchange for the tests here: Debian's Asterisk with the files that `flask nps exchange config` writes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from nps.app import hand_down
from nps.extensions import db
from tests import factories
from tests.conftest import make_app
from tests.exchange.house import EXTENSIONS, House, Installed, Login, free_udp_port
from tests.exchange.peer import Peer
from tests.live import free_port
from tests.switches import leave_out

HERE = Path(__file__).parent
SWITCH = "NPS_TEST_WITHOUT_EXCHANGE"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the exchange these tests fail, unless somebody has switched them off by hand; then it is said."""
    leave_out(config, items, HERE, SWITCH, "through a real exchange")


@pytest.fixture(scope="session")
def carrier() -> Iterator[Peer]:
    with contextlib.closing(Peer()) as peer:
        yield peer


@pytest.fixture(scope="session")
def installed(
    carrier: Peer, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installed, dict[str, str]]]:
    """The exchange, running, and the passwords of its telephones; the product has written every one of its files."""
    folder = tmp_path_factory.mktemp("exchange")
    here = Installed(folder, free_port(), free_udp_port())
    here.recordings.mkdir()
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    app = make_app(folder / "data", f"sqlite:///{folder}/nps.sqlite3", **here.environ())
    with app.app_context():
        for extension in EXTENSIONS:
            factories.user(db.session(), extension=extension)
        secrets = here.configure(app, carrier)
        db.session.remove()
        db.engine.dispose()
    here.start()
    try:
        yield here, secrets
    finally:
        here.kill()


@pytest.fixture
def phone(installed: tuple[Installed, dict[str, str]]) -> Iterator[Peer]:
    """The operator's telephone: picks up at once and talks until the other side hangs up."""
    exchange, secrets = installed
    with contextlib.closing(Peer()) as phone:
        exchange.sign_in(phone, EXTENSIONS[0], secrets[EXTENSIONS[0]])
        yield phone


@pytest.fixture
def house(
    app: Flask, session: Session, login: Login, installed: tuple[Installed, dict[str, str]], carrier: Peer, phone: Peer
) -> Iterator[House]:
    app.config["RECORDINGS_INBOX"] = installed[0].recordings
    hand_down(app.config)
    house = House(app, session, login, installed[0], carrier, phone)
    try:
        yield house
    finally:
        house.leave()
    carrier.forget()
