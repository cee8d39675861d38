"""Files that somebody orders and takes when they are ready: a row of `job_run`, the work of the queue `bulk`.

waiting → running → done | failed | cancelled. The file lies in `exports/` of the data folder, is handed to its owner
only, goes after a day, and goes with every erasure (R20): a file that was being written over an act is written anew.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.adapters.report_sheet.writing import TooManyRowsError
from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.domain.local_time import Zone
from nps.models import JobRun
from nps.queries import exports as queries
from nps.queries.campaigns import campaign_for
from nps.queries.reports import EVERYTHING, begin_snapshot, seen_by
from nps.services import limits
from nps.services.acting import act
from nps.services.erased import last_act
from nps.services.journal import log_access
from nps.services.personal_data.files import folders
from nps.services.reports.base_book import write_base
from nps.services.reports.building import size_of_file, write_answers, write_forms, write_workbook
from nps.services.reports.delivery import ENDINGS, Download, file_name, may_take
from nps.services.transaction import AnySession, lock_claims, write

#: The module of the jobs, as the sweeper finds it in the row (`nps.jobs.exports`).
KIND = "exports"
RUN_JOB, FORGET_JOB = "nps.jobs.exports.run", "nps.jobs.exports.forget"
#: How long a finished file waits to be taken.
KEPT = timedelta(days=1)
_LEASE = timedelta(seconds=60)
_FREE: dict[str, None] = {"lease_until": None, "lease_token": None}
_REPORT_EVERY = 1000
_MAX_TRIES = 3
_TOO_MANY = "В этом проекте больше строк, чем вмещает лист Excel. Закажите CSV."
_BROKEN = "Собрать файл не получилось: ошибка на сервере, она записана. Закажите файл ещё раз."
_AGAIN = "Собрать файл не получилось несколько раз подряд. Сообщите администратору."
log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The file was cancelled, or another worker has the job."""


@dataclass(slots=True)
class _Lease:
    """The right to work on a job."""

    job_id: int
    token: str
    owner_id: int
    arg: dict[str, Any]


def order(session: AnySession, *, actor: Actor, campaign_id: int, form: str, zone: Zone, now: datetime) -> int:
    """Order a file; returns the job. A file that is already being made for this person is not made twice.

    Raises NotFoundError for a campaign that is not this person's to see, TooOftenError.
    """
    with act(session, actor.id, now) as a:
        if campaign_for(a.s, actor, campaign_id) is None or not may_take(actor, form):
            raise NotFoundError
        limits.admit_export(a.s, actor.id, now)
        job_id = _waiting(a.s, actor.id, campaign_id, form)
        if job_id is None:
            arg = {"campaign": campaign_id, "form": form, "zone": str(zone), "tries": 0}
            job = JobRun(kind=KIND, arg=arg, state="waiting", owner_id=actor.id, created_at=now)
            a.s.add(job)
            a.s.flush()
            job_id = job.id
        a.afterwards(queue.enqueue, queue.BULK, RUN_JOB, job_id)
        return job_id


def _waiting(s: Session, owner_id: int, campaign_id: int, form: str) -> int | None:
    mine = JobRun.kind == KIND, JobRun.owner_id == owner_id, JobRun.state.in_(("waiting", "running"))
    for row in s.execute(select(JobRun.id, JobRun.arg).where(*mine, ~JobRun.cancel)):
        if (row.arg["campaign"], row.arg["form"]) == (campaign_id, form):
            return int(row.id)
    return None


def cancel(session: AnySession, *, actor: Actor, job_id: int) -> int:
    """Give a file up; returns its campaign. Raises NotFoundError for somebody else's."""
    with write(session) as s:
        job = _own(s, actor, job_id)
        if job.state in ("waiting", "running"):
            job.cancel = True
            if job.state == "waiting":
                job.state = "cancelled"
        return int(job.arg["campaign"])


def _own(s: Session, actor: Actor, job_id: int) -> JobRun:
    job = s.get(JobRun, job_id, populate_existing=True, with_for_update=True)
    if job is None or job.kind != KIND or job.owner_id != actor.id:
        raise NotFoundError
    return job


def fetch(session: AnySession, *, actor: Actor, job_id: int, now: datetime, zone: Zone, address: str) -> Download:
    """The file for its owner, written down before it leaves the house (R20).

    Raises NotFoundError for somebody else's, for a campaign that he may not see any more, and when the file is gone.
    """
    with write(session) as s:
        job = _own(s, actor, job_id)
        campaign = campaign_for(s, actor, int(job.arg["campaign"]))
        file = folders().data / job.file
        if campaign is None or job.state != "done" or not job.file or not file.is_file():
            raise NotFoundError("Этого файла больше нет. Закажите его ещё раз.")
        log_access(
            s, at=now, user_id=actor.id, action="report_downloaded", object_kind="campaign",
            object_id=campaign.id, address=address,
        )  # fmt: skip
        return Download(file, *file_name(campaign, job.created_at, zone, str(job.arg["form"])))


