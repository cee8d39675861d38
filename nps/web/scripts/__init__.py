"""The script studio: the specialist changes the script without a programmer and can't break it (R18)."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("scripts", __name__, url_prefix="/campaigns/<int:campaign_id>/script")

from nps.web.scripts import acts, edits, pages  # noqa: E402, F401
