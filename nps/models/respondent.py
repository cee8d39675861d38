"""The client to survey, his phones, the events that steer his case, and the keys of phones in use."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, json_object, name, one_of, partial_index, pk

STATES = ("waiting", "manager", "surveyed", "refused", "unsuccessful", "inactive", "unreached", "withdrawn")

EVENT_KINDS = (
    "reopened",
    "returned",
    "number_added",
    "organisation_refused",
    "refused",
    "stop_listed",
    "stop_lifted",
    "withdrawn",
    "unreached",
    "taken_back",
)


class Respondent(Base):
    """One client is one row of the base: one contact of one organisation (R2).

    `state`, `queue_class`, `next_call_at`, `next_reason` and `misses` are what `nps.domain.case.fold` made of the
    client's history; nothing else writes them. A held client is either shown (lease `held_until`) or dialled (no
    `held_until`; an open call stands beside it).
    """

    __tablename__ = "respondent"
    __table_args__ = (
        UniqueConstraint("campaign_id", "identity"),
        one_of("state", *STATES),
        CheckConstraint("inn IS NULL OR inn <> ''", name="inn_null_never_empty"),
        CheckConstraint("(held_by IS NULL) = (held_token IS NULL)", name="held_with_token"),
        CheckConstraint("held_by IS NULL OR state NOT IN ('withdrawn')", name="held_state"),
        CheckConstraint("state = 'waiting' OR next_call_at IS NULL", name="due_only_while_waiting"),
        partial_index(
            "ix_respondent_queue",
            "campaign_id",
            "queue_class",
            "region_code",
            "next_call_at",
            "id",
            where="state = 'waiting' AND held_by IS NULL AND next_call_at IS NOT NULL",
        ),
        partial_index("uq_respondent_held_by", "held_by", where="held_by IS NOT NULL", unique=True),
        partial_index("ix_respondent_held_inn", "inn", where="held_by IS NOT NULL"),
        Index(None, "campaign_id", "state", "branch_id"),
        Index(None, "campaign_id", "inn"),
    )

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    inn: Mapped[str | None] = mapped_column(String(12))
    organisation: Mapped[name]
    contact: Mapped[name] = mapped_column(String(300), default="")
    #: How the greeting addresses the client (R17); '' greets without a name.
    greeting_name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    #: Organisation, contact, INN and phone digits, folded: what the search looks in.
    search_fold: Mapped[str] = mapped_column(String(1000))
    #: What makes a row of the base the same client: INN, phone and contact, folded (R2).
    identity: Mapped[str] = mapped_column(String(400))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("sample_import.id"))
    loaded_at: Mapped[instant]
    state: Mapped[code] = mapped_column(String(16), default="waiting")
    queue_class: Mapped[int | None]
    next_call_at: Mapped[instant_or_none]
    next_reason: Mapped[json_object] = mapped_column(JSON, default=dict)
    misses: Mapped[int] = mapped_column(default=0)
    #: Whose promise the next call is, and until when it stays his while he is on shift.
    callback_owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reserved_until: Mapped[instant_or_none]
    held_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    held_until: Mapped[instant_or_none]
    held_token: Mapped[str | None] = mapped_column(String(32))
    withdrawn_at: Mapped[instant_or_none]
    #: Since then the row is a count: everything that said who the client is was overwritten (R20).
    erased_at: Mapped[instant_or_none]


class RespondentPhone(Base):
    """Numbers of a client in the order they are tried. `state` and `is_next` are written by the fold alone.

    `is_next`: the number that the next call goes to. It stands here and not on the client, because two tables that
    name each other can be neither filled nor emptied in an order; the index sees to it that a client has one.
    """

    __tablename__ = "respondent_phone"
    __table_args__ = (
        UniqueConstraint("respondent_id", "e164", "extension"),
        one_of("state", "live", "dead"),
        Index(None, "e164"),
        partial_index("uq_respondent_phone_next", "respondent_id", where="is_next", unique=True),
    )

    id: Mapped[pk]
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    position: Mapped[int]
    e164: Mapped[str] = mapped_column(String(16))
    extension: Mapped[str] = mapped_column(String(10), default="")
    state: Mapped[str] = mapped_column(String(8), default="live")
    is_next: Mapped[bool] = mapped_column(default=False)
    guessed: Mapped[bool] = mapped_column(default=False)
    #: What the base says beside the number: whose it is, when to call; '' for nothing.
    words: Mapped[str] = mapped_column(String(200), default="")
    #: Who gave the number: the base, or a client in a call.
    source: Mapped[code] = mapped_column(String(16), default="base")


class CaseEvent(Base):
    """What happened to a case outside a call; append-only, folded together with the calls."""

    __tablename__ = "case_event"
    __table_args__ = (one_of("kind", *EVENT_KINDS), Index(None, "respondent_id", "at"))

    id: Mapped[pk]
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"))
    kind: Mapped[code]
    at: Mapped[instant]
    by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    detail: Mapped[json_object] = mapped_column(JSON, default=dict)


class ClaimKey(Base):
    """A row per phone of a held client: the same phone is never with two operators, across campaigns."""

    __tablename__ = "claim_key"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    respondent_id: Mapped[int] = mapped_column(ForeignKey("respondent.id"), index=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class StopList(Base):
    """R21: a phone or an organisation not to be called in any campaign of a customer."""

    __tablename__ = "stop_list"
    __table_args__ = (
        CheckConstraint("(e164 IS NULL) <> (inn IS NULL)", name="phone_or_inn"),
        partial_index(
            "uq_stop_list_phone", "customer_id", "e164", where="e164 IS NOT NULL AND lifted_at IS NULL", unique=True
        ),
        partial_index(
            "uq_stop_list_inn", "customer_id", "inn", where="inn IS NOT NULL AND lifted_at IS NULL", unique=True
        ),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    e164: Mapped[str | None] = mapped_column(String(16))
    inn: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(300))
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[instant]
    lifted_at: Mapped[instant_or_none]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    lift_reason: Mapped[str] = mapped_column(String(300), default="")
