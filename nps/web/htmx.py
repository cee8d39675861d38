"""The only file that knows the HX-* headers."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request


def wants_fragment() -> bool:
    """True when htmx asks for a piece of a page; a page restored from the browser's history is whole."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def render(page: str, fragment: str, /, status: int = 200, **context: Any) -> Response:
    """The fragment for htmx, the page (which includes the fragment) for everybody else."""
    response = make_response(
        render_template(fragment if wants_fragment() else page, fragment=wants_fragment(), **context), status
    )
    response.headers["Vary"] = "HX-Request"
    return response


def go(url: str) -> Response:
    """Leave for another page after a POST: htmx is told by header, a browser by 303."""
    if not wants_fragment():
        return make_response(redirect(url, 303))
    response = make_response("", 200)
    response.headers["HX-Redirect"] = url
    return response
