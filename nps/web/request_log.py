"""One line of the log for each request that was served: which view, for whom, how it ended, how long it took.

The view's name stands for the address: an address holds ids and what people put into it.
"""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from nps.web import access

log = logging.getLogger("nps.requests")


def init_app(app: Flask) -> None:
    """Measure each request from here on: this comes before all other hooks."""
    app.before_request(_begin)
    app.after_request(_write)


def _begin() -> None:
    g.request_began = time.monotonic()


def _write(response: Response) -> Response:
    if log.isEnabledFor(logging.INFO) and request.endpoint not in ("static", "health.alive"):
        log.info("request", extra=_fields(response))
    return response


def _fields(response: Response) -> dict[str, object]:
    began = g.get("request_began")
    row = access.known_session()
    return {
        "method": request.method,
        "endpoint": request.endpoint or "none",
        "status": response.status_code,
        "ms": round(1000 * (time.monotonic() - began)) if began is not None else None,
        "user_id": row.actor.id if row is not None else None,
    }
