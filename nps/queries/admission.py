"""Who may make real calls in a campaign (R9)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.selectable import Exists

from nps.domain.disposition import TABLE
from nps.models import CallAttempt, Campaign, CampaignMember, Contract, User

#: An account that can make calls; whoever has left stays a member until he is taken off.
CAN_WORK = (User.role == "operator", User.active)

_CONVERSATIONS = [code for code, row in TABLE.items() if row.conversation]


def has_called(user_id: InstrumentedAttribute[int] | int, campaign_id: InstrumentedAttribute[int] | int) -> Exists:
    """Whether an operator has talked to clients of this campaign's customer: he needs no training to go on.

    In a survey, the call settled. What says nothing of how he talks, a miss or a technical error, is none.
    """
    theirs, here = aliased(Campaign), aliased(Campaign)
    contract_there, contract_here = aliased(Contract), aliased(Contract)
    return exists(CallAttempt.id).where(
        CallAttempt.operator_id == user_id,
        CallAttempt.purpose == "survey",
        CallAttempt.closed_at.is_not(None),
        CallAttempt.disposition.in_(_CONVERSATIONS),
        CallAttempt.campaign_id == theirs.id,
        theirs.contract_id == contract_there.id,
        here.id == campaign_id,
        here.contract_id == contract_here.id,
        contract_here.customer_id == contract_there.customer_id,
    )


def is_admitted(session: Session, campaign_id: int, user_id: int) -> bool:
    """Whether a member of the campaign was admitted to it, or counts as admitted by the real calls he has made."""
    member = select(CampaignMember.id).where(
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.user_id == user_id,
        or_(CampaignMember.admitted_at.is_not(None), has_called(user_id, CampaignMember.campaign_id)),
    )
    return session.scalar(member) is not None


def unadmitted(session: Session, campaign_ids: Sequence[int], user_id: int) -> set[int]:
    """Those of the campaigns to which he is not admitted, nor counts as admitted: one statement for all of them."""
    admitted = select(CampaignMember.campaign_id).where(
        CampaignMember.campaign_id.in_(campaign_ids),
        CampaignMember.user_id == user_id,
        or_(CampaignMember.admitted_at.is_not(None), has_called(user_id, CampaignMember.campaign_id)),
    )
    return set(campaign_ids) - set(session.scalars(admitted))
