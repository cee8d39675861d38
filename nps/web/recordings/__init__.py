"""Recordings: sent to their call, played, settled (R12).

An operator reaches his own calls, manager and administrator all, the customer those of a campaign that says so.
"""

from flask import Blueprint

bp = Blueprint("recordings", __name__)

from nps.web.recordings import call, listing, matching, reconciliation  # noqa: E402, F401
