"""A dial and how it ended."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, json_object, one_of, partial_index, pk

SOURCES = ("operator", "exchange", "inbound")


class CallAttempt(Base):
    """One dial of one client. Open until it has a result (`closed_at`), also when the line is down already.

    `handed_over_at`: its operator left the result to the manager. Nobody holds the client then; his claim keys stay, so
    that nobody is given him, or anyone with his phones, before the manager has settled the call.

    Local day and minute, region and branch are copied when the row is written: reports stay true when directories
    change. `disposition` is that of the last outcome row, kept here for the covering index of the reports.
    """

    __tablename__ = "call_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id", "purpose"], ["campaign.id", "campaign.purpose"]),
        one_of("source", *SOURCES),
        CheckConstraint("(closed_at IS NULL) = (disposition IS NULL)", name="closed_with_result"),
        # A client without a region is never dialled, but he may call (requirements §4).
        CheckConstraint("source = 'inbound' OR region_code IS NOT NULL", name="region_of_dial"),
        CheckConstraint("purpose <> 'training' OR source <> 'exchange'", name="training_without_exchange"),
        CheckConstraint("ring_ms >= 0 AND talk_ms >= 0 AND survey_ms >= 0", name="durations"),
        partial_index("uq_call_attempt_open_respondent", "respondent_id", where="closed_at IS NULL", unique=True),
        # A call handed to the manager no longer stands between its operator and the next client.
        partial_index(
            "uq_call_attempt_open_operator",
            "operator_id",
            where="closed_at IS NULL AND handed_over_at IS NULL",
            unique=True,
        ),
        Index(
            "ix_call_attempt_report",
            "campaign_id",
            "local_day",
            "operator_id",
            "disposition",
            "source",
            "region_code",
            "branch_id",
            "talk_ms",
            "ring_ms",
            "survey_ms",
            "local_minute",
        ),
        # The newest calls: the list of them, and what the forecast learns from.
        Index(None, "campaign_id", "dialled_at", "id"),
        # The seconds that use up the contract's minutes; as few rows as the limit itself allows.
        partial_index("ix_call_attempt_talk", "campaign_id", "talk_ms", where="talk_ms > 0 AND source <> 'inbound'"),
        Index(None, "respondent_id", "dialled_at"),
        Index(None, "operator_id", "dialled_at"),
        Index(None, "e164", "local_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    campaign_id: Mapped[int]
    purpose: Mapped[code]
    operator_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    phone_id: Mapped[int] = mapped_column(ForeignKey("respondent_phone.id"))
    e164: Mapped[str] = mapped_column(String(16))
    script_version_id: Mapped[int] = mapped_column(ForeignKey("script_version.id"))
    source: Mapped[code]
    dialled_at: Mapped[instant]
    ringing_at: Mapped[instant_or_none]
    answered_at: Mapped[instant_or_none]
    #: «Удобно» and the farewell bound the survey time (R14); break-in lines are counted apart and taken off.
    consent_at: Mapped[instant_or_none]
    farewell_at: Mapped[instant_or_none]
    break_since: Mapped[instant_or_none]
    break_ms: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[instant_or_none]
    closed_at: Mapped[instant_or_none]
    handed_over_at: Mapped[instant_or_none]
    #: What the operator wrote down beside the result: shown on the card from then on.
    note: Mapped[str] = mapped_column(String(1000), default="")
    last_activity_at: Mapped[instant]
    ring_ms: Mapped[int] = mapped_column(default=0)
    talk_ms: Mapped[int] = mapped_column(default=0)
    survey_ms: Mapped[int] = mapped_column(default=0)
    #: How far the operator's clock and the exchange's were apart at the answer or the end; None without an exchange.
    clock_gap_ms: Mapped[int | None]
    disposition: Mapped[str | None] = mapped_column(ForeignKey("disposition.code"))
    local_day: Mapped[date]
    local_minute: Mapped[int]
    operator_day: Mapped[date]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))


class AttemptOutcome(Base):
    """A word about how a call ended; the last one holds. Corrections append (requirements §3)."""

    __tablename__ = "attempt_outcome"
    __table_args__ = (
        UniqueConstraint("attempt_id", "n"),
        one_of("source", "operator", "correction", "exchange", "manager", "review"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    n: Mapped[int]
    disposition: Mapped[str] = mapped_column(ForeignKey("disposition.code"))
    #: The time promised to the client, for results that carry one.
    callback_at: Mapped[instant_or_none]
    source: Mapped[code]
    by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]
    reason: Mapped[str] = mapped_column(String(500), default="")
    #: What this very word did beside the client's state, so that it can be taken back with it; {} afterwards.
    effects: Mapped[json_object] = mapped_column(JSON, default=dict)


class DispositionRow(Base):
    """The closed table of results as data (requirements §4).

    Filled from `nps.domain.disposition` by the migration, guarded by a test.
    """

    __tablename__ = "disposition"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(32))
    misses: Mapped[bool]
    reaches_network: Mapped[bool]
    conversation: Mapped[bool]
    min_ring_s: Mapped[int]
    note_needed: Mapped[bool]
    aapor: Mapped[str] = mapped_column(String(8))


class LineCommand(Base):
    """What an operator's press asks of the exchange; the process that holds the link carries it out, once.

    `number` is whom to connect: the client, or a branch; `dtmf` what is sent as tones when he has answered, his
    extension. A command that could not be carried out says why.
    """

    __tablename__ = "line_command"
    __table_args__ = (
        one_of("kind", "call", "hang_up", "transfer"),
        one_of("state", "waiting", "sent", "failed"),
        partial_index("ix_line_command_waiting", "id", where="state = 'waiting'"),
        Index(None, "attempt_id"),
    )

    id: Mapped[pk]
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("call_attempt.id"))
    kind: Mapped[code]
    number: Mapped[str] = mapped_column(String(24), default="")
    dtmf: Mapped[str] = mapped_column(String(10), default="")
    state: Mapped[code] = mapped_column(default="waiting")
    problem: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[instant]
    done_at: Mapped[instant_or_none]


class ExchangeLink(Base):
    """The link to the exchange, one row: renewed every few seconds while it holds."""

    __tablename__ = "exchange_link"

    id: Mapped[pk]
    heard_at: Mapped[instant_or_none]
    problem: Mapped[str] = mapped_column(String(200), default="")


class TelephonyEvent(Base):
    """What a line reported; the desk's buttons come the same way with source `operator`."""

    __tablename__ = "telephony_event"
    __table_args__ = (
        Index(None, "attempt_id", "at"),
        partial_index("ix_telephony_event_strangers", "received_at", where="attempt_id IS NULL"),
    )

    id: Mapped[pk]
    provider: Mapped[code]
    dedup: Mapped[str] = mapped_column(String(120), unique=True)
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))
    type: Mapped[code]
    at: Mapped[instant]
    received_at: Mapped[instant]
    raw: Mapped[json_object] = mapped_column(JSON, default=dict)
