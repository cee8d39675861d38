"""Whether the installation does its work, for a monitor: parts that answer, and work that nobody takes up."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.adapters.queue import QueueState
from nps.queries import monitoring as queries
from nps.queries.monitoring import Figures

#: A due letter or job is nudged every ten seconds; one that waits so long is not being worked on.
LATE = timedelta(minutes=5)
#: With less than this the database can't write for long.
LEAST_FREE_BYTES = 256 * 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """All a monitor is told. `figures` is None while the database does not answer."""

    problems: tuple[str, ...]
    figures: Figures | None
    queue: QueueState
    free_bytes: int


def state(session: Session, folder: Path, now: datetime) -> State:
    """The state at `now` (aware UTC). `folder` is the data folder, whose disk is looked at.

    Problems: database, redis, letters_worker, bulk_worker, sweeper, letters_late, jobs_late, disk_full.
    """
    figures = _figures(session, now)
    queues = queue.state()
    free_bytes = shutil.disk_usage(folder).free
    found = {
        "database": figures is None,
        "redis": not queues.answers,
        **{f"{name}_worker": queues.answers and count == 0 for name, count in queues.workers.items()},
        "sweeper": queues.answers and not queues.sweeper,
        "letters_late": figures is not None and figures.oldest_due_letter_s > LATE.total_seconds(),
        "jobs_late": figures is not None and figures.oldest_waiting_job_s > LATE.total_seconds(),
        "disk_full": free_bytes < LEAST_FREE_BYTES,
    }
    return State(tuple(name for name, is_so in found.items() if is_so), figures, queues, free_bytes)


def _figures(session: Session, now: datetime) -> Figures | None:
    try:
        return queries.figures(session, now)
    except SQLAlchemyError:
        log.exception("the database does not answer the monitor")
        session.rollback()
        return None
