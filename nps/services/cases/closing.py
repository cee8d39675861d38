"""The end of a campaign (R1): its clients stop at once, its report is kept when nobody waits for that."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from nps.domain.case import EventKind
from nps.domain.errors import NotFoundError, StaleError
from nps.domain.local_time import OFFICE_ZONE, Zone
from nps.models import CallAttempt, Campaign, Respondent
from nps.services import frozen_reports
from nps.services.acting import act
from nps.services.cases.folding import still_to_call
from nps.services.cases.many import end_many
from nps.services.cases.turns import decide_some
from nps.services.transaction import AnySession, in_turns

log = logging.getLogger(__name__)


def close_campaign(
    session: AnySession, actor_id: int, campaign_id: int, now: datetime, zone: Zone = OFFICE_ZONE
) -> int:
    """End a campaign: clients still to call become unreached (§4), and its report is kept as it is. Returns how many.

    Open calls must have a result first. `zone`: the clock of reports. The report is counted after the campaign is
    closed, when nothing in it changes any more: nobody waits for the scans, and one that is cut is the sweeper's.
    """
    in_turns(session, lambda: decide_some(session, campaign_id))
    with act(session, actor_id, now, claims=True) as a:
        campaign = _to_close(a.s, campaign_id)
        rest = a.s.scalars(select(Respondent.id).where(*still_to_call(campaign_id)).order_by(Respondent.id)).all()
        end_many(a.s, rest, campaign_id, EventKind.UNREACHED, at=now, by=actor_id)
        campaign.closed_at = now
        # Training has no report (R9).
        campaign.closing = {"by": actor_id, "zone": str(zone)} if campaign.purpose != "training" else None
        count = {"unreached": len(rest)}
        a.record("campaign_closed", "campaign", campaign_id, campaign_id=campaign_id, after=count)
    try:
        frozen_reports.freeze_closing_wave(session, campaign_id)
    except DBAPIError:
        log.warning("the report of campaign %s waits for the sweeper", campaign_id, exc_info=True)
    return len(rest)


def _to_close(s: Session, campaign_id: int) -> Campaign:
    campaign = s.get(Campaign, campaign_id, populate_existing=True, with_for_update={"key_share": True})
    if campaign is None:
        raise NotFoundError("Такого проекта нет.")
    if campaign.closed_at is not None:
        raise StaleError("closed", "Проект уже закрыт.")
    if campaign.undecided_after is not None:
        words = "Только что изменились окна или правила проекта, сроки звонков пересчитываются. Повторите через минуту."
        raise StaleError("undecided", words)
    if s.scalar(select(func.count()).where(CallAttempt.campaign_id == campaign_id, CallAttempt.closed_at.is_(None))):
        raise StaleError("in_call", "Есть звонки без итога: закройте их, потом закрывайте проект.")
    return campaign
