"""What is said of many cases at once: a few statements for all of them, whoever else waits for the lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from nps.domain.case import EventKind, State, ended_by
from nps.models import Appointment, CaseEvent, Respondent
from nps.queries import campaigns
from nps.services.call_queue import release_shown
from nps.services.cases.folding import CHUNK, refold_many


def tell_many(
    session: Session, clients: Sequence[tuple[int, int]], kind: str, *, at: datetime, by: int | None, reason: str = ""
) -> None:
    """Append an event to the cases of many clients, each given with his campaign, and decide them anew.

    A few statements a campaign, however many they are. Inside the caller's transaction.
    """
    by_campaign: defaultdict[int, list[int]] = defaultdict(list)
    for respondent_id, campaign_id in sorted(clients):
        by_campaign[campaign_id].append(respondent_id)
    event = {"kind": kind, "at": at, "by": by, "reason": reason, "detail": {}}
    for campaign_id, ids in by_campaign.items():
        session.execute(insert(CaseEvent), [{"respondent_id": respondent_id, **event} for respondent_id in ids])
        campaign = campaigns.campaign_row(session, campaign_id)
        refold_many(session, ids, campaign, campaigns.calendars(session, campaign))


def end_many(
    session: Session,
    respondent_ids: Sequence[int],
    campaign_id: int,
    kind: EventKind,
    *,
    at: datetime,
    by: int | None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append an event that ends the cases of clients still to call, take them out of hands and write what it makes.

    A few statements for each five hundred, whatever has happened to them: see `ended_by`. Only of those with a promise
    is the history read, since it says what becomes of the promise. Inside the caller's transaction.
    """
    state, why = ended_by(kind, at)
    nothing_planned = dict.fromkeys(("queue_class", "next_call_at", "callback_owner_id", "reserved_until"))
    withdrawn_at = at if state is State.WITHDRAWN else None
    ended: dict[str, Any] = {"state": str(state), "next_reason": why.as_json(), "withdrawn_at": withdrawn_at}
    event = {"kind": str(kind), "at": at, "by": by, "reason": reason, "detail": detail or {}}
    session.flush()
    for first in range(0, len(respondent_ids), CHUNK):
        some = respondent_ids[first : first + CHUNK]
        theirs = Respondent.id.in_(some)
        release_shown(session, theirs)
        session.execute(insert(CaseEvent), [{"respondent_id": respondent_id, **event} for respondent_id in some])
        session.execute(update(Respondent).where(theirs).values(**ended, **nothing_planned))
        promised = session.scalars(
            select(Appointment.respondent_id).where(Appointment.respondent_id.in_(some), Appointment.state == "open")
        ).all()
        if promised:
            campaign = campaigns.campaign_row(session, campaign_id)
            refold_many(session, promised, campaign, campaigns.calendars(session, campaign))
