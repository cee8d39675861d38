"""A campaign's report: figures, questionnaires, calls, workbook (R3-R6, R10-R12)."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("reports", __name__)

from nps.web.reports import comparison, downloads, frozen, letter, lists, overview  # noqa: E402, F401
