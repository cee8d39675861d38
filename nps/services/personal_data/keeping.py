"""Why and until when a campaign may keep personal data (R20)."""

from __future__ import annotations

from datetime import date, datetime

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Campaign
from nps.services.journal import record
from nps.services.transaction import AnySession, write


def set_terms(
    session: AnySession, actor_id: int, campaign_id: int, *, legal_basis: str, delete_on: date | None, now: datetime
) -> None:
    """Set legal basis and day of deletion, of a closed campaign too: data is kept after the last call.

    Raises DomainError whose code is the field's name, StaleError for a campaign whose data is destroyed.
    """
    with write(session) as s:
        campaign = s.get(Campaign, campaign_id, populate_existing=True, with_for_update={"key_share": True})
        if campaign is None:
            raise NotFoundError("Такого проекта нет.")
        if campaign.erased_at is not None:
            raise StaleError("erased", "Данные этого проекта уже удалены.")
        if delete_on is not None and delete_on <= campaign.ends_on:
            raise DomainError("delete_on", "Дата удаления данных — после окончания проекта.")
        before = campaign.delete_on
        campaign.legal_basis, campaign.delete_on = legal_basis, delete_on
        record(
            s, at=now, action="data_terms", object_kind="campaign", object_id=campaign_id, actor_id=actor_id,
            campaign_id=campaign_id, before={"delete_on": _iso(before)}, after={"delete_on": _iso(delete_on)},
        )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
