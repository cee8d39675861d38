"""Recordings come in, move on and are destroyed when their time is over."""

import logging
from datetime import UTC, datetime

from nps.adapters.recordings import RemoteError
from nps.extensions import db
from nps.services import recordings

log = logging.getLogger(__name__)


def collect(_row: int) -> None:
    """Take what lies finished in the watched folder; with nothing there it does nothing."""
    recordings.collect(db.session, datetime.now(UTC))


def move(_row: int) -> None:
    """Move sound files to the storage; one that is away is no failure, the sweeper comes back."""
    try:
        recordings.move(db.session)
    except RemoteError as error:
        log.warning("the storage of recordings does not take files: %s", error)


def purge(campaign_id: int) -> None:
    """Destroy the recordings of a campaign whose last day is over; 0 means old ones that belong to no call."""
    try:
        recordings.purge(db.session, campaign_id, datetime.now(UTC))
    except RemoteError as error:
        log.warning("the storage of recordings does not delete files: %s", error)
