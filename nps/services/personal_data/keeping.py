"""Why and until when a campaign may keep personal data (R20)."""

from __future__ import annotations

from datetime import date, datetime

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Campaign
from nps.services.acting import act
from nps.services.transaction import AnySession


def set_terms(
    session: AnySession, actor_id: int, campaign_id: int, *, legal_basis: str, delete_on: date | None, now: datetime
) -> None:
    """Set legal basis and day of deletion, of a closed campaign too: data is kept after the last call.

    Raises DomainError whose code is the field's name, StaleError for a campaign whose data is destroyed.
    """
    with act(session, actor_id, now) as a:
        campaign = a.s.get(Campaign, campaign_id, populate_existing=True, with_for_update={"key_share": True})
        if campaign is None:
            raise NotFoundError("Такого проекта нет.")
        if campaign.erased_at is not None:
            raise StaleError("erased", "Данные этого проекта уже удалены.")
        if delete_on is not None and delete_on <= campaign.ends_on:
            raise DomainError("delete_on", "Дата удаления данных — после окончания проекта.")
        before, after = ({"delete_on": day.isoformat() if day else None} for day in (campaign.delete_on, delete_on))
        campaign.legal_basis, campaign.delete_on = legal_basis, delete_on
        a.record("data_terms", "campaign", campaign_id, campaign_id=campaign_id, before=before, after=after)
