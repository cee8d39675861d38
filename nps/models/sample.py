"""Loading the customer's base: the load, and a row for each line of the workbook, which is the receipt (R2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from nps.domain.sample import Understood
from nps.models.base import Base, code, instant, instant_or_none, json_object, name, one_of, pk

IMPORT_STATES = (
    "uploaded",
    "reading",
    "understood",
    "checking",
    "checked",
    "publishing",
    "published",
    "failed",
    "cancelled",
)
ROW_FATES = ("accepted", "corrected", "duplicate", "rejected", "empty", "update")
#: What is decided about a row that means a client or may mean one: `asked`, nobody has said yet whether it does;
#: `separate`, it does not and is a client of its own. `stale`: he has changed since, so that nobody has seen what would
#: be overwritten.
PROPOSALS = ("asked", "proposed", "skipped", "separate", "applied", "stale")


class _UnderstoodJson(TypeDecorator[Understood]):
    """The one place where what is known of a load becomes JSON, and is read back."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Understood | None, dialect: Dialect) -> Any:
        return None if value is None else value.as_json()

    def process_result_value(self, value: Any, dialect: Dialect) -> Understood | None:
        return None if value is None else Understood.from_json(value)


class SampleImport(Base):
    __tablename__ = "sample_import"
    __table_args__ = (one_of("state", *IMPORT_STATES), Index(None, "campaign_id", "created_at"))

    id: Mapped[pk]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[instant]
    file_name: Mapped[name]
    file_path: Mapped[name]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    state: Mapped[code]
    understood: Mapped[Understood] = mapped_column(_UnderstoodJson, default=Understood)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    #: A Russian sentence for the person who loads, when state is `failed`.
    problem: Mapped[str] = mapped_column(String(500), default="")
    lease_until: Mapped[instant_or_none]
    published_at: Mapped[instant_or_none]


class ImportRow(Base):
    __tablename__ = "import_row"
    __table_args__ = (
        UniqueConstraint("import_id", "row_no"),
        one_of("fate", *ROW_FATES),
        CheckConstraint("fate IN ('accepted', 'corrected', 'empty') OR reason <> ''", name="reason_given"),
        CheckConstraint("(fate IN ('accepted', 'corrected', 'update')) = (identity IS NOT NULL)", name="clients_known"),
        one_of("proposal", *PROPOSALS),
        CheckConstraint("(fate = 'update') = (proposal IS NOT NULL)", name="updates_proposed"),
        Index(None, "import_id", "fate"),
    )

    id: Mapped[pk]
    import_id: Mapped[int] = mapped_column(ForeignKey("sample_import.id"))
    row_no: Mapped[int]
    fate: Mapped[code]
    reason: Mapped[str] = mapped_column(String(500), default="")
    #: Cell texts by field as they stood, and the fields that are stored otherwise.
    raw: Mapped[json_object] = mapped_column(JSON)
    changed: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: Fields whose cells are wrong: they are coloured in the workbook that goes back.
    faulty: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: What will be stored, for a row that becomes a client: columns, so that one INSERT … SELECT publishes them.
    identity: Mapped[str | None] = mapped_column(String(400))
    branch_fold: Mapped[str | None] = mapped_column(String(300))
    inn: Mapped[str | None] = mapped_column(String(12))
    organisation: Mapped[str | None] = mapped_column(String(300))
    contact: Mapped[str | None] = mapped_column(String(300))
    greeting_name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    search_fold: Mapped[str | None] = mapped_column(String(1000))
    stopped: Mapped[bool] = mapped_column(default=False)
    e164: Mapped[str | None] = mapped_column(String(16))
    extension: Mapped[str | None] = mapped_column(String(10))
    guessed: Mapped[bool] = mapped_column(default=False)
    #: Words that stood beside the number: a name, a post, hours.
    phone_words: Mapped[str | None] = mapped_column(String(200))
    #: Further numbers of the client in their order; few rows have any.
    spare_phones: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    #: The row of this load, or the client, that this row repeats.
    same_as_row: Mapped[int | None]
    respondent_id: Mapped[int | None] = mapped_column(ForeignKey("respondent.id"))
    #: A row that changes a client: what he had at the check, and what was decided about the change.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    proposal: Mapped[str | None] = mapped_column(String(16))
    #: Only a person can say whether the row means him.
    is_question: Mapped[bool] = mapped_column(default=False)


class ColumnMapping(Base):
    """Headers of a customer's workbook, remembered with what their columns mean."""

    __tablename__ = "column_mapping"
    __table_args__ = (UniqueConstraint("customer_id", "signature"),)

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    signature: Mapped[str] = mapped_column(String(64))
    columns: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The headers as they stood: they carry the mapping over to a workbook with other columns.
    titles: Mapped[list[str]] = mapped_column(JSON, default=list)
    used_at: Mapped[instant]
