"""The application as gunicorn serves it, with a count of its statements in each answer (`bench.operators` reads it)."""

from __future__ import annotations

import threading
from typing import Any

from flask import Response
from sqlalchemy import Engine, event

from wsgi import app

_seen = threading.local()


@event.listens_for(Engine, "before_cursor_execute")
def _count(*_: Any) -> None:
    _seen.statements = getattr(_seen, "statements", 0) + 1


@app.before_request
def _begin() -> None:
    _seen.statements = 0


@app.after_request
def _tell(answer: Response) -> Response:
    answer.headers["X-Statements"] = str(_seen.statements)
    return answer
