"""Who may make real calls in a campaign (R9)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import Exists

from nps.models import CallAttempt, CampaignMember


def has_called(user_id: InstrumentedAttribute[int] | int) -> Exists:
    """Whether an operator has made real calls: of a survey, settled. He needs no training to go on."""
    return exists().where(
        CallAttempt.operator_id == user_id, CallAttempt.purpose == "survey", CallAttempt.closed_at.is_not(None)
    )


def is_admitted(session: Session, campaign_id: int, user_id: int) -> bool:
    """Whether a member of the campaign was admitted to it, or counts as admitted by the real calls he has made."""
    member = select(CampaignMember.id).where(
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.user_id == user_id,
        or_(CampaignMember.admitted_at.is_not(None), has_called(user_id)),
    )
    return session.scalar(member) is not None


def unadmitted(session: Session, campaign_ids: Sequence[int], user_id: int) -> set[int]:
    """Those of the campaigns to which he is not admitted, nor counts as admitted: one statement for all of them."""
    admitted = select(CampaignMember.campaign_id).where(
        CampaignMember.campaign_id.in_(campaign_ids),
        CampaignMember.user_id == user_id,
        or_(CampaignMember.admitted_at.is_not(None), has_called(user_id)),
    )
    return set(campaign_ids) - set(session.scalars(admitted))
