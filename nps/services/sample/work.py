"""What the worker does with a load: whatever its state asks for, until a person has to decide."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from nps.adapters import statistics
from nps.adapters.sample_sheet import store
from nps.domain.errors import DomainError
from nps.extensions import db
from nps.models import ImportRow, SampleImport
from nps.services.sample import checking, publishing, reading, updating
from nps.services.sample.lease import Lease, LeaseLost, acquire, finish, renew, waiting_imports
from nps.services.transaction import AnySession, write

__all__ = ["JOB", "waiting_imports", "work"]

#: The job on the queue `bulk` that calls `work`.
JOB = "nps.jobs.sample.check"

_BROKEN = "Обработать файл не получилось: ошибка на сервере, она записана. Попробуйте загрузить ещё раз."
_MAX_PROBLEM = 500
#: What the claim's statement reads (`nps.queries.call_queue`).
_ASKED_BY_CLAIM = ("respondent", "respondent_phone", "call_attempt", "claim_key", "shift", "pause", "stop_list")
log = logging.getLogger(__name__)


def work(session: AnySession, import_id: int, clock: Callable[[], datetime]) -> None:
    """Bring a load to the next state that waits for a person; nothing when it waits already or another worker has it.

    Rows are staged in many short transactions, so that operators never wait for a load; killed at any moment, the step
    is done anew by the next worker. `clock` gives the present instant, aware UTC.
    """
    with store.working_on(import_id) as is_ours:
        if is_ours:
            _work(session, import_id, clock)


def _work(session: AnySession, import_id: int, clock: Callable[[], datetime]) -> None:
    while (lease := acquire(session, import_id, clock())) is not None:
        try:
            _step(session, lease, clock)
        except LeaseLost:
            log.info("load %s was cancelled or taken over", import_id)
            _drop_cancelled(session, import_id)
            return
        except DomainError as error:
            _fail(session, lease, error.message, clock())
        except OperationalError:
            # A database that is away says nothing about the file: the sweeper comes back.
            raise
        except Exception:
            log.exception("load %s failed", import_id)
            _fail(session, lease, _BROKEN, clock())


def _drop_cancelled(session: AnySession, import_id: int) -> None:
    """Rows that this worker put down after the cancelling had taken away what was there."""
    state = session.scalar(select(SampleImport.state).where(SampleImport.id == import_id))
    session.rollback()
    if state == "cancelled":
        store.drop_rows(import_id)


def _step(session: AnySession, lease: Lease, clock: Callable[[], datetime]) -> None:
    if lease.state == "reading":
        reading.read(session, lease, clock)
    elif lease.state == "checking":
        checking.check(session, lease, clock)
    else:
        publishing.publish(session, lease, clock)
        statistics.refresh(db.engine, _ASKED_BY_CLAIM)


def _fail(session: AnySession, lease: Lease, problem: str, now: datetime) -> None:
    """Nothing half done stays; the page shows the sentence.

    Clients that have been added stay with their receipt; changes that could not be written say so there.
    """
    try:
        with write(session) as s:
            renew(s, lease, now)
            if s.get_one(SampleImport, lease.import_id, populate_existing=True).understood.added is not None:
                updating.forget_proposals(s, lease.import_id)
                finish(s, lease, "published", problem=problem[:_MAX_PROBLEM], published_at=now)
                return
            s.execute(delete(ImportRow).where(ImportRow.import_id == lease.import_id))
            finish(s, lease, "failed", problem=problem[:_MAX_PROBLEM])
    except LeaseLost:
        return
    store.drop_rows(lease.import_id)
