"""Who gets a campaign's figures by mail, and what became of the last letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.report_letter import OFF
from nps.models import Outbox, ReportSubscription, User


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person who asked for the letter; `letter_state` and `letter_at` are None before the first one."""

    name: str
    role: str
    email: str
    active: bool
    every: str
    since: datetime
    letter_state: str | None
    letter_at: datetime | None


def receivers(session: Session, campaign_id: int) -> list[Receiver]:
    """Everybody who asked for a campaign's letter, by name."""
    last = (
        select(Outbox.subject_id, func.max(Outbox.id).label("id"))
        .where(Outbox.kind == "report", Outbox.campaign_id == campaign_id)
        .group_by(Outbox.subject_id)
        .subquery("last")
    )
    found = session.execute(
        select(
            User.full_name,
            User.role,
            func.coalesce(User.email, ""),
            User.active,
            ReportSubscription.every,
            ReportSubscription.since,
            Outbox.state,
            Outbox.created_at,
        )
        .select_from(ReportSubscription)
        .join(User, User.id == ReportSubscription.user_id)
        .outerjoin(last, last.c.subject_id == User.id)
        .outerjoin(Outbox, Outbox.id == last.c.id)
        .where(ReportSubscription.campaign_id == campaign_id)
        .order_by(User.full_name, User.id)
    )
    return [Receiver(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has set for himself: how often, and his address."""

    every: str
    email: str


def wish_of(session: Session, user_id: int, campaign_id: int) -> Wish:
    """A person's own setting for a campaign; off without one."""
    own = ReportSubscription.user_id == User.id, ReportSubscription.campaign_id == campaign_id
    every, email = session.execute(
        select(ReportSubscription.every, User.email).select_from(User).outerjoin(ReportSubscription, own[0] & own[1])
        .where(User.id == user_id)
    ).one()  # fmt: skip
    return Wish(every or OFF, email or "")
