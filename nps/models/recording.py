"""Sound files and the calls they belong to (R12)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, name, one_of, partial_index, pk


class Audio(Base):
    """A stored file, once per content; named by its hash, so that no name carries personal data."""

    __tablename__ = "audio"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[name]
    size: Mapped[int]
    duration_ms: Mapped[int | None]
    mime: Mapped[str] = mapped_column(String(40))
    stored_at: Mapped[instant]


class Recording(Base):
    """One call is one recording: a second matched one is refused by the database."""

    __tablename__ = "recording"
    __table_args__ = (
        one_of("state", "matched", "unmatched", "orphan", "rejected"),
        CheckConstraint("(state = 'matched') = (attempt_id IS NOT NULL)", name="matched_has_call"),
        partial_index("uq_recording_matched", "attempt_id", where="state = 'matched'", unique=True),
        Index(None, "audio_sha256"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))
    audio_sha256: Mapped[str] = mapped_column(ForeignKey("audio.sha256"))
    state: Mapped[code]
    match_rule: Mapped[code] = mapped_column(String(32), default="")
    source_name: Mapped[str] = mapped_column(String(200), default="")
    added_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[instant]
