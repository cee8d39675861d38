"""Personal data that was destroyed: the act of it, kept for ever (R20)."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, json_object, one_of, partial_index, pk


class Erasure(Base):
    """One act: a whole campaign, or a person in all campaigns of a customer. Ids, codes and counts only.

    The row is written in the transaction that overwrites the data. `files` are still to be deleted, relative to the
    data folder; `finished_at` is set when they are gone and the database has given its free pages back.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        one_of("scope", "campaign", "person"),
        Index(None, "campaign_id"),
        partial_index("ix_erasure_unfinished", "id", where="finished_at IS NULL"),
    )

    id: Mapped[pk]
    #: The campaign that was erased, or in which the person was found.
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    scope: Mapped[code]
    at: Mapped[instant]
    #: None: from the command line.
    by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(500))
    #: Ids of the clients as [first, last] of each unbroken run: a campaign has thousands.
    subjects: Mapped[list[list[int]]] = mapped_column(JSON)
    counts: Mapped[json_object] = mapped_column(JSON)
    files: Mapped[list[str]] = mapped_column(JSON)
    finished_at: Mapped[instant_or_none]
