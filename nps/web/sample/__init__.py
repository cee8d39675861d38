"""Loading a customer's base: choose a file, say what its columns are, read the receipt, publish (R2)."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("sample", __name__, url_prefix="/campaigns/<int:campaign_id>/base")

from nps.web.sample import missing, steps  # noqa: E402, F401
