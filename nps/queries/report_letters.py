"""Who gets a campaign's figures by mail, and what became of the last letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from nps.domain.report_letter import OFF
from nps.models import Outbox, ReportSubscription, User


def receivers(session: Session, campaign_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Everybody who asked for a campaign's letter, by name. `letter_state` and `letter_at` are None without one."""
    last = (
        select(Outbox.subject_id, func.max(Outbox.id).label("id"))
        .where(Outbox.kind == "report", Outbox.campaign_id == campaign_id)
        .group_by(Outbox.subject_id)
        .subquery("last")
    )
    person = User.full_name.label("name"), User.role, User.email, User.active
    letter = Outbox.state.label("letter_state"), Outbox.created_at.label("letter_at")
    return session.execute(
        select(*person, ReportSubscription.every, ReportSubscription.since, *letter)
        .select_from(ReportSubscription)
        .join(User, User.id == ReportSubscription.user_id)
        .outerjoin(last, last.c.subject_id == User.id)
        .outerjoin(Outbox, Outbox.id == last.c.id)
        .where(ReportSubscription.campaign_id == campaign_id)
        .order_by(User.full_name, User.id)
    ).all()


def wish_of(session: Session, user_id: int, campaign_id: int) -> tuple[str, str]:
    """What a person has set for himself: how often a campaign's letter comes, off without a setting; his address."""
    subscription = session.get(ReportSubscription, (user_id, campaign_id))
    email = session.scalar(select(User.email).where(User.id == user_id))
    return (subscription.every if subscription else OFF), email or ""
