"""A question out of scope and the letter that carries it (R15)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, json_object, one_of, partial_index, pk

OUTBOX_STATES = ("waiting", "sending", "sent", "caught", "unknown", "failed")


class Escalation(Base):
    """The six columns as they were when the operator saved them; later changes of the client do not reach them."""

    __tablename__ = "escalation"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"]),
        one_of("state", "open", "taken", "answered", "closed"),
        Index(None, "campaign_id", "state", "created_at"),
        Index(None, "respondent_id"),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int]
    purpose: Mapped[code]
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))
    raised_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[instant]
    organisation: Mapped[str] = mapped_column(String(300))
    inn: Mapped[str] = mapped_column(String(12))
    contact: Mapped[str] = mapped_column(String(300))
    phone: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(254))
    text: Mapped[str] = mapped_column(String(4000))
    #: The time the client asked to be called back at, in his words (script line 4, step 5).
    wished_time: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[code]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_at: Mapped[instant_or_none]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[instant_or_none]
    resolution: Mapped[str] = mapped_column(String(2000), default="")


class EscalationNote(Base):
    """What the specialist wrote while working through an escalation."""

    __tablename__ = "escalation_note"
    __table_args__ = (one_of("kind", "note", "answer", "close"), Index(None, "escalation_id"))

    id: Mapped[pk]
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]
    kind: Mapped[code]
    text: Mapped[str] = mapped_column(String(2000))


class Outbox(Base):
    """A letter to send, written in the transaction of the event that causes it. The row is the record; RQ only nudges.

    `outside` is true for letters that leave the house: the database allows it for a survey only.
    `phase` is `data` from before DATA on: a lease that ends in it leaves the letter `unknown` instead of sending it
    blindly again. `next_try_at` is set while the letter will be tried by itself; an `unknown` or `failed` one without
    it waits for a person.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"]),
        CheckConstraint("purpose = 'survey' OR NOT outside", name="outside_letters_of_a_survey_only"),
        one_of("kind", "escalation", "test"),
        one_of("state", *OUTBOX_STATES),
        one_of("phase", "", "data"),
        CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease"),
        CheckConstraint("(state = 'sending') = (lease_token IS NOT NULL)", name="sending_with_lease"),
        CheckConstraint("next_try_at IS NULL OR state IN ('waiting', 'unknown')", name="next_try"),
        partial_index("ix_outbox_due", "next_try_at", where="next_try_at IS NOT NULL"),
        partial_index("ix_outbox_leased", "lease_until", where="lease_until IS NOT NULL"),
        Index(None, "kind", "subject_id"),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int]
    purpose: Mapped[code]
    outside: Mapped[bool]
    kind: Mapped[code]
    #: Escalation id, or campaign id of a test letter.
    subject_id: Mapped[int]
    dedupe: Mapped[str] = mapped_column(String(120), unique=True)
    #: '' means the installation's default address, filled in when the letter is first tried.
    recipient: Mapped[str] = mapped_column(String(254))
    #: What the letter says, as it was when the row was written.
    payload: Mapped[json_object] = mapped_column(JSON, default=dict)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[code]
    phase: Mapped[str] = mapped_column(String(8), default="")
    tries: Mapped[int] = mapped_column(default=0)
    #: Tries that ended between DATA and its answer: the letter may have arrived.
    doubts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[instant]
    next_try_at: Mapped[instant_or_none]
    lease_until: Mapped[instant_or_none]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    server_said: Mapped[str] = mapped_column(String(500), default="")
    tried_at: Mapped[instant_or_none]
    sent_at: Mapped[instant_or_none]
