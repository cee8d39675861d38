"""What a monitor asks the database: how long work has been waiting, and how much of it there is. Counts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, JobRun, LoginAttempt, Outbox, SampleImport, Shift, UserSession

_HOUR = timedelta(hours=1)
#: Loads that a worker has something to do with; in the other states a person's turn it is, or nobody's.
_AT_WORK = ("uploaded", "reading", "checking", "publishing")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts at one moment; times are seconds, 0 when nothing waits."""

    oldest_due_letter_s: int
    oldest_waiting_job_s: int
    letters: Mapping[str, int]
    open_calls: int
    open_shifts: int
    active_sessions: int
    failed_logins_last_hour: int


def figures(session: Session, now: datetime) -> Figures:
    """The figures at `now` (aware UTC). A letter is due from its next try on, or when its sender has vanished."""
    letter = session.scalar(
        select(func.min(func.coalesce(Outbox.next_try_at, Outbox.lease_until))).where(
            or_(Outbox.next_try_at <= now, Outbox.lease_until < now)
        )
    )
    free = or_(JobRun.state == "waiting", JobRun.lease_until < now)
    job = session.scalar(select(func.min(JobRun.created_at)).where(JobRun.state.in_(("waiting", "running")), free))
    load = session.scalar(
        select(func.min(SampleImport.created_at)).where(
            SampleImport.state.in_(_AT_WORK), or_(SampleImport.lease_until.is_(None), SampleImport.lease_until < now)
        )
    )
    by_state = session.execute(select(Outbox.state, func.count()).group_by(Outbox.state))
    return Figures(
        oldest_due_letter_s=_age(now, letter),
        oldest_waiting_job_s=max(_age(now, job), _age(now, load)),
        letters={state: count for state, count in by_state},
        open_calls=_count(session, CallAttempt.closed_at.is_(None)),
        open_shifts=_count(session, Shift.ended_at.is_(None)),
        active_sessions=_count(session, UserSession.revoked_at.is_(None) & (UserSession.last_seen_at > now - _HOUR)),
        failed_logins_last_hour=_count(session, LoginAttempt.key.startswith("a:") & (LoginAttempt.at > now - _HOUR)),
    )


def _age(now: datetime, since: datetime | None) -> int:
    return max(int((now - since).total_seconds()), 0) if since is not None else 0


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.execute(select(func.count()).where(condition)).scalar_one()
