"""Reports kept as they stood when a wave or a period was closed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, json_object, one_of, partial_index, pk


class FrozenReport(Base):
    """The figures of a wave or of days of it at one moment; triggers refuse UPDATE and DELETE.

    `figures` has the tables of `nps.domain.frozen_report` under `all`, and under `checked` those of a reader who sees
    only the questionnaires that the manager has ticked. Counts and nothing of a person: no erasure touches it (R20).
    Training has none (R9).
    """

    __tablename__ = "frozen_report"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"]),
        UniqueConstraint("campaign_id", "first_day", "last_day"),
        one_of("kind", "wave", "period"),
        CheckConstraint("purpose <> 'training'", name="no_training"),
        CheckConstraint("(kind = 'wave') = (first_day IS NULL)", name="days_of_a_period"),
        CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name="both_days"),
        CheckConstraint("first_day <= last_day", name="days"),
        partial_index("uq_frozen_report_wave", "campaign_id", where="kind = 'wave'", unique=True),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int]
    purpose: Mapped[code]
    kind: Mapped[code]
    #: Local days of the clients, both included.
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    taken_at: Mapped[instant]
    taken_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    #: The edition of layout and definitions.
    edition: Mapped[int]
    figures: Mapped[json_object]
    digest: Mapped[str] = mapped_column(String(64))
