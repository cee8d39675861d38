"""A sign of life for the supervisor and for monitors: says that requests are answered, and nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from nps.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> Response:
    """200 while the web server answers; no database is asked, so that a busy one does not look like a dead server."""
    response = make_response("ok\n", 200)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response
