"""What is due and may have lost its nudge: the sweeper's only question. It changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from nps.adapters.queue import BULK, LETTERS
from nps.models import JobRun
from nps.services import letters, personal_data, reminders, sample
from nps.services.reports import exporting


class Nudge(NamedTuple):
    """A word to the worker of `queue`: call the function `job` with this row."""

    queue: str
    job: str
    id: int


def due(session: Session, now: datetime) -> list[Nudge]:
    """Letters, reminders, loads, acts and long jobs that are due at `now` (aware UTC) or whose worker has vanished.

    Reminders go by the letters' queue: behind a large load they would come too late.
    """
    return [
        *(Nudge(LETTERS, letters.SEND_JOB, row_id) for row_id in letters.due_ids(session, now)),
        *(Nudge(LETTERS, reminders.WRITE_JOB, row_id) for row_id in reminders.campaigns_due(session, now)),
        *(Nudge(BULK, sample.JOB, row_id) for row_id in sample.waiting_imports(session, now)),
        *(Nudge(BULK, personal_data.JOB, row_id) for row_id in personal_data.unfinished(session)),
        *(Nudge(BULK, exporting.FORGET_JOB, row_id) for row_id in exporting.outdated(session, now)),
        *_job_runs(session, now),
    ]


def _job_runs(session: Session, now: datetime) -> list[Nudge]:
    """Long jobs that nobody works on; the kind names the module of the job."""
    vanished = and_(JobRun.state == "running", JobRun.lease_until < now)
    found = session.execute(
        select(JobRun.kind, JobRun.id).where(or_(JobRun.state == "waiting", vanished)).order_by(JobRun.id)
    )
    return [Nudge(BULK, f"nps.jobs.{row.kind}.run", row.id) for row in found]
