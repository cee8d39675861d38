"""The daily reconciliation: calls against recordings, as a page and as a workbook."""

from __future__ import annotations

from flask import Response, current_app, url_for

from nps.domain.local_time import to_local
from nps.domain.recording import ABSENCES
from nps.extensions import db
from nps.queries.recordings.reconciliation import reconcile
from nps.services import recordings
from nps.web import access, htmx
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.filters import office_zone
from nps.web.recordings import bp
from nps.web.recordings.listing import STAFF, campaign_or_404, frame


@bp.get("/campaigns/<int:campaign_id>/recordings/days")
@access.roles(*STAFF)
def reconciliation(campaign_id: int) -> Response:
    """Day by day; each number opens its rows."""
    campaign = campaign_or_404(campaign_id)

    def rows_of(check: str, day: object = None) -> str:
        return url_for("recordings.index", campaign_id=campaign_id, check=check, day=day)

    return htmx.render(
        "recordings/days.html",
        "recordings/_days.html",
        **frame(campaign, "recordings.reconciliation"),
        found=reconcile(db.session(), campaign_id, office_zone(), now()),
        rows_of=rows_of,
        absences=ABSENCES,
        today=to_local(now(), office_zone()).date(),
    )


@bp.get("/campaigns/<int:campaign_id>/recordings/days.xlsx")
@access.roles(*STAFF)
def workbook(campaign_id: int) -> Response:
    """The same as a workbook, with the calls that have no recording."""
    campaign = campaign_or_404(campaign_id)
    file = recordings.download_reconciliation(
        db.session(), access.current_actor(), campaign.id, current_app.config["DATA_FOLDER"] / "exports",
        office_zone(), now(), access.client_address(),
    )  # fmt: skip
    day = to_local(now(), office_zone()).date()
    return send_and_forget(file, f"Сверка записей — {day:%d.%m.%Y}.xlsx", f"recordings-{campaign.id}-{day}.xlsx")
