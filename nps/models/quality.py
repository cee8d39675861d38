"""Reviews of calls: how they are sampled, what was heard, what the operator says to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, one_of, pk


class QualityPlan(Base):
    """How the calls of a campaign are sampled, and its criteria; without a row the defaults of `nps.domain.quality`."""

    __tablename__ = "quality_plan"
    __table_args__ = (
        CheckConstraint("newcomer_calls BETWEEN 0 AND 1000", name="newcomer_calls"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="share_percent"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True, autoincrement=False)
    newcomer_calls: Mapped[int]
    share_percent: Mapped[int]
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class QualityReview(Base):
    """What somebody heard in a call. `reason`: why it was chosen. Finished, the operator sees it and may answer."""

    __tablename__ = "quality_review"
    __table_args__ = (
        one_of("reason", "speed", "length", "ring", "complaint", "newcomer", "share", "asked"),
        CheckConstraint("points BETWEEN 0 AND most", name="points"),
        Index(None, "campaign_id", "operator_id"),
        Index(None, "operator_id", "finished_at"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    operator_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[code]
    note: Mapped[str] = mapped_column(String(2000), default="")
    points: Mapped[int] = mapped_column(default=0)
    most: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[instant]
    finished_at: Mapped[instant_or_none]
    reply: Mapped[str] = mapped_column(String(2000), default="")
    replied_at: Mapped[instant_or_none]


class QualityMark(Base):
    """The mark of one criterion, in the words it had then; None: it did not come up in the call."""

    __tablename__ = "quality_mark"
    __table_args__ = (CheckConstraint("mark BETWEEN 0 AND 2", name="mark"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("quality_review.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(80))
    mark: Mapped[int | None]
