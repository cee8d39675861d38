"""Help on the line: what operators on shift and managers write to each other."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, one_of, partial_index, pk


class ShiftMessage(Base):
    """A request of an operator, a manager's answer to one, or a note of his to people on shift.

    No name and no number of a client stands in it: `respondent_id` leads to his card, which asks who may see it.
    """

    __tablename__ = "shift_message"
    __table_args__ = (
        one_of("kind", "request", "answer", "note"),
        CheckConstraint("(kind = 'answer') = (request_id IS NOT NULL)", name="answers_name_their_request"),
        CheckConstraint("kind = 'request' OR (closed_at IS NULL AND respondent_id IS NULL)", name="requests_alone"),
        partial_index(
            "uq_shift_message_open", "author_id", where="kind = 'request' AND closed_at IS NULL", unique=True
        ),
        Index(None, "campaign_id", "id"),
        Index(None, "respondent_id"),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    kind: Mapped[code]
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    #: Whose card lay on the desk when help was asked for.
    respondent_id: Mapped[int | None] = mapped_column(ForeignKey("respondent.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("shift_message.id"))
    text: Mapped[str] = mapped_column(String(300), default="")
    sent_at: Mapped[instant]
    #: A request: answered, or its author's shift has ended.
    closed_at: Mapped[instant_or_none]


class ShiftMessageReader(Base):
    """Whom an answer or a note is for, and when he put it away as read."""

    __tablename__ = "shift_message_reader"
    __table_args__ = (Index(None, "user_id", "message_id"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("shift_message.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    read_at: Mapped[instant_or_none]
