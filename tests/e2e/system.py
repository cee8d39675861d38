"""The whole system around a test: the application behind a real HTTP server, Redis, workers, and a mail server."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, got_request_exception
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from nps.adapters import queue
from nps.extensions import db
from nps.jobs.sweeper import sweep_once
from nps.jobs.worker import ContextWorker
from tests import redis_server, smtp_server
from tests.conftest import make_app
from tests.e2e.clock import Clock, ticking
from tests.smtp_server import FaultyServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


#: Where a request's answer is kept beside it.
_ANSWER = "tests.answer"


class _Quiet(WSGIRequestHandler):
    """Says nothing about the requests it served, and lets go of a browser that connects and never asks."""

    timeout = 10

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: what went wrong is in `System.errors`."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Close the answer: Werkzeug forgets it where a browser went on writing and then kept silent."""
        if environ is not None and hasattr(answer := environ.get(_ANSWER), "close"):
            answer.close()


def server_of(app: Flask) -> BaseWSGIServer:
    """A web server for `app` on a port of its own; what is on its way when it ends is waited for."""

    def noted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[_ANSWER] = app(environ, start_response)
        return cast("Iterable[bytes]", environ[_ANSWER])

    server = make_server("127.0.0.1", 0, noted, threaded=True, request_handler=_Quiet)
    # Its connection to the database has to be given back.
    server.daemon_threads = False  # type: ignore[attr-defined]
    return server


class _Worker(SimpleWorker, ContextWorker):
    """The system's worker, but in this process: a forked one would bring along browser, threads and connections."""

    def subscribe(self) -> None:
        """Not at all: nobody sends it commands, and to leave their channel often takes a second."""


@dataclass
class System:
    """A running system. `errors` holds what the application raised while it served."""

    app: Flask
    url: str
    clock: Clock
    smtp: FaultyServer
    redis_url: str
    errors: list[BaseException] = field(default_factory=list)

    def work(self) -> None:
        """Let the workers do what waits in Redis, until nothing does."""
        if queue._messenger is not None:
            queue._messenger.nudges.join()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with Redis.from_url(self.redis_url) as connection:
                for name in queue.QUEUES:
                    jobs = Queue(name, connection=connection, serializer=JSONSerializer)
                    _Worker(jobs, self.app.app_context).work(burst=True, logging_level="WARNING")
                    assert jobs.failed_job_registry.count == 0, jobs.failed_job_registry.get_job_ids()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def sweep(self) -> None:
        """What the sweeper does every few seconds; then the workers' part."""
        with self.app.app_context():
            sweep_once(self.clock.now(UTC))
        self.work()


@contextmanager
def running(data: Path, database_url: str, at: datetime) -> Iterator[System]:
    """The system on a migrated database, at the simulated instant `at`."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ticking(at) as clock, smtp_server.running() as smtp, redis_server.running(data) as redis_url:
        app = make_app(
            data,
            database_url,
            REDIS_URL=redis_url,
            MAIL_SERVER=smtp.host,
            MAIL_PORT=str(smtp.port),
            MAIL_DEFAULT_SENDER="Опрос клиентов <opros@example.ru>",
        )
        # Pages of errors as people see them, not a broken connection.
        app.testing = False
        system = System(app, "", clock, smtp, redis_url)

        def remember(_: Flask, exception: BaseException, **__: Any) -> None:
            system.errors.append(exception)

        got_request_exception.connect(remember, app)
        server = server_of(app)
        system.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="web")
        thread.start()
        try:
            yield system
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
