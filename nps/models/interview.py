"""Answers as given, and the questionnaire they make."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, one_of, partial_index, pk


class Answer(Base):
    """What was chosen at a step.

    A changed answer closes the old row (`replaced_at`) and adds a new one: nothing is overwritten.
    """

    __tablename__ = "answer"
    __table_args__ = (
        partial_index("uq_answer_in_force", "attempt_id", "step", where="replaced_at IS NULL", unique=True),
        Index(None, "attempt_id"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    step: Mapped[str] = mapped_column(String(64))
    value: Mapped[Any] = mapped_column(JSON(none_as_null=False))
    at: Mapped[instant]
    replaced_at: Mapped[instant_or_none]


class Interview(Base):
    """A questionnaire in force (`replaced_at` NULL) or one that a correction took out of the form."""

    __tablename__ = "interview"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 10", name="rating"),
        partial_index("uq_interview_respondent", "respondent_id", where="replaced_at IS NULL", unique=True),
        partial_index("uq_interview_attempt", "attempt_id", where="replaced_at IS NULL", unique=True),
    )

    id: Mapped[pk]
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    script_version_id: Mapped[int] = mapped_column(ForeignKey("script_version.id"))
    rating: Mapped[int]
    words: Mapped[str] = mapped_column(String(2000), default="")
    comment: Mapped[str] = mapped_column(String(2000), default="")
    #: The rating was given and the talk was cut off: the reason is empty (requirements §4).
    cut_off: Mapped[bool] = mapped_column(default=False)
    completed_at: Mapped[instant]
    checked_at: Mapped[instant_or_none]
    replaced_at: Mapped[instant_or_none]


class InterviewReason(Base):
    """A prompt the client agreed with, with its words of that script version."""

    __tablename__ = "interview_reason"
    __table_args__ = (UniqueConstraint("interview_id", "prompt"),)

    id: Mapped[pk]
    interview_id: Mapped[int] = mapped_column(ForeignKey("interview.id"))
    prompt: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]


class UnsuitableAnswer(Base):
    """What a client said that no answer of the step fits: for the script's author (R18)."""

    __tablename__ = "unsuitable_answer"
    __table_args__ = (Index(None, "script_version_id", "step"),)

    id: Mapped[pk]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    script_version_id: Mapped[int] = mapped_column(ForeignKey("script_version.id"))
    step: Mapped[str] = mapped_column(String(64))
    words: Mapped[str] = mapped_column(String(2000))
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]


class UnsuitableUse(Base):
    """What the script's author has made of a client's words: a part of the draft, or nothing (`dismissed`)."""

    __tablename__ = "unsuitable_use"
    __table_args__ = (one_of("used_as", "answer", "prompt", "objection", "question", "dismissed"),)

    unsuitable_id: Mapped[int] = mapped_column(
        ForeignKey("unsuitable_answer.id"), primary_key=True, autoincrement=False
    )
    used_as: Mapped[code]
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]
