"""Invented clients of the training desk (R9)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant


class TrainingClient(Base):
    """Who behaves by which scenario, and for whom. The composite key lets one exist in a training campaign only."""

    __tablename__ = "training_client"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"]),
        CheckConstraint("purpose = 'training'", name="purpose"),
        Index(None, "operator_id", "campaign_id"),
    )

    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"), primary_key=True, autoincrement=False)
    campaign_id: Mapped[int]
    purpose: Mapped[code]
    operator_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    scenario: Mapped[code]
    begun_at: Mapped[instant]
