"""Regions, the customer's branches (ОП) in them, and whom to connect a client with (R7, R19)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, pk


class Region(Base):
    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    zone: Mapped[str] = mapped_column(String(64))


class Branch(Base):
    """ОП. Its region decides when its clients may be called; without one they are not callable."""

    __tablename__ = "branch"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str] = mapped_column(String(200))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    area_code: Mapped[str] = mapped_column(String(6), default="")
    #: Where escalations of its clients go instead of the campaign's address; '' for nowhere else.
    escalation_email: Mapped[str] = mapped_column(String(254), default="")


class BranchAlias(Base):
    """A spelling of a branch in a customer's workbook, folded (`nps.domain.search.fold`)."""

    __tablename__ = "branch_alias"
    __table_args__ = (UniqueConstraint("customer_id", "alias_fold"),)

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    alias_fold: Mapped[str] = mapped_column(String(200))


class BranchContact(Base):
    """R19: a person or line of a branch or of a department without a branch."""

    __tablename__ = "branch_contact"
    __table_args__ = (
        CheckConstraint("branch_id IS NOT NULL OR department <> ''", name="belongs"),
        Index(None, "customer_id", "branch_id"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    department: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(300), default="")
