"""Writing the reminders of one campaign."""

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import reminders


def write(campaign_id: int) -> None:
    """Write what is due now; called again, it adds nothing."""
    reminders.write_due(db.session(), campaign_id, now=datetime.now(UTC))
