"""Campaigns as managers, specialists and customers meet them: list, settings, clients, people at work (R1)."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("campaigns", __name__)

from nps.web.campaigns import acts, clients, customer_lists, index, members, operators, settings, windows  # noqa: E402, F401