def work(session: AnySession, job_id: int, clock: Callable[[], datetime]) -> None:
    """Make the file of a job, if nobody does; `clock` gives the present instant, aware UTC.

    Killed at any moment, it is made anew when the lease has lapsed; no half file is ever at its place.
    """
    lease = _take(session, job_id, clock())
    if lease is None:
        return
    try:
        _make(session, lease, clock)
    except _Stopped:
        log.info("export %s was cancelled or taken over", job_id)
    except TooManyRowsError:
        _fail(session, lease, _TOO_MANY)
    except OperationalError:
        # A database that is away says nothing about the file: the sweeper comes back when the lease has lapsed.
        raise
    except Exception:
        log.exception("export %s failed", job_id)
        _fail(session, lease, _BROKEN)


def _take(session: AnySession, job_id: int, now: datetime) -> _Lease | None:
    free = or_(JobRun.state == "waiting", (JobRun.state == "running") & (JobRun.lease_until < now))
    with write(session) as s:
        job = s.scalars(
            select(JobRun).where(JobRun.id == job_id, JobRun.kind == KIND, free).with_for_update()
        ).one_or_none()
        if job is None:
            return None
        arg = job.arg | {"tries": int(job.arg["tries"]) + 1}
        if job.cancel or arg["tries"] > _MAX_TRIES:
            job.state, job.problem = ("cancelled", "") if job.cancel else ("failed", _AGAIN)
            job.lease_until = job.lease_token = None
            return None
        token = secrets.token_hex(8)
        job.arg, job.state, job.lease_until, job.lease_token, job.done = arg, "running", now + _LEASE, token, 0
        return _Lease(job.id, token, job.owner_id, arg)


def _make(session: AnySession, lease: _Lease, clock: Callable[[], datetime]) -> None:
    acts = last_act(session)
    session.rollback()
    name = f"exports/{secrets.token_hex(16)}.{ENDINGS[lease.arg['form']]}"
    file = folders().data / name
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Read on a connection of its own: the snapshot stays as it began while the progress is written on this one.
        with Session(session.get_bind()) as reading:
            _write(reading, session, lease, file, clock)
        _publish(session, lease, name, acts)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _write(reading: Session, session: AnySession, lease: _Lease, file: Path, clock: Callable[[], datetime]) -> None:
    begin_snapshot(reading)
    actor = queries.owner_of(reading, lease.owner_id)
    campaign = campaign_for(reading, actor, int(lease.arg["campaign"])) if actor else None
    form = str(lease.arg["form"])
    if actor is None or campaign is None or not may_take(actor, form):
        raise _Stopped
    where = seen_by(actor, campaign, EVERYTHING)
    _renew(session, lease, clock(), total=size_of_file(reading, campaign, form, where))

    def progress(done: int) -> None:
        if done % _REPORT_EVERY == 0:
            _renew(session, lease, clock(), done=done)

    if form == "csv":
        write_answers(reading, campaign, file, where, progress)
    elif form == "base":
        write_base(reading, campaign, file, clock(), str(lease.arg["zone"]), where, progress)
    elif form == "forms":
        write_forms(reading, campaign, file, clock(), where, progress)
    else:
        write_workbook(reading, campaign, file, clock(), str(lease.arg["zone"]), where, progress)


def _publish(session: AnySession, lease: _Lease, name: str, acts: int) -> None:
    """Let the owner have the file, unless data was destroyed since it was begun: then it is made again.

    The lock is that of the acts: one that comes later finds the file in its folder.
    """
    with write(session) as s:
        lock_claims(s)
        if last_act(s) != acts:
            (folders().data / name).unlink(missing_ok=True)
            _update(s, lease, state="waiting", **_FREE)
        else:
            _update(s, lease, state="done", file=name, done=JobRun.total, **_FREE)


def _renew(session: AnySession, lease: _Lease, now: datetime, **values: int) -> None:
    """Go on working; raises _Stopped when the job was cancelled or is no longer ours."""
    with write(session) as s:
        cancelled = s.scalar(select(JobRun.cancel).where(JobRun.id == lease.job_id))
        if cancelled:
            _update(s, lease, state="cancelled", **_FREE)
        else:
            _update(s, lease, lease_until=now + _LEASE, **values)
    if cancelled:
        raise _Stopped


def _fail(session: AnySession, lease: _Lease, problem: str) -> None:
    with write(session) as s:
        _update(s, lease, state="failed", problem=problem, **_FREE)


def _update(s: Session, lease: _Lease, **values: Any) -> None:
    ours = JobRun.id == lease.job_id, JobRun.lease_token == lease.token
    changed = s.execute(
        update(JobRun).where(*ours).values(values).returning(JobRun.id),
        execution_options={"synchronize_session": False},
    ).all()
    if not changed:
        raise _Stopped


def outdated(session: Session, now: datetime) -> list[int]:
    """Jobs whose file has waited long enough; for the sweeper. Reads only."""
    old = JobRun.kind == KIND, JobRun.state == "done", JobRun.file != "", JobRun.created_at < now - KEPT
    return list(session.scalars(select(JobRun.id).where(*old).order_by(JobRun.id)))


def forget(session: AnySession, job_id: int, now: datetime) -> None:
    """Delete the file of a job that nobody took in time; called again, it does nothing."""
    with write(session) as s:
        job = s.get(JobRun, job_id, populate_existing=True, with_for_update=True)
        if job is None or job.kind != KIND or not job.file or job.created_at >= now - KEPT:
            return
        (folders().data / job.file).unlink(missing_ok=True)
        job.file = ""
