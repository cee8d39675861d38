"""A survey wave: who works in it, when its clients may be called."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, BigId, code, instant, instant_or_none, name, one_of, partial_index, pk

PURPOSES = ("survey", "training", "demo")


class Campaign(Base):
    """R1. `purpose` is carried into letters by a composite key, so that only a survey can mail outside (R15)."""

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("id", "purpose"),
        one_of("purpose", *PURPOSES),
        one_of("admission", "off", "warn", "required"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint("purpose <> 'survey' OR NOT always_open", name="windows_of_a_survey"),
    )

    id: Mapped[pk]
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    title: Mapped[name]
    purpose: Mapped[code]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    paused_at: Mapped[instant_or_none]
    closed_at: Mapped[instant_or_none]
    #: Windows around the clock, for demonstration and training only.
    always_open: Mapped[bool] = mapped_column(default=False)
    script_version_id: Mapped[int] = mapped_column(ForeignKey("script_version.id"))
    soft_refusal_final: Mapped[bool] = mapped_column(default=True)
    admission: Mapped[str] = mapped_column(String(8), default="warn")
    #: R13, without an exchange: seconds between the click and the first ring.
    setup_allowance_s: Mapped[int] = mapped_column(default=8)
    #: Link the operator follows to dial; `{e164}` is replaced. `tel:` or `sip:`.
    dial_link: Mapped[str] = mapped_column(String(200), default="tel:{e164}")
    escalation_email: Mapped[str] = mapped_column(String(254), default="")
    #: Set when the specialist has confirmed the test letter of this address (R15).
    escalation_confirmed_at: Mapped[instant_or_none]
    #: Base as first loaded; coverage against it is shown beside the live one (requirements §4).
    original_clients: Mapped[int] = mapped_column(default=0)
    #: The customer sees a questionnaire once the manager has ticked it; calls and minutes always.
    answers_after_check: Mapped[bool] = mapped_column(server_default=false())
    legal_basis: Mapped[str] = mapped_column(String(500), default="")
    delete_on: Mapped[date | None]
    #: The last day recordings of conversations are kept; None: as long as the data of the campaign.
    recordings_until: Mapped[date | None]
    #: Whether the customer hears the recordings of his campaign.
    customer_hears: Mapped[bool] = mapped_column(default=False)
    #: Windows or rules have changed: clients with greater ids are to be decided anew. None: nobody is.
    undecided_after: Mapped[int | None] = mapped_column(BigId)
    #: Closed a moment ago, its report not yet kept: `by` whom and by which `zone` it is to be counted.
    closing: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: Since then nothing in it says who its clients were (R20).
    erased_at: Mapped[instant_or_none]
    created_at: Mapped[instant]


class CampaignMember(Base):
    """An operator assigned to a campaign; the lowest priority number is offered first (R1)."""

    __tablename__ = "campaign_member"
    __table_args__ = (UniqueConstraint("campaign_id", "user_id"), Index(None, "user_id"))

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    priority: Mapped[int] = mapped_column(default=1)
    admitted_at: Mapped[instant_or_none]


class CallingWindow(Base):
    """R7: half-open [opens, closes) in the region's own local time; weekday 0 is Monday."""

    __tablename__ = "calling_window"
    __table_args__ = (
        UniqueConstraint("campaign_id", "region_code", "weekday", "opens"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens < closes", name="opens_before_closes"),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class CampaignDay(Base):
    """An exception of the calendar: a day closed or opened, for one region or (NULL) for all (`days_off_of`)."""

    __tablename__ = "campaign_day"
    __table_args__ = (UniqueConstraint("campaign_id", "region_code", "day"),)

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    day: Mapped[date]
    is_open: Mapped[bool]
    note: Mapped[str] = mapped_column(String(200), default="")


class Shift(Base):
    """An operator's working time in one campaign; at most one open per operator."""

    __tablename__ = "shift"
    __table_args__ = (
        partial_index("uq_shift_open", "user_id", where="ended_at IS NULL", unique=True),
        Index(None, "campaign_id", "ended_at"),
    )

    id: Mapped[pk]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    #: The operator's name as said in the greeting during this shift.
    spoken_name: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[instant]
    ended_at: Mapped[instant_or_none]
    #: The call whose result is still on the operator's screen: until he asks for the next client.
    shown_result_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_attempt.id"))


class Pause(Base):
    """A break inside a shift; at most one open per shift."""

    __tablename__ = "pause"
    __table_args__ = (partial_index("uq_pause_open", "shift_id", where="ended_at IS NULL", unique=True),)

    id: Mapped[pk]
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    reason: Mapped[code]
    started_at: Mapped[instant]
    ended_at: Mapped[instant_or_none]
