"""Who wants a campaign's figures by mail."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, json_object, one_of


class ReportSubscription(Base):
    """One person's wish for one campaign; no row: no letters. Figures only, nothing of any client (R20)."""

    __tablename__ = "report_subscription"
    __table_args__ = (one_of("every", "daily", "weekly"), Index(None, "campaign_id"))

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    every: Mapped[code]
    #: The clock of its mornings.
    zone: Mapped[str] = mapped_column(String(40))
    since: Mapped[instant]
    #: The last day for which it was decided whether to write: each day counts once.
    handled_on: Mapped[date]
    #: The figures of the last letter by their codes, in words; empty before the first.
    said: Mapped[json_object] = mapped_column(JSON, default=dict)
