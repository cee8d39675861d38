"""The operator's desk: one page, its fragments, and a POST for everything that changes."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("desk", __name__, url_prefix="/desk")

from nps.web.desk import answers, beside, calls, help_line, page, results, shift, unfinished  # noqa: E402, F401
