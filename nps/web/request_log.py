"""One line of the log for each request that was served: which view, for whom, how it ended, how long it took.

The view's name stands for the address: an address holds ids and what people put into it.
"""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed

from nps.web import access, static_files

log = logging.getLogger("nps.requests")

_SILENT = static_files.ENDPOINTS | {"health.alive"}


def init_app(app: Flask) -> None:
    """Measure each request from here on: this comes before all other hooks."""
    app.before_request(_begin)
    app.after_request(_write)


def _begin() -> None:
    g.request_began = time.monotonic()


def _write(response: Response) -> Response:
    if log.isEnabledFor(logging.INFO) and request.endpoint not in _SILENT:
        log.info("request", extra=_fields(response))
    return response


def _view() -> str:
    """The view that was asked for, also by a method that it does not take; `none` for an address that is not there."""
    refused = request.routing_exception
    if isinstance(refused, MethodNotAllowed) and refused.valid_methods:
        adapter = current_app.create_url_adapter(request)
        assert adapter is not None
        return str(adapter.match(method=next(iter(refused.valid_methods)))[0])
    return request.endpoint or "none"


def _fields(response: Response) -> dict[str, object]:
    began = g.get("request_began")
    row = access.known_session()
    return {
        "method": request.method,
        "endpoint": _view(),
        "status": response.status_code,
        "ms": round(1000 * (time.monotonic() - began)) if began is not None else None,
        "user_id": row.actor.id if row is not None else None,
    }
