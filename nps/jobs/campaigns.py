"""Going on with what was begun with a campaign and takes long."""

from nps.extensions import db
from nps.services import cases


def go_on(campaign_id: int) -> None:
    """Decide its clients anew after a change, keep its report after its closing; with nothing left it does nothing."""
    cases.go_on(db.session(), campaign_id)
