"""What waits for a manager in a campaign: calls their operators left without a result, promises nobody kept (§4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from nps.models import Appointment, CallAttempt, Region, Respondent, User
from nps.queries.call_queue import in_nobodys_hands

#: A call that waits for its result longer than this is the manager's too: its operator has forgotten it.
FORGOTTEN = timedelta(minutes=30)
#: Ten minutes a promise is its owner's, ten more anyone's; then it is missed.
MISSED = timedelta(minutes=20)


def unsettled(session: Session, campaign_id: int, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """Calls handed over, and those nobody has touched for half an hour, the longest waiting first.

    `since`, aware UTC: when the call was handed over, else its last activity.
    """
    since = func.coalesce(CallAttempt.handed_over_at, CallAttempt.last_activity_at)
    return session.execute(
        select(
            CallAttempt.id,
            CallAttempt.respondent_id,
            Respondent.organisation,
            User.full_name.label("operator"),
            CallAttempt.handed_over_at.is_not(None).label("handed_over"),
            since.label("since"),
            CallAttempt.note,
        )
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(User, User.id == CallAttempt.operator_id)
        .where(CallAttempt.campaign_id == campaign_id, _is_unsettled(now))
        .order_by(since)
    ).all()


def missed_callbacks(session: Session, campaign_id: int, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """Promised calls nobody made, the oldest first; a client somebody is busy with is not among them.

    `at` is aware UTC, `zone` the client's.
    """
    return session.execute(
        select(
            Appointment.respondent_id,
            Respondent.organisation,
            Respondent.contact,
            User.full_name.label("owner"),
            Appointment.at,
            func.coalesce(Region.zone, "Europe/Moscow").label("zone"),
        )
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .join(User, User.id == Appointment.owner_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(*_are_missed(campaign_id, now))
        .order_by(Appointment.at)
    ).all()


def count(session: Session, campaign_id: int, now: datetime) -> int:
    """How many lines both lists have."""
    calls = session.scalar(
        select(func.count()).select_from(CallAttempt).where(CallAttempt.campaign_id == campaign_id, _is_unsettled(now))
    )
    missed = session.scalar(
        select(func.count())
        .select_from(Appointment)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .where(*_are_missed(campaign_id, now))
    )
    return (calls or 0) + (missed or 0)


def _is_unsettled(now: datetime) -> ColumnElement[bool]:
    left = or_(CallAttempt.handed_over_at.is_not(None), CallAttempt.last_activity_at < now - FORGOTTEN)
    return and_(CallAttempt.closed_at.is_(None), left)


def _are_missed(campaign_id: int, now: datetime) -> Sequence[ColumnElement[bool]]:
    return (
        Appointment.state == "open",
        Appointment.at <= now - MISSED,
        Respondent.campaign_id == campaign_id,
        in_nobodys_hands(),
    )
