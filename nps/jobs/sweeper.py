"""Comes back, every few seconds, to rows that are due or whose nudge was lost. It does no work itself."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from threading import Event
from typing import Any

from nps.adapters.queue import beat, enqueue
from nps.extensions import db
from nps.services import sweep

EVERY_S = 10.0
log = logging.getLogger(__name__)


def run(context: Callable[[], AbstractContextManager[Any]], stop: Event) -> None:
    """Sweep until `stop` is set, each time in a fresh context."""
    while not stop.is_set():
        try:
            with context():
                sweep_once(datetime.now(UTC))
        except Exception:
            # Whatever failed, a database that was away for a while say: the next round finds the same rows.
            log.exception("the sweep failed and will be repeated")
        stop.wait(EVERY_S)


def sweep_once(now: datetime) -> int:
    """Nudge for all that is due at `now` (UTC); how many nudges Redis took. Without Redis the rest waits too."""
    beat()
    taken = 0
    for queue, job, row_id in sweep.due(db.session(), now):
        if not enqueue(queue, job, row_id):
            break
        taken += 1
    return taken
