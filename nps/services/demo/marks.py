"""Which campaign and which accounts are the demonstration's: the journal knows, whatever they were renamed to."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from nps.models import Campaign, Journal, Respondent

#: The journal's line that makes a campaign the demonstration; `after` names its accounts.
LOADED = "demo_loaded"
REMOVED = "demo_removed"


def own_campaign(s: Session) -> Campaign | None:
    """The demonstration's campaign, also when it was removed: the journal holds its emptied row."""
    marked = exists().where(Journal.campaign_id == Campaign.id, Journal.action == LOADED)
    return s.scalars(select(Campaign).where(Campaign.purpose == "demo", marked).order_by(Campaign.id)).first()


def has_clients(s: Session, campaign_id: int) -> bool:
    """Whether the campaign has a base."""
    return s.scalar(select(Respondent.id).where(Respondent.campaign_id == campaign_id).limit(1)) is not None


def own_accounts(s: Session, campaign_id: int) -> set[int]:
    """Ids of the accounts that the demonstration has made, each time it was loaded."""
    lines = s.scalars(select(Journal.after).where(Journal.campaign_id == campaign_id, Journal.action == LOADED))
    return {int(user_id) for after in lines for user_id in after["accounts"]}
