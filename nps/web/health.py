"""For monitors: a sign of life, the state of the installation, and its figures. No personal data anywhere.

The last two answer only to whoever sends `Authorization: Bearer MONITOR_TOKEN`, and to nobody while none is set: how
many letters wait and how many people work is not the world's business.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request

from nps.extensions import db
from nps.services import monitoring
from nps.web.access import public
from nps.web.clock import now
from nps.web.metrics import exposition

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> Response:
    """200 while the web server answers; no database is asked, so that a busy one does not look like a dead server."""
    response = make_response("ok\n", 200)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


@bp.get("/health")
@public
def health() -> Response:
    """200 when everything works, 503 with the names of what does not; JSON both times."""
    state = _state()
    body = {
        "status": "problem" if state.problems else "ok",
        "problems": state.problems,
        "database": state.figures is not None,
        "redis": state.queue.answers,
        "workers": dict(state.queue.workers),
        "sweeper": state.queue.sweeper,
        "free_bytes": state.free_bytes,
        **(asdict(state.figures) if state.figures else {}),
    }
    return make_response(jsonify(body), 503 if state.problems else 200)


@bp.get("/metrics")
@public
def metrics() -> Response:
    """The same as gauges in Prometheus' text format."""
    text, content_type = exposition(_state())
    response = make_response(text, 200)
    response.headers["Content-Type"] = content_type
    return response


def _state() -> monitoring.State:
    token: str = current_app.config["MONITOR_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    return monitoring.state(db.session(), current_app.config["DATA_FOLDER"], now())
