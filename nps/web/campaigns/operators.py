"""Who is at work in a campaign, and what waits in its queue; refreshed while it is looked at (R1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response, make_response

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries import attention
from nps.queries import operators as live
from nps.queries.campaigns import CampaignRow, budget, calendars
from nps.queries.clients import counts
from nps.queries.shift_messages import messages_of
from nps.web import access, forms, htmx
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import MANAGERS, campaign_or_404, today
from nps.web.clock import now
from nps.web.errors import status_of


@bp.get("/campaigns/<int:campaign_id>/operators")
@access.roles(*MANAGERS)
def operators(campaign_id: int) -> Response:
    """Operators with their state, and the queue by region; 204 to a page that shows just this already."""
    return page(campaign_or_404(campaign_id))


def page(campaign: CampaignRow, typed: Mapping[str, Any] | None = None, error: DomainError | None = None) -> Response:
    """The page as it is now; `typed`: a message that was refused, to whom, its text and why."""
    session, campaign_id = db.session(), campaign.id
    lines = live.operators(session, campaign, today(), now())
    queue = live.queue(session, campaign_id, calendars(session, campaign), now())
    parts = counts(session, campaign_id)
    minutes = budget(session, campaign)
    calls = attention.unsettled(session, campaign_id, now())
    missed = attention.missed_callbacks(session, campaign_id, now())
    # Region clocks on the page show minutes: it is drawn anew when one turns.
    shown = (lines, queue, parts, minutes, calls, missed, campaign, f"{now():%H:%M}")
    mark = hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
    if htmx.wants_fragment() and forms.arg("mark") == mark:
        return make_response("", 204)
    messages = None if htmx.wants_fragment() else messages_of(session, campaign_id)
    answering = (typed or {}).get("request") or forms.arg_number("answer", 0, 0)
    return htmx.render(
        "campaigns/operators.html",
        "campaigns/_operators.html",
        status_of(error) if error else 200,
        campaign=campaign,
        messages=messages,
        asked=messages.chosen(answering) if messages else None,
        answering=answering,
        typed=typed or {},
        lines=lines,
        at_work=sum(line.state not in ("off", "elsewhere") for line in lines),
        queue=queue,
        parts=parts,
        minutes=minutes,
        calls=calls,
        missed=missed,
        decision=minutes.decide(),
        mark=mark,
        words=words,
    )
