"""The time of a request."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import g


def now() -> datetime:
    """The instant of this request, aware UTC: read once, so that everything a request writes and shows agrees."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    at: datetime = g.now
    return at
