"""Two at once, without luck: a thread that stands at a named statement until it is let go."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from flask import Flask
from sqlalchemy import Engine, event

from nps.extensions import db

#: Far more than any of the steps here takes; a test that waits so long has found a fault.
_PATIENCE_S = 20


def await_condition(holds: Callable[[], bool]) -> None:
    """Return as soon as the condition holds."""
    until = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "the condition never came"


class Thread(threading.Thread):
    """Runs an act with an application context, and so a database session, of its own."""

    def __init__(self, app: Flask, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._app, self._act = app, act
        self._raised: BaseException | None = None

    def run(self) -> None:
        with self._app.app_context():
            try:
                self._act()
            except BaseException as error:
                self._raised = error
            finally:
                db.session.remove()

    def outcome(self) -> BaseException | None:
        """What the act raised, when it is over."""
        self.join(_PATIENCE_S)
        assert not self.is_alive()
        return self._raised


class Stopped:
    """Stops one thread before its first statement of a kind."""

    def __init__(self, engine: Engine, statement: re.Pattern[str]) -> None:
        self._engine, self._statement = engine, statement
        self._arrived, self._go = threading.Event(), threading.Event()
        self.thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._before)
        return self

    def __exit__(self, *_: object) -> None:
        self._go.set()
        event.remove(self._engine, "before_cursor_execute", self._before)

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread() is self.thread and self._statement.match(statement):
            self._arrived.set()
            assert self._go.wait(_PATIENCE_S)

    def await_arrival(self) -> None:
        """Return when the thread stands, or is over without having come there."""
        await_condition(lambda: self._arrived.is_set() or not (self.thread and self.thread.is_alive()))
        assert self._arrived.is_set(), f"the act never came to {self._statement.pattern}: {self.thread}"

    def go_on(self) -> None:
        self._go.set()


def in_thread(app: Flask, act: Callable[[], None], stopped: Stopped | None = None) -> Thread:
    """Begin the act; `stopped` is to stop it."""
    thread = Thread(app, act)
    if stopped is not None:
        stopped.thread = thread
    thread.start()
    return thread
