"""Scripts and their versions. A published version never changes: triggers refuse it (R18)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, instant, json_object, name, pk


class Script(Base):
    __tablename__ = "script"

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    title: Mapped[name]


class ScriptVersion(Base):
    __tablename__ = "script_version"
    __table_args__ = (UniqueConstraint("script_id", "no"),)

    id: Mapped[pk]
    script_id: Mapped[int] = mapped_column(ForeignKey("script.id"))
    no: Mapped[int]
    body: Mapped[json_object] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[instant]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class ScriptDraft(Base):
    """What the specialist is writing: one a script. `revision` grows with each save; a save names the one it saw.

    `before`: the body that the last change has replaced; None when there is nothing to take back.
    """

    __tablename__ = "script_draft"

    id: Mapped[pk]
    script_id: Mapped[int] = mapped_column(ForeignKey("script.id"), unique=True)
    based_on_id: Mapped[int] = mapped_column(ForeignKey("script_version.id"))
    body: Mapped[json_object] = mapped_column(JSON)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    revision: Mapped[int]
    updated_at: Mapped[instant]
    updated_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
