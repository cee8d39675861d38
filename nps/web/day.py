"""The operator's own page: today, what is still needed, callbacks, last calls, reviews of his calls."""

from __future__ import annotations

from flask import Blueprint, Response

from nps.domain.disposition import TABLE
from nps.extensions import db
from nps.queries import day as queries
from nps.queries import quality
from nps.web import htmx
from nps.web.access import current_actor, roles
from nps.web.campaigns import words
from nps.web.clock import now
from nps.web.filters import office_zone

bp = Blueprint("day", __name__)


@bp.get("/desk/day")
@roles("operator")
def page() -> Response:
    """Own figures only (requirements §3)."""
    session, actor = db.session(), current_actor()
    return htmx.render(
        "day/page.html",
        "day/_page.html",
        today=queries.today(session, actor.id, office_zone(), now()),
        targets=queries.targets(session, actor, now()),
        promises=queries.promises(session, actor.id),
        calls=queries.last_calls(session, actor.id),
        table=TABLE,
        words=words,
        reviews=quality.reviews_of(session, actor.id),
    )
