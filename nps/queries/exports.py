"""Files that people have ordered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.models import JobRun, User

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An ordered file. `is_there`: it is finished and has not been deleted."""

    id: int
    form: str
    state: str
    done: int
    total: int
    problem: str
    is_there: bool
    created_at: datetime

    @property
    def is_working(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0


def exports_of(session: Session, owner_id: int, campaign_id: int) -> list[ExportRow]:
    """A person's own files of a campaign, the newest first."""
    found = session.scalars(
        select(JobRun)
        .where(JobRun.kind == "exports", JobRun.owner_id == owner_id)
        .where(JobRun.arg["campaign"].as_integer() == campaign_id)
        .order_by(JobRun.id.desc())
        .limit(_SHOWN)
    )
    return [
        ExportRow(job.id, job.arg["form"], job.state, job.done, job.total, job.problem, bool(job.file), job.created_at)
        for job in found
    ]


def owner_of(session: Session, user_id: int) -> Actor | None:
    """Whoever ordered a file, as he is now; None when his access has been closed."""
    user = session.get(User, user_id)
    if user is None or not user.active:
        return None
    return Actor(user.id, user.role, user.full_name, user.customer_id)
