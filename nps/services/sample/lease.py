"""Who works on a load: a lease in its row, held together with `store.working_on`, which ends with the process.

A worker whose load was cancelled or taken over notices at its next step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from nps.adapters.sample_sheet import store
from nps.adapters.sample_sheet.limits import CHILD_WALL_S
from nps.models import SampleImport
from nps.queries.sample import WORKING
from nps.services.transaction import AnySession, write

#: Longer than the longest silence of a worker, a child that reads a workbook without giving a row: after it the
#: monitor calls the load one that waits.
LEASE = timedelta(seconds=CHILD_WALL_S + 15)
#: A file that has killed its worker this often is not given to another one.
MAX_TRIES = 5
_GIVEN_UP = "Обработать файл не получилось. Скопируйте строки базы в новую книгу и загрузите её."


class LeaseLost(Exception):
    """The load was cancelled, or another worker has it."""


@dataclass(slots=True)
class Lease:
    """The right to work on a load while it is in this state; `renew` moves its end."""

    import_id: int
    campaign_id: int
    state: str
    until: datetime


def acquire(session: AnySession, import_id: int, now: datetime) -> Lease | None:
    """Take the load if it waits for a worker, and None when it doesn't; for who is `working_on` it.

    A load that was acquired five times without getting on is failed instead.
    """
    until = now + LEASE
    with write(session) as s:
        row = s.execute(
            select(SampleImport.state, SampleImport.campaign_id, SampleImport.understood)
            .where(SampleImport.id == import_id, SampleImport.state.in_(WORKING))
            .with_for_update()
        ).one_or_none()
        if row is None:
            return None
        state = "reading" if row.state == "uploaded" else row.state
        tries = row.understood.tries + 1
        understood = replace(row.understood, tries=tries, step_at=now)
        values = {"understood": understood, "lease_until": until, "state": state, "rows_done": 0}
        if tries > MAX_TRIES:
            values |= {"state": "failed", "lease_until": None, "problem": _GIVEN_UP}
        s.execute(update(SampleImport).where(SampleImport.id == import_id).values(values))
    return Lease(import_id, row.campaign_id, state, until) if tries <= MAX_TRIES else None


def renew(s: Session, lease: Lease, now: datetime, **values: Any) -> None:
    """Go on working, inside the caller's transaction; raises LeaseLost when the load is no longer ours."""
    until = now + LEASE
    _update(s, lease, {"lease_until": until, **values})
    lease.until = until


def finish(s: Session, lease: Lease, state: str, **values: Any) -> None:
    """Leave the load in another state; raises LeaseLost when it is no longer ours."""
    _update(s, lease, {"lease_until": None, "state": state, **values})


def _update(s: Session, lease: Lease, values: dict[str, Any]) -> None:
    same = SampleImport.state == lease.state, SampleImport.lease_until == lease.until
    statement = update(SampleImport).where(SampleImport.id == lease.import_id, *same).values(values)
    done = s.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise LeaseLost


def waiting_imports(session: Session) -> list[int]:
    """Loads that wait for a worker or were left by one that is gone; for the sweeper. Reads only."""
    found = session.scalars(select(SampleImport.id).where(SampleImport.state.in_(WORKING)).order_by(SampleImport.id))
    return [import_id for import_id in found if not store.is_worked_on(import_id)]
