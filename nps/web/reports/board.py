"""What a manager's board shows beside the report: who is on the line, the queue, the last proofs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from nps.extensions import db
from nps.queries import operators as line
from nps.queries.campaigns import CampaignRow, calendars
from nps.queries.escalation_figures import waiting
from nps.queries.operators import OperatorLine, QueueRow
from nps.queries.reports import CallFilter, Report, calls
from nps.queries.reports.proofs import last_escalations
from nps.web.campaigns.common import today
from nps.web.clock import now
from nps.web.reports.charts import funnel_of

_LAST = 3


@dataclass(frozen=True, slots=True)
class Live:
    """Operators, queue and escalations over their deadline of this moment."""

    lines: list[OperatorLine]
    queue: dict[str, QueueRow]
    overdue: int

    @property
    def at_work(self) -> int:
        return sum(line.state not in ("off", "elsewhere") for line in self.lines)

    @property
    def mark(self) -> str:
        """A short text that changes when any of it does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def live_of(campaign: CampaignRow) -> Live:
    """Who works in the campaign now, what waits in its regions, and which answers are late."""
    session = db.session()
    lines = line.operators(session, campaign, today(), now())
    queue = line.queue(session, campaign.id, calendars(session, campaign), now())
    return Live(lines, {row.code: row for row in queue}, waiting(session, campaign.id, now()).overdue)


def context(report: Report, live: Live) -> dict[str, Any]:
    """What the board's templates need."""
    session, campaign_id, where = db.session(), report.campaign.id, report.where
    waits = live.queue
    if where.branch_id is not None:
        days = calendars(session, report.campaign)
        waits = {row.code: row for row in line.queue(session, campaign_id, days, now(), where.branch_id)}
    return {
        "live": live,
        "waits": {place.key: waits[place.key] for place in report.base.regions if place.key in waits},
        "done": {row.id: row for row in report.operators.rows if row.id},
        "funnel": funnel_of(report, report.base.branches),
        "last_recordings": calls(session, campaign_id, CallFilter(kind="recorded", where=where), 1, _LAST).rows,
        "last_escalations": last_escalations(session, campaign_id, _LAST, where),
    }
