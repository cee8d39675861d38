"""Reports as they stood when a wave or a period was closed, beside the figures of this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response, flash, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.frozen_report import Change, period_words
from nps.extensions import db
from nps.queries.campaigns import CampaignRow
from nps.queries.reports import EVERYTHING, Report, report_for, seen_by
from nps.queries.reports.frozen import Frozen, figures_of, frozen_of, frozen_one, frozen_wave
from nps.services import frozen_reports as services
from nps.web import access, forms, htmx
from nps.web.campaigns.common import by_field, campaign_or_404, today
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.refusals import told_on
from nps.web.reports import bp
from nps.web.reports.common import MANAGERS, READERS


@dataclass(frozen=True, slots=True)
class Closing:
    """What was kept when the wave was closed, and what has changed since."""

    frozen: Frozen
    changes: tuple[Change, ...]


def closing_of(report: Report) -> Closing | None:
    """The kept report of a closed wave against this one; None for a wave without one, and for a part of a wave."""
    if report.is_preliminary or not report.where.is_everything:
        return None
    found = frozen_wave(db.session(), report.campaign.id, report.where)
    return Closing(found, found.changes_to(report)) if found else None


@bp.get("/campaigns/<int:campaign_id>/frozen")
@access.roles(*READERS)
def frozen_reports(campaign_id: int) -> Response:
    """The frozen reports of a campaign, and for a manager the form that freezes one more."""
    return _list(campaign_or_404(campaign_id))


@bp.post("/campaigns/<int:campaign_id>/frozen")
@access.roles(*MANAGERS)
def freeze(campaign_id: int) -> Response:
    """Keep the figures of some days, or of a wave that was closed before there were frozen reports."""
    campaign_or_404(campaign_id)
    if forms.text("what") != "wave":
        return _freeze_days(campaign_id=campaign_id)
    services.freeze_closed_wave(db.session(), access.current_actor().id, campaign_id, now=now(), zone=office_zone())
    flash("Итоги волны сохранены такими, какие они сейчас.", "ok")
    return htmx.go(url_for("reports.frozen_reports", campaign_id=campaign_id))


@told_on(lambda error, campaign_id: _list(campaign_or_404(campaign_id), error))
def _freeze_days(campaign_id: int) -> Response:
    first, last = _day("first", "С какого дня"), _day("last", "По какой день")
    frozen_id = services.freeze_period(
        db.session(), access.current_actor().id, campaign_id, first=first, last=last, now=now(), zone=office_zone()
    )
    flash(f"Период закрыт: {period_words(first, last)}.", "ok")
    return htmx.go(url_for("reports.frozen_report", campaign_id=campaign_id, frozen_id=frozen_id))


@bp.get("/campaigns/<int:campaign_id>/frozen/<int:frozen_id>")
@access.roles(*READERS)
def frozen_report(campaign_id: int, frozen_id: int) -> Response:
    """One frozen report, and the same figures as they are now."""
    actor, campaign = access.current_actor(), campaign_or_404(campaign_id)
    frozen = frozen_one(db.session(), campaign_id, frozen_id, seen_by(actor, campaign, EVERYTHING))
    if frozen is None:
        raise NotFoundError("Такого снимка нет.")
    report = report_for(db.session(), actor, campaign_id, now(), office_zone(), frozen.where)
    if report is None:
        raise NotFoundError
    live = figures_of(report)
    return htmx.render(
        "reports/frozen_report.html",
        "reports/_frozen_report.html",
        campaign=campaign,
        report=report,
        frozen=frozen,
        changes=frozen.changes_to(report),
        live={(table.code, row.key): row.cells for table in live.tables for row in table.rows},
    )


def _day(name: str, label: str) -> date:
    found = forms.day(name, label=label)
    if found is None:
        raise forms.FormError(name, f"«{label}»: укажите день, например 18.11.2026.")
    return found


def _list(campaign: CampaignRow, error: DomainError | None = None) -> Response:
    actor = access.current_actor()
    found = frozen_of(db.session(), campaign.id, seen_by(actor, campaign, EVERYTHING))
    errors = by_field(error)
    return htmx.render(
        "reports/frozen.html",
        "reports/_frozen.html",
        422 if error else 200,
        campaign=campaign,
        found=found,
        may_freeze=actor.role in MANAGERS and campaign.purpose != "training",
        has_wave=any(row.is_wave for row in found),
        typed=(forms.typed() if error else {}) or _suggested(campaign, found),
        errors=errors,
        problem=error.message if error and not errors.keys() & {"first", "last"} else "",
    )


def _suggested(campaign: CampaignRow, found: list[Frozen]) -> dict[str, date]:
    """From the day after the last closed one, or the wave's first, to yesterday."""
    closed = [row.last for row in found if row.last]
    first = max(closed) + timedelta(days=1) if closed else campaign.starts_on
    return {"first": first, "last": max(first, min(campaign.ends_on, today() - timedelta(days=1)))}
