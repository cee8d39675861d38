"""Promised calls and what reminds of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, one_of, partial_index, pk


class Appointment(Base):
    """A time promised to a client.

    `reserved_until`: until then it belongs to its owner while he is on shift (requirements §4).
    """

    __tablename__ = "appointment"
    __table_args__ = (
        one_of("state", "open", "kept", "missed", "dropped"),
        partial_index("uq_appointment_open", "respondent_id", where="state = 'open'", unique=True),
        partial_index("ix_appointment_due", "at", where="state = 'open'"),
        Index(None, "owner_id", "at"),
    )

    id: Mapped[pk]
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    at: Mapped[instant]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reserved_until: Mapped[instant]
    state: Mapped[code]


class Reminder(Base):
    """A line for one person's desk, written by a job, shown once; the unique key makes a repeated job harmless."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "user_id", "due_at"),
        one_of("kind", "callback_soon", "callback_due", "callback_late", "repeat_due"),
        Index(None, "user_id", "ack_at"),
    )

    id: Mapped[pk]
    kind: Mapped[code]
    subject: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    due_at: Mapped[instant]
    shown_at: Mapped[instant_or_none]
    ack_at: Mapped[instant_or_none]
