"""Campaigns as managers, specialists and customers meet them: list, settings, clients, people at work (R1)."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("campaigns", __name__)

from nps.web.campaigns import (  # noqa: E402, F401
    acts,
    clients,
    customer_lists,
    index,
    members,
    messages,
    operators,
    settings,
    stop_file,
    unsuitable,
    windows,
)
