"""The job of a base's load: `work` on the row whose id came through the queue."""

from __future__ import annotations

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import sample


def check(import_id: int) -> None:
    """Read, check or publish the load, whatever it waits for."""
    sample.work(db.session(), import_id, lambda: datetime.now(UTC))
