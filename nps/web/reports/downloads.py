"""Taking a report away as a file."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app

from nps.extensions import db
from nps.services import reports
from nps.web import access
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.filters import office_zone
from nps.web.reports import bp
from nps.web.reports.common import READERS


@bp.get("/campaigns/<int:campaign_id>/report.xlsx")
@access.roles(*READERS)
def workbook(campaign_id: int) -> Response:
    """The workbook of the contract (R4, R5, R11)."""
    folder: Path = current_app.config["DATA_FOLDER"] / "exports"
    made = reports.download(
        db.session(),
        actor=access.current_actor(),
        campaign_id=campaign_id,
        folder=folder,
        now=now(),
        zone=office_zone(),
        address=access.client_address(),
    )
    return send_and_forget(made.file, made.name, made.plain_name)
