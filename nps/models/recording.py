"""Sound files and the calls they belong to (R12)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.domain.recording import ABSENCES
from nps.models.base import Base, code, instant, instant_or_none, name, one_of, partial_index, pk


class Audio(Base):
    """A stored file, once per content; named by its hash, so that no name carries personal data."""

    __tablename__ = "audio"
    __table_args__ = (CheckConstraint("size >= 0", name="size"), one_of("place", "disk", "s3"))

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[name]
    size: Mapped[int]
    duration_ms: Mapped[int | None]
    mime: Mapped[str] = mapped_column(String(40))
    stored_at: Mapped[instant]
    #: Where the file lies: on this machine's disk or in the S3 storage. No path: the sound was destroyed.
    place: Mapped[str] = mapped_column(String(8), default="disk")
    #: The end of the file is missing: the recorder or the transfer was broken off.
    is_cut: Mapped[bool] = mapped_column(default=False)


class Recording(Base):
    """One call is one recording: a second matched one is refused by the database.

    unmatched: waits for a person, `problem` says why (nps.domain.recording). orphan: a person said that it belongs to
    no call. rejected: put aside, because the call has a better one or the file came before. empty: a file without
    sound, which counts as none. `named_attempt_id` is the call that the file's name or the rule means.
    """

    __tablename__ = "recording"
    __table_args__ = (
        one_of("state", "matched", "unmatched", "orphan", "rejected", "empty"),
        CheckConstraint("(state = 'matched') = (attempt_id IS NOT NULL)", name="matched_has_call"),
        partial_index("uq_recording_matched", "attempt_id", where="state = 'matched'", unique=True),
        Index(None, "audio_sha256"),
        Index(None, "named_attempt_id"),
        partial_index("ix_recording_unsettled", "id", where="state = 'unmatched'"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))
    audio_sha256: Mapped[str] = mapped_column(ForeignKey("audio.sha256"))
    state: Mapped[code]
    match_rule: Mapped[code] = mapped_column(String(32), default="")
    #: How the file was called that a person sent; a name from the watched folder is not kept, it tells of the client.
    source_name: Mapped[str] = mapped_column(String(200), default="")
    problem: Mapped[code] = mapped_column(String(32), default="")
    named_attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))
    e164: Mapped[str] = mapped_column(String(16), default="")
    started_at: Mapped[instant_or_none]
    #: It came when the call was counted as one without its recording already (nps.domain.recording.MISSING_AFTER).
    is_late: Mapped[bool] = mapped_column(default=False)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[instant]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_at: Mapped[instant_or_none]


class RecordingAbsence(Base):
    """A manager's word on why a call has no recording; a recording that still comes takes it back."""

    __tablename__ = "recording_absence"
    __table_args__ = (one_of("cause", *ABSENCES),)

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"), primary_key=True)
    cause: Mapped[code]
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]
