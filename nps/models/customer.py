"""The customer organisation and the contract whose minutes its campaigns share."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, name, one_of, pk


class Customer(Base):
    __tablename__ = "customer"

    id: Mapped[pk]
    name: Mapped[name]


class Contract(Base):
    """R6: the limit of outgoing traffic in seconds, and how the contract counts a minute."""

    __tablename__ = "contract"
    __table_args__ = (
        one_of("billing", "second", "minute"),
        one_of("gate", "exact", "billed"),
        CheckConstraint("budget_s >= 0", name="budget_s"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    number: Mapped[str] = mapped_column(String(100), default="")
    signed_on: Mapped[date | None]
    budget_s: Mapped[int]
    billing: Mapped[str] = mapped_column(String(8), default="minute")
    gate: Mapped[str] = mapped_column(String(8), default="billed")
