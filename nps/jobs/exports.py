"""Making the files of reports, and forgetting them."""

from __future__ import annotations

from datetime import UTC, datetime

from nps.extensions import db
from nps.services.reports import exporting


def run(job_id: int) -> None:
    """Make the file of the job, if nobody does."""
    exporting.work(db.session(), job_id, lambda: datetime.now(UTC))


def forget(job_id: int) -> None:
    """Delete a file that nobody took in time."""
    exporting.forget(db.session(), job_id, datetime.now(UTC))
