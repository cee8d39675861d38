"""Branches, regions and waves side by side."""

from __future__ import annotations

from flask import Response

from nps.domain.errors import NotFoundError
from nps.extensions import db
from nps.queries.reports import compare_places, report_for, waves_of
from nps.web import access, htmx
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.reports import bp
from nps.web.reports.common import READERS


@bp.get("/campaigns/<int:campaign_id>/compare")
@access.roles(*READERS)
def compare(campaign_id: int) -> Response:
    """Where scores differ more than chance lets them."""
    actor = access.current_actor()
    report = report_for(db.session(), actor, campaign_id, now(), office_zone())
    if report is None:
        raise NotFoundError
    return htmx.render(
        "reports/compare.html",
        "reports/_compare.html",
        report=report,
        campaign=report.campaign,
        places=[
            ("Подразделения", "ОП", report.base.branches, compare_places(report.base.branches)),
            ("Регионы", "Регион", report.base.regions, compare_places(report.base.regions)),
        ],
        waves=waves_of(db.session(), actor, report.campaign),
    )
