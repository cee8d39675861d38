"""Writing the morning's letters with the figures of one campaign."""

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import report_letters


def write(campaign_id: int) -> None:
    """Decide about what is due now; called again, it adds nothing."""
    report_letters.write_due(db.session(), campaign_id, now=datetime.now(UTC))
