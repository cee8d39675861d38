"""Long jobs with progress, and the keys that make a form count once."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nps.models.base import Base, code, instant, instant_or_none, json_object, one_of, pk


class JobRun(Base):
    """A job a person started and waits for (a load, an export); `lease_until` is renewed while it works."""

    __tablename__ = "job_run"
    __table_args__ = (
        one_of("state", "waiting", "running", "done", "failed", "cancelled"),
        Index(None, "state", "lease_until"),
    )

    id: Mapped[pk]
    kind: Mapped[code]
    arg: Mapped[json_object] = mapped_column(JSON, default=dict)
    state: Mapped[code]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    cancel: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    file: Mapped[str] = mapped_column(String(300), default="")
    problem: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[instant]
    lease_until: Mapped[instant_or_none]
    lease_token: Mapped[str | None] = mapped_column(String(32))


class FormKey(Base):
    """The key of a form that was carried out, with a hash of what it said: a repeat shows the first result.

    Another body is refused.
    """

    __tablename__ = "form_key"
    __table_args__ = (UniqueConstraint("key"), Index(None, "at"))

    id: Mapped[pk]
    key: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    route: Mapped[str] = mapped_column(String(80))
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[json_object] = mapped_column(JSON, default=dict)
    at: Mapped[instant]
