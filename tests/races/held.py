"""An act held at a named point, in a thread and on a connection of its own, while the test does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from nps.extensions import db
from tests.conftest import ENGINES

#: Races that SQLite, where one writes at a time, does not have.
on_postgres = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)
#: Far longer than anything takes here: a test that waits so long has failed.
PATIENCE_S = 60.0

Act = Callable[[Session], Any]


class Held:
    """`arrived`: the act stands at its point. `goes_on()` lets it run, `result()` gives what came of it or raises."""

    def __init__(self, app: Flask, act: Act) -> None:
        self._app, self._act = app, act
        self._arrived, self._go = threading.Event(), threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with self._app.app_context():
            try:
                self._result = self._act(db.session())
            except BaseException as error:  # told to the test by `result`
                self._error = error
            finally:
                db.session.remove()
                self._arrived.set()

    def stop(self) -> None:
        """Called by the hook in the thread of the act, once."""
        if threading.current_thread() is self._thread and not self._arrived.is_set():
            self._arrived.set()
            assert self._go.wait(PATIENCE_S)

    def start(self) -> None:
        self._thread.start()
        assert self._arrived.wait(PATIENCE_S)

    def goes_on(self) -> None:
        self._go.set()

    def result(self) -> Any:
        """Wait for the act's end."""
        self._go.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


@contextmanager
def before(app: Flask, statement: str, act: Act, *, nth: int = 1) -> Iterator[Held]:
    """The act stands before its nth statement that contains the text; at the block's end it goes on to its own."""
    held, left = Held(app, act), [nth]

    def hook(_connection: Connection, _cursor: Any, sql: str, *_rest: Any) -> None:
        if threading.current_thread() is held._thread and statement in sql:
            left[0] -= 1
            if not left[0]:
                held.stop()

    yield from _hooked(held, db.engine, "before_cursor_execute", hook)


@contextmanager
def after_commit(app: Flask, act: Act, *, nth: int = 1) -> Iterator[Held]:
    """The act stands after its nth committed transaction, holding nothing."""
    held, left = Held(app, act), [nth]

    def hook(_session: Session) -> None:
        if threading.current_thread() is held._thread:
            left[0] -= 1
            if not left[0]:
                held.stop()

    yield from _hooked(held, Session, "after_commit", hook)


def _hooked(held: Held, target: type[Session] | Engine, name: str, hook: Callable[..., None]) -> Iterator[Held]:
    event.listen(target, name, hook)
    try:
        held.start()
        yield held
        held.result()
    finally:
        event.remove(target, name, hook)
        held.goes_on()
        held._thread.join(PATIENCE_S)


@contextmanager
def beside(app: Flask, act: Act) -> Iterator[Held]:
    """The act runs at once in its thread, and may wait for a lock the test holds; see `somebody_waits`."""
    held = Held(app, act)
    held._thread.start()
    try:
        yield held
    finally:
        held._thread.join(PATIENCE_S)


@contextmanager
def meeting(app: Flask, statement: str, first: Act, second: Act) -> Iterator[tuple[Held, Held]]:
    """The first act stands before the statement; the second has met a lock of it and waits."""
    with before(app, statement, first) as one, beside(app, second) as two:
        try:
            somebody_waits(db.engine, two)
            yield one, two
        finally:
            one.goes_on()


def somebody_waits(engine: Engine, who: Held) -> None:
    """Return when a backend of this PostgreSQL database waits for a lock; fail with what became of `who` if he is done.

    A lock that is waited for longer than PATIENCE_S is refused by the database itself.
    """
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(waiting).scalar_one():
            if not who._thread.is_alive():
                raise AssertionError(f"nobody waited: {who.result()}")
