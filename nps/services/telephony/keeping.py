"""How long events of calls that are none of ours are kept (R20)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from nps.domain.telephony import STRANGER_DAYS
from nps.models import TelephonyEvent
from nps.services.acting import act
from nps.services.transaction import AnySession

#: The job on the queue `bulk` that calls `forget_strangers`.
FORGET_JOB = "nps.jobs.telephony.forget_strangers"
#: So many events are deleted by one job; the sweeper comes back for the rest. SQLite lets nobody else write meanwhile.
BATCH = 10_000


def are_strangers_outdated(session: Session, now: datetime) -> bool:
    """Whether events of calls that are none of ours are old enough to go. For the sweeper."""
    return session.scalar(_outdated(now).limit(1)) is not None


def forget_strangers(session: AnySession, now: datetime) -> int:
    """Delete events of calls that are none of ours when their days are over, with a line in the journal; how many.

    `now` is aware UTC. They tell who was called by whom and belong to nothing else, so no row stays. Called again, it
    does nothing.
    """
    with act(session, None, now) as a:
        ids = list(a.s.scalars(_outdated(now).order_by(TelephonyEvent.received_at).limit(BATCH)))
        if not ids:
            return 0
        a.s.execute(
            delete(TelephonyEvent).where(TelephonyEvent.id.in_(ids), TelephonyEvent.attempt_id.is_(None)),
            execution_options={"synchronize_session": False},
        )
        a.record("strangers_forgotten", "telephony_event", 0, after={"events": len(ids)})
        return len(ids)


def _outdated(now: datetime) -> Select[int]:
    """By whole days (UTC): a day makes one line in the journal, not one for each round of the sweeper."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    old = TelephonyEvent.received_at < today - timedelta(days=STRANGER_DAYS)
    return select(TelephonyEvent.id).where(TelephonyEvent.attempt_id.is_(None), old)
