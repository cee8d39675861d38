"""Who did what, and who saw what. Both only grow: triggers refuse UPDATE and DELETE (R20)."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, json_object, pk


class Journal(Base):
    """A change of something people answer for; its id is also the change mark that polling compares."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "campaign_id", "id"), Index(None, "object_kind", "object_id"))

    id: Mapped[pk]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    at: Mapped[instant]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[code]
    object_kind: Mapped[code]
    object_id: Mapped[str] = mapped_column(String(40))
    before: Mapped[json_object] = mapped_column(JSON, default=dict)
    after: Mapped[json_object] = mapped_column(JSON, default=dict)


class AccessLog(Base):
    """A view of a client's card, a play of a recording, a download, a login."""

    __tablename__ = "access_log"
    __table_args__ = (Index(None, "object_kind", "object_id"), Index(None, "user_id", "at"))

    id: Mapped[pk]
    at: Mapped[instant]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[code]
    object_kind: Mapped[code]
    object_id: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(64), default="")
