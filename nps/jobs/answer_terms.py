"""Writing the reminders and the digest of one campaign's escalations."""

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import answer_terms


def write(campaign_id: int) -> None:
    """Write what is due now; called again, it adds nothing."""
    answer_terms.write_due(db.session(), campaign_id, now=datetime.now(UTC))
