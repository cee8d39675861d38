"""Administration: people, customers and contracts, the journal. For administrators only."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin")

from nps.web.admin import customers, exchange, journal, start, users  # noqa: E402, F401
