"""What is due and may have lost its nudge: the sweeper's only question. It changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from nps.adapters.queue import BULK, LETTERS
from nps.models import JobRun
from nps.services import (
    answer_terms,
    cases,
    letters,
    personal_data,
    recordings,
    reminders,
    report_letters,
    sample,
    stop_file,
    telephony,
)
from nps.services.reports import exporting


class Nudge(NamedTuple):
    """A word to the worker of `queue`: call the function `job` with this row."""

    queue: str
    job: str
    id: int


def due(session: Session, now: datetime) -> list[Nudge]:
    """What is due at `now` (aware UTC) or whose worker has vanished: letters, loads, acts, recordings, long jobs …

    Reminders go by the letters' queue: behind a large load they would come too late. The morning's letters with figures
    have until noon, and counting them must hold up no escalation: they are written in the other one.
    """
    return [
        *(Nudge(LETTERS, letters.SEND_JOB, row_id) for row_id in letters.due_ids(session, now)),
        *(Nudge(LETTERS, reminders.WRITE_JOB, row_id) for row_id in reminders.campaigns_due(session, now)),
        *(Nudge(LETTERS, answer_terms.WRITE_JOB, row_id) for row_id in answer_terms.campaigns_due(session, now)),
        *(Nudge(BULK, report_letters.WRITE_JOB, row_id) for row_id in report_letters.campaigns_due(session, now)),
        *(Nudge(BULK, sample.JOB, row_id) for row_id in sample.waiting_imports(session)),
        *(Nudge(BULK, cases.GO_ON_JOB, row_id) for row_id in cases.unfinished(session)),
        *(Nudge(BULK, personal_data.JOB, row_id) for row_id in personal_data.unfinished(session, now)),
        *(Nudge(BULK, exporting.FORGET_JOB, row_id) for row_id in exporting.outdated(session, now)),
        *([Nudge(BULK, stop_file.FORGET_JOB, 0)] if stop_file.are_drafts_outdated(now) else ()),
        *_job_runs(session, now),
        *_recordings(session, now),
        *_telephony(session, now),
    ]


def _recordings(session: Session, now: datetime) -> list[Nudge]:
    """Files in the watched folder, sounds whose time is over, sounds that move on to the storage."""
    nudges = [Nudge(BULK, recordings.COLLECT_JOB, 0)] if recordings.is_anything_waiting(now) else []
    if recordings.is_anything_to_move(session):
        nudges.append(Nudge(BULK, recordings.MOVE_JOB, 0))
    return nudges + [
        Nudge(BULK, recordings.PURGE_JOB, row_id) for row_id in recordings.campaigns_to_purge(session, now)
    ]


def _telephony(session: Session, now: datetime) -> list[Nudge]:
    """Events of calls that are none of ours, when their days are over."""
    return [Nudge(BULK, telephony.FORGET_JOB, 0)] if telephony.are_strangers_outdated(session, now) else []


def _job_runs(session: Session, now: datetime) -> list[Nudge]:
    """Long jobs that nobody works on; the kind names the module of the job."""
    vanished = and_(JobRun.state == "running", JobRun.lease_until < now)
    found = session.execute(
        select(JobRun.kind, JobRun.id).where(or_(JobRun.state == "waiting", vanished)).order_by(JobRun.id)
    )
    return [Nudge(BULK, f"nps.jobs.{row.kind}.run", row.id) for row in found]
