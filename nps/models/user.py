"""People who log in, their sessions and the throttle of the login form."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from nps.domain.roles import ROLES
from nps.models.base import Base, BigId, code, instant, instant_or_none, one_of, partial_index, pk

GENDERS = ("female", "male")


class User(Base):
    """A login. `customer` and `specialist` are bound to one customer organisation, the others to none (§3)."""

    __tablename__ = "user_account"
    __table_args__ = (
        one_of("role", *ROLES),
        one_of("gender", *GENDERS),
        CheckConstraint("(role IN ('customer', 'specialist')) = (customer_id IS NOT NULL)", name="bound_to_customer"),
        # The exchange's events are given to a call by the telephone they speak of.
        partial_index("uq_user_account_extension", "extension", where="extension <> ''", unique=True),
    )

    id: Mapped[pk]
    login: Mapped[str] = mapped_column(String(100))
    login_fold: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    role: Mapped[code]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    full_name: Mapped[str] = mapped_column(String(200))
    spoken_name: Mapped[str] = mapped_column(String(100), default="")
    gender: Mapped[str] = mapped_column(String(8), default="female")
    email: Mapped[str | None] = mapped_column(String(254))
    #: The operator's telephone at the exchange, as the exchange calls it; '' when he dials by himself.
    extension: Mapped[str] = mapped_column(String(40), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[instant]


class UserSession(Base):
    """One login on one device. Only the hash of the cookie's token is stored; a revoked row ends the session."""

    __tablename__ = "user_session"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[pk]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[instant]
    last_seen_at: Mapped[instant]
    revoked_at: Mapped[instant_or_none]
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class LoginAttempt(Base):
    """A failed login under a throttle key (folded login, or address)."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(160))
    at: Mapped[instant]
