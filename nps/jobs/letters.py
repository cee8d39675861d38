"""Sending one letter of the outbox."""

from datetime import UTC, datetime

from nps.adapters import mail
from nps.extensions import db
from nps.services import letters


def send(outbox_id: int) -> None:
    """Try the letter once if it is due; called again for a letter that is sent or somebody else's, it does nothing."""
    letters.send(db.session(), outbox_id, server=mail.settings(), clock=lambda: datetime.now(UTC))
