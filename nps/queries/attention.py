"""What waits for a manager in a campaign: calls their operators left without a result, promises nobody kept (§4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from nps.models import Appointment, CallAttempt, Region, Respondent, User
from nps.queries.call_queue import in_nobodys_hands

#: A call that waits for its result longer than this is the manager's too: its operator has forgotten it.
FORGOTTEN = timedelta(minutes=30)
#: Ten minutes a promise is its owner's, ten more anyone's; then it is missed.
MISSED = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class UnsettledCall:
    """A call without a result. `since`, aware UTC: when it was handed over, else its last activity."""

    id: UUID
    respondent_id: int
    organisation: str
    operator: str
    handed_over: bool
    since: datetime
    note: str


@dataclass(frozen=True, slots=True)
class MissedCallback:
    """A promise whose time went by without a call. `at` is aware UTC, `zone` the client's."""

    respondent_id: int
    organisation: str
    contact: str
    owner: str
    at: datetime
    zone: str


def unsettled(session: Session, campaign_id: int, now: datetime) -> list[UnsettledCall]:
    """Calls handed over, and those nobody has touched for half an hour, the longest waiting first."""
    rows = session.execute(
        select(CallAttempt, Respondent.organisation, User.full_name)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(User, User.id == CallAttempt.operator_id)
        .where(CallAttempt.campaign_id == campaign_id, _is_unsettled(now))
    )
    found = [
        UnsettledCall(
            id=call.id,
            respondent_id=call.respondent_id,
            organisation=organisation,
            operator=name,
            handed_over=call.handed_over_at is not None,
            since=call.handed_over_at or call.last_activity_at,
            note=call.note,
        )
        for call, organisation, name in rows
    ]
    return sorted(found, key=lambda call: call.since)


def missed_callbacks(session: Session, campaign_id: int, now: datetime) -> list[MissedCallback]:
    """Promised calls nobody made, the oldest first; a client somebody is busy with is not among them."""
    rows = session.execute(
        select(Appointment.at, Respondent, User.full_name, Region.zone)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .join(User, User.id == Appointment.owner_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(*_are_missed(campaign_id, now))
        .order_by(Appointment.at)
    )
    return [
        MissedCallback(client.id, client.organisation, client.contact, name, at, zone or "Europe/Moscow")
        for at, client, name, zone in rows
    ]


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
