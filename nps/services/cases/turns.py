"""Thousands of clients decided anew in turns: a short transaction each, others write in between (ADR 55)."""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.models import Campaign, Respondent
from nps.queries import campaigns
from nps.services import frozen_reports
from nps.services.cases import folding
from nps.services.transaction import AnySession, in_turns, lock_claims, write

#: The job on the queue `bulk` that calls `go_on`.
GO_ON_JOB = "nps.jobs.campaigns.go_on"
#: Turns a person waits for; the rest of a very large base is the worker's.
_AT_ONCE = 20


def unfinished(session: Session) -> list[int]:
    """Campaigns with clients still to be decided anew, or closed without their report. For the sweeper."""
    left = or_(Campaign.undecided_after.is_not(None), Campaign.closing.is_not(None))
    return list(session.scalars(select(Campaign.id).where(left).order_by(Campaign.id)))


def decide_rest(session: AnySession, campaign_id: int) -> None:
    """Go on with a change of the calendar on the line after its transaction; nothing where it was small enough."""
    if in_turns(session, lambda: decide_some(session, campaign_id), most=_AT_ONCE):
        queue.enqueue_soon(queue.BULK, GO_ON_JOB, campaign_id)


def go_on(session: AnySession, campaign_id: int) -> None:
    """Finish what was begun with a campaign, from wherever it was cut; twice at once does no harm.

    Its clients are decided anew, and of one that was closed the report is kept.
    """
    in_turns(session, lambda: decide_some(session, campaign_id))
    frozen_reports.freeze_closing_wave(session, campaign_id)


def decide_some(session: AnySession, campaign_id: int) -> bool:
    """Decide the next clients of a marked campaign anew; whether there may be more of them."""
    with write(session, counts=False) as s:
        lock_claims(s)
        after = s.scalar(
            select(Campaign.undecided_after).where(Campaign.id == campaign_id).with_for_update(key_share=True)
        )
        if after is None:
            return False
        ids = s.scalars(
            select(Respondent.id)
            .where(*folding.steered(campaign_id), Respondent.id > after)
            .order_by(Respondent.id)
            .limit(folding.TURN)
        ).all()
        campaign = campaigns.campaign_row(s, campaign_id)
        folding.refold_many(s, ids, campaign, campaigns.calendars(s, campaign))
        is_more = len(ids) == folding.TURN
        s.execute(
            update(Campaign).where(Campaign.id == campaign_id).values(undecided_after=ids[-1] if is_more else None)
        )
    return is_more
