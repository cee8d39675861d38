"""A question out of scope and the letter that carries it (R15)."""

from __future__ import annotations

from datetime import time
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
        partial_index("ix_escalation_due", "due_at", where="due_at IS NOT NULL AND answered_at IS NULL"),
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
    #: When the client must have his answer, fixed with the escalation by the terms of its campaign.
    due_at: Mapped[instant_or_none]
    #: The first answer, or the closing without one.
    answered_at: Mapped[instant_or_none]
    #: The specialist asks to call the client; done by the first conversation after it.
    call_asked_at: Mapped[instant_or_none]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[instant_or_none]
    resolution: Mapped[str] = mapped_column(String(2000), default="")


class EscalationNote(Base):
    """What the specialist wrote while working through an escalation."""

    __tablename__ = "escalation_note"
    __table_args__ = (one_of("kind", "note", "answer", "call", "close"), Index(None, "escalation_id"))

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
        one_of("kind", "escalation", "test", "reminder", "digest", "report"),
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
    #: Escalation id of an escalation and its reminder, campaign id of a test letter and a digest, user id of a report.
    subject_id: Mapped[int]
    dedupe: Mapped[str] = mapped_column(String(120), unique=True)
    #: Addresses by commas; '' means the installation's default one, filled in when the letter is first tried.
    recipient: Mapped[str] = mapped_column(String(254))
    #: What the letter says, as it was when the row was written.
    payload: Mapped[json_object] = mapped_column(JSON, default=dict)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[code]
    phase: Mapped[str] = mapped_column(String(8), default="")
    tries: Mapped[int] = mapped_column(default=0)
    #: Tries that ended between DATA and its answer: the letter may have arrived.
    doubts: Mapped[int] = mapped_column(default=0)
    #: Of the recipients, those the server would not take the letter for while it took it for the others.
    refused: Mapped[str] = mapped_column(String(254), default="")
    #: The last try found no server: once there is one again the letter need not wait out its delay.
    unreached: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[instant]
    next_try_at: Mapped[instant_or_none]
    lease_until: Mapped[instant_or_none]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    server_said: Mapped[str] = mapped_column(String(500), default="")
    tried_at: Mapped[instant_or_none]
    sent_at: Mapped[instant_or_none]


class MailServer(Base):
    """What the last tries have shown of the mail server. One row, written with the first failure.

    After two failures in a row letters wait, and one of them a minute goes out as a probe.
    """

    __tablename__ = "mail_server"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[pk]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[instant_or_none]
    probe_at: Mapped[instant_or_none]
    said: Mapped[str] = mapped_column(String(500), default="")


class AnswerTerms(Base):
    """How soon a campaign's escalations must be answered. No row: no deadline, no reminder, no digest.

    Working hours are Monday to Friday less holidays, [opens, closes) of the zone. `remind_before_min`: plain minutes.
    """

    __tablename__ = "answer_terms"
    __table_args__ = (
        CheckConstraint("opens < closes", name="opens_before_closes"),
        CheckConstraint("within_h > 0", name="within_h"),
        CheckConstraint("remind_before_min IS NULL OR within_h IS NOT NULL", name="reminder_of_a_deadline"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    within_h: Mapped[int | None]
    opens: Mapped[time]
    closes: Mapped[time]
    zone: Mapped[str] = mapped_column(String(40))
    remind_before_min: Mapped[int | None]
    digest_at: Mapped[time | None]
