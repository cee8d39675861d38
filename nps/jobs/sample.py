"""Jobs of tables from outside: a base's load by its row, and files of a stop list that nobody has decided about."""

from __future__ import annotations

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import sample, stop_file


def check(import_id: int) -> None:
    """Read, check or publish the load, whatever it waits for."""
    sample.work(db.session(), import_id, lambda: datetime.now(UTC))


def forget_drafts(_: int) -> None:
    """Delete the files that have waited for too long."""
    stop_file.forget_drafts(datetime.now(UTC))
