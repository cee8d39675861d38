"""What exchanges have reported is forgotten when its time is over."""

from datetime import UTC, datetime

from nps.extensions import db
from nps.services import telephony


def forget_strangers(_row: int) -> None:
    """Delete old events of calls that are none of ours; with none it does nothing."""
    telephony.forget_strangers(db.session, datetime.now(UTC))
