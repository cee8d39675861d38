"""The report itself, and what a page that stays open asks for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flask import Response, make_response, url_for

from nps.domain import prospect_words
from nps.domain.errors import NotFoundError
from nps.domain.survey_statistics.intervals import Interval
from nps.domain.survey_statistics.rounding import half_up, shares_adding_up
from nps.domain.wording import forecast_words, tenths
from nps.extensions import db
from nps.queries.campaigns import CampaignRow
from nps.queries.reports import Report, change_mark, method_of, prospect_for, report_for
from nps.queries.reports.contract_forms import CALLS_FORM
from nps.web import access, forms, htmx
from nps.web.campaigns import words
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.reports import board, bp
from nps.web.reports.charts import trend_points
from nps.web.reports.common import READERS, Filters, filters, for_manager
from nps.web.reports.frozen import closing_of


@bp.get("/campaigns/<int:campaign_id>")
@access.roles(*READERS)
def overview(campaign_id: int) -> Response:
    """The report as it stands now."""
    return _report(campaign_or_404(campaign_id))


@bp.get("/campaigns/<int:campaign_id>/panel")
@access.roles(*READERS)
def panel(campaign_id: int) -> Response:
    """The same figures for a page that is open; nothing (204) while what it shows is still true."""
    campaign = campaign_or_404(campaign_id)
    live = board.live_of(campaign) if for_manager() else None
    known = change_mark(db.session(), campaign, now(), office_zone())
    if forms.arg("mark") == _mark(known, live):
        return make_response("", 204)
    return _report(campaign)


@bp.get("/campaigns/<int:campaign_id>/method")
@access.roles(*READERS)
def method(campaign_id: int) -> Response:
    """How the figures come about, and what they leave open."""
    report = report_for(db.session(), access.current_actor(), campaign_id, now(), office_zone())
    if report is None:
        raise NotFoundError
    return htmx.render(
        "reports/method.html",
        "reports/_method.html",
        report=report,
        campaign=report.campaign,
        method=method_of(db.session(), report),
        for_manager=for_manager(),
    )


def _report(campaign: CampaignRow) -> Response:
    chosen = filters(campaign)
    report = report_for(db.session(), access.current_actor(), campaign.id, now(), office_zone(), chosen.where)
    if report is None:
        raise NotFoundError
    if not for_manager():
        context = _context(report, chosen, report.mark)
        return htmx.render("reports/page.html", "reports/_panel.html", **context)
    live = board.live_of(campaign)
    context = _context(report, chosen, _mark(report.mark, live))
    return htmx.render(
        "reports/dashboard.html", "reports/_dashboard.html", **context, **board.context(report, live), words=words
    )


def _mark(known: str, live: board.Live | None) -> str:
    """What the page shows, in short: the report, and for a manager who is on the line."""
    return f"{known}.{live.mark}" if live else known


def _context(report: Report, chosen: Filters, mark: str) -> dict[str, Any]:
    score = report.score
    return {
        "report": report,
        "campaign": report.campaign,
        "filters": chosen,
        "mark": mark,
        "closing": closing_of(report),
        "calls_form": CALLS_FORM,
        "for_manager": for_manager(),
        "reason_bars": _bars(report, chosen),
        "lost": tenths(report.reasons.lost),
        "shares": [
            tenths(Fraction(part, 10)) for part in shares_adding_up((score.promoters, score.passives, score.detractors))
        ],
        "interval": _whole(report.finite_interval),
        "bounds": _whole(report.bounds),
        "trend": trend_points(report),
        "outlook": _outlook(report),
        "forecast_words": forecast_words(report.forecast, report.local_at.date()),
    }


def _outlook(report: Report) -> dict[str, Any] | None:
    """The forecast in words; None while there is nothing to go by."""
    found = prospect_for(db.session(), report.campaign, report.traffic, report.at)
    if found is None:
        return None
    return {
        "headline": prospect_words.headline(found, report.local_at.year),
        "details": prospect_words.details(found, report.traffic.limit_s),
        "levers": [prospect_words.lever_words(lever, found, report.local_at.year) for lever in found.levers],
    }


def _bars(report: Report, chosen: Filters) -> list[dict[str, object]]:
    """The reasons as the chart takes them; a prompt leads to its questionnaires."""
    return [
        {
            "name": row.label,
            "first": row.mentions,
            "first_text": str(row.mentions),
            "second": float(row.points),
            "second_text": tenths(row.points),
            "none": not row.named,
            "href": url_for("reports.answer_list", campaign_id=report.campaign.id, reason=row.prompt, **chosen.query)
            if row.is_prompt
            else "",
        }
        for row in report.reasons.rows
    ]


def _whole(found: Interval | None) -> tuple[int, int] | None:
    """Whole points, as an interval is shown."""
    return (half_up(found.low), half_up(found.high)) if found else None
