"""The second half of destroying personal data."""

from __future__ import annotations

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import personal_data


def finish(erasure_id: int) -> None:
    """Delete the files of the act and compact the database; called again for a finished act, it does nothing."""
    personal_data.finish(db.session(), erasure_id, datetime.now(UTC))
