"""Taking a report away as a file: at once, or ordered and taken when it is ready."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, flash, send_file, url_for

from nps.extensions import db
from nps.queries.exports import exports_of
from nps.services import reports
from nps.services.reports import exporting
from nps.web import access, forms, htmx
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.downloads import CSV, XLSX, disposition, send_and_forget
from nps.web.filters import office_zone
from nps.web.reports import bp
from nps.web.reports.common import READERS, SEARCHERS


@bp.get("/campaigns/<int:campaign_id>/report.xlsx")
@access.roles(*READERS)
def workbook(campaign_id: int) -> Response:
    """The whole workbook by one click (R4, R5, R11); a large one is ordered instead."""
    return _at_once(campaign_id, "xlsx")


@bp.get("/campaigns/<int:campaign_id>/forms.xlsx")
@access.roles(*READERS)
def forms_workbook(campaign_id: int) -> Response:
    """Exactly the two tables of the terms by one click (R11); of a large base they are ordered instead."""
    return _at_once(campaign_id, "forms")


@bp.get("/campaigns/<int:campaign_id>/base.xlsx")
@access.roles(*SEARCHERS)
def base_workbook(campaign_id: int) -> Response:
    """The base as it stands; loaded again it changes nothing (R2)."""
    return _at_once(campaign_id, "base")


def _at_once(campaign_id: int, form: str) -> Response:
    folder: Path = current_app.config["DATA_FOLDER"] / "exports"
    try:
        made = reports.download(
            db.session(), actor=access.current_actor(), campaign_id=campaign_id, folder=folder, now=now(),
            zone=office_zone(), address=access.client_address(), form=form,
        )  # fmt: skip
    except reports.TooLargeError as error:
        flash(error.message, "info")
        return htmx.go(url_for("reports.files", campaign_id=campaign_id))
    return send_and_forget(made.file, made.name, made.plain_name)


@bp.get("/campaigns/<int:campaign_id>/files")
@access.roles(*READERS)
def files(campaign_id: int) -> Response:
    """The person's own files of a campaign, and how far they are."""
    campaign = campaign_or_404(campaign_id)
    own = exports_of(db.session(), access.current_actor().id, campaign_id)
    may_take_base = reports.may_take(access.current_actor(), "base")
    return htmx.render(
        "reports/files.html", "reports/_files.html", campaign=campaign, files=own, may_take_base=may_take_base
    )


@bp.post("/campaigns/<int:campaign_id>/files")
@access.roles(*READERS)
def order_file(campaign_id: int) -> Response:
    """Order a workbook or a table."""
    actor, form = access.current_actor(), forms.text("form")
    exporting.order(db.session(), actor=actor, campaign_id=campaign_id, form=form, zone=office_zone(), now=now())
    return htmx.go(url_for("reports.files", campaign_id=campaign_id))


@bp.post("/files/<int:job_id>/cancel")
@access.roles(*READERS)
def cancel_file(job_id: int) -> Response:
    """Give a file up that is being made."""
    campaign_id = exporting.cancel(db.session(), actor=access.current_actor(), job_id=job_id)
    return htmx.go(url_for("reports.files", campaign_id=campaign_id))


@bp.get("/files/<int:job_id>")
@access.roles(*READERS)
def file(job_id: int) -> Response:
    """A finished file, for its owner alone."""
    actor, address = access.current_actor(), access.client_address()
    ready = exporting.fetch(db.session(), actor=actor, job_id=job_id, now=now(), zone=office_zone(), address=address)
    response = send_file(ready.file, mimetype=CSV if ready.file.suffix == ".csv" else XLSX)
    response.headers["Content-Disposition"] = disposition(ready.name, ready.plain_name)
    return response
