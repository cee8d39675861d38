"""Fixtures: both real database engines, the application on them, people who log in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from nps.app import create_app, hand_down
from nps.config import Settings
from nps.extensions import db
from nps.models import User
from nps.services.accounts import hashing
from tests import factories, postgres_server
from tests.memory import in_memory

ENGINES = ("sqlite",) if os.environ.get("NPS_TEST_WITHOUT_POSTGRES") else ("sqlite", "postgres")
#: What a password costs in earnest; here one costs a hundredth of it, by the same algorithm.
FULL_COST = hashing.HASHER
hashing.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def pytest_configure() -> None:
    """Folders of tests lie in memory: a commit that waits for a disk takes 2 ms there, and tests make a million."""
    if memory := in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: with two processes none is left alone with one of them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


class Client(FlaskClient):
    """A browser's stand-in: sends the CSRF token of its session with each POST, as a form would."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("method") in ("POST", "PUT", "PATCH", "DELETE") and kwargs.pop("csrf", True):
            with self.session_transaction() as cookie:
                token = cookie.setdefault("csrf_token", "0" * 40)
            signed = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(token)
            kwargs["headers"] = {"X-CSRFToken": signed, **dict(kwargs.get("headers") or {})}
        # A context of its own, as a server gives it: in that of the `app` fixture all requests would share `g`.
        with self.application.app_context():
            return super().open(*args, **kwargs)


class _Compiled(BytecodeCache):
    """Templates compiled once a process: each application of the tests would compile its own."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


class _Rule(Rule):
    """An address whose builder is compiled once a process: each application of the tests would compile 212 anew."""

    built: ClassVar[dict[Any, Any]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self.built:
            self.built[key] = super()._compile_builder(append_unknown)
        return self.built[key]


Flask.url_rule_class = _Rule


def settings(data: Path, database_url: str, **environ: str) -> Settings:
    """Redis is absent unless REDIS_URL is given: nothing may depend on it."""
    return Settings.from_env(
        {"NPS_DATA": str(data), "DATABASE_URL": database_url, "REDIS_URL": f"unix://{data}/no-redis.sock", **environ}
    )


def make_app(data: Path, database_url: str, **environ: str) -> Flask:
    """An application on a database of its own."""
    app = create_app(settings(data, database_url, **environ))
    app.testing = True
    app.jinja_env.bytecode_cache = _Compiled()
    app.test_client_class = Client
    return app


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.PostgresServer]:
    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    folder = tmp_path_factory.mktemp("template")
    migrate(f"sqlite:///{folder}/nps.sqlite3", folder)
    return folder / "nps.sqlite3"


@pytest.fixture(scope="session")
def postgres_template(postgres: postgres_server.PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty PostgreSQL database."""
    postgres.execute("CREATE DATABASE template_nps")
    migrate(postgres.url("template_nps"), tmp_path_factory.mktemp("template-pg"))
    return "template_nps"


def migrate(url: str, folder: Path) -> None:
    """Bring the database at `url` to the newest tables."""
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this process keeps the SQLite file of the test that runs."""
    return tmp_path_factory.mktemp("database")


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database for one test, always at the same address: the application is kept, its database is not."""
    if engine_name == "sqlite":
        folder: Path = request.getfixturevalue("own_folder")
        shutil.rmtree(folder)
        folder.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "nps.sqlite3")
        yield f"sqlite:///{folder}/nps.sqlite3"
        return
    server: postgres_server.PostgresServer = request.getfixturevalue("postgres")
    server.create("nps", request.getfixturevalue("postgres_template"))
    yield server.url("nps")
    # Without FORCE: a connection that the garbage collector would close later, in the middle of another test, is named
    # here. (Its failing rollback is logged with a traceback; drawn inside a running `ast.parse`, that breaks CPython's
    # count of its own depth: gh-106905.)
    server.drop("nps")


@pytest.fixture(scope="session")
def kept_apps() -> dict[str, tuple[Flask, dict[str, Any]]]:
    """The application of each engine and how it was configured, kept for all tests of this process.

    Its addresses, its templates and above all its statements are compiled once.
    """
    return {}


@pytest.fixture
def app(database_url: str, tmp_path: Path, kept_apps: dict[str, tuple[Flask, dict[str, Any]]]) -> Iterator[Flask]:
    """The application as if it had just been made; a test that adds to it takes `own_app`."""
    if database_url not in kept_apps:
        app = make_app(tmp_path / "data", database_url)
        kept_apps[database_url] = app, dict(app.config)
    app, config = kept_apps[database_url]
    app.config.clear()
    app.config.update(config, **settings(tmp_path / "data", database_url).flask_config())
    hand_down(app.config)
    yield from _in_use(app)


@pytest.fixture
def own_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application of the test's own, which no request has reached: addresses may be added."""
    yield from _in_use(make_app(tmp_path / "data", database_url))


def _in_use(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def session(app: Flask) -> Session:
    """The application's session. Services end its transaction; read again after calling one."""
    return db.session()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def login(app: Flask) -> Callable[..., FlaskClient]:
    """`login("manager")` or `login(user)`: a client whose person has logged in through the form."""

    def do(who: str | User, **kwargs: Any) -> FlaskClient:
        person = factories.user(db.session(), who, **kwargs) if isinstance(who, str) else who
        return logged_in(app, person)

    return do


def logged_in(app: Flask, person: User) -> FlaskClient:
    """A client whose person has logged in through the form."""
    name = person.login
    client = app.test_client()
    answer = client.post("/login", data={"login": name, "password": factories.PASSWORD})
    assert answer.status_code == 303, answer.text[:500]
    return client


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted (`record_property`), a line each."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
