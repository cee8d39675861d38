"""A campaign's report: figures, questionnaires, calls, workbook (R3-R6, R10-R12)."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, current_app, make_response, request, url_for

from nps.domain.disposition import TABLE
from nps.domain.errors import NotFoundError
from nps.domain.nps_score import Group
from nps.domain.wording import forecast_words
from nps.extensions import db
from nps.queries.campaigns import CampaignRow, campaign_for
from nps.queries.reports import (
    AnswerFilter,
    CallFilter,
    Report,
    answers,
    base_of,
    calls,
    change_mark,
    days_with_calls,
    operators_of,
    report_for,
)
from nps.queries.reports.contract_forms import ANSWERS_FORM, CALLS_FORM
from nps.services import reports
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.filters import office_zone

bp = Blueprint("reports", __name__)

_READERS = ("manager", "admin", "customer", "specialist")
_MANAGERS = ("manager", "admin")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GROUPS = {
    Group.PROMOTER: "Сторонники, 9–10",
    Group.PASSIVE: "Нейтральные, 7–8",
    Group.DETRACTOR: "Критики, 1–6",
}


@bp.get("/campaigns/<int:campaign_id>")
@access.roles(*_READERS)
def overview(campaign_id: int) -> Response:
    """The report as it stands now."""
    return _report(campaign_id)


@bp.get("/campaigns/<int:campaign_id>/panel")
@access.roles(*_READERS)
def panel(campaign_id: int) -> Response:
    """The same figures for a page that is open; nothing (204) while what it shows is still true."""
    campaign = _campaign(campaign_id)
    if forms.arg("mark") == change_mark(db.session(), campaign, now(), office_zone()):
        return make_response("", 204)
    return _report(campaign_id)


@bp.get("/campaigns/<int:campaign_id>/answers")
@access.roles(*_READERS)
def answer_list(campaign_id: int) -> Response:
    """The questionnaires, complete and unmasked (R5)."""
    campaign = _campaign(campaign_id)
    session = db.session()
    group = forms.arg("group")
    wanted = AnswerFilter(
        group=Group(group) if group in _GROUPS else None,
        branch_id=forms.arg_number("branch", default=0, least=0) or None,
    )
    reports.note_view(
        session, actor=access.current_actor(), campaign_id=campaign_id, what="answers", now=now(), address=_address()
    )
    branches = [(place.key, place.name) for place in base_of(session, campaign_id).branches if place.key]
    return htmx.render(
        "reports/answers.html",
        "reports/_answers.html",
        campaign=campaign,
        listing=answers(session, campaign_id, wanted, forms.arg_number("page")),
        headers=ANSWERS_FORM,
        wanted=wanted,
        page_url=_page_url,
        groups=[("", "Все оценки"), *_GROUPS.items()],
        branches=[("", "Все ОП"), *branches],
    )


@bp.get("/campaigns/<int:campaign_id>/calls")
@access.roles(*_MANAGERS)
def call_list(campaign_id: int) -> Response:
    """All dials of a campaign."""
    campaign = _campaign(campaign_id)
    session = db.session()
    result = forms.arg("result")
    wanted = CallFilter(
        day=forms.arg_day("day"),
        operator_id=forms.arg_number("operator", default=0, least=0) or None,
        disposition=result if result in TABLE else None,
    )
    reports.note_view(
        session, actor=access.current_actor(), campaign_id=campaign_id, what="calls", now=now(), address=_address()
    )
    operators = [(row.id, row.name) for row in operators_of(session, campaign).rows if row.id is not None]
    return htmx.render(
        "reports/calls.html",
        "reports/_calls.html",
        campaign=campaign,
        listing=calls(session, campaign_id, wanted, forms.arg_number("page")),
        wanted=wanted,
        page_url=_page_url,
        table=TABLE,
        days=days_with_calls(session, campaign_id),
        operators=[("", "Все операторы"), *operators],
        results=[("", "Любой итог"), *((code, row.label) for code, row in TABLE.items())],
    )


@bp.get("/campaigns/<int:campaign_id>/report.xlsx")
@access.roles(*_READERS)
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
        address=_address(),
    )
    # A workbook of a request's size is small; nothing with clients in it stays on the disk, whatever comes next.
    try:
        response = make_response(made.file.read_bytes())
    finally:
        made.file.unlink()
    response.mimetype = XLSX
    response.headers["Content-Disposition"] = disposition(made.name, made.plain_name)
    return response


def disposition(name: str, plain_name: str) -> str:
    """A Content-Disposition for a name of any letters (RFC 6266); `plain_name` is ASCII, for old programs."""
    return f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"


def _report(campaign_id: int) -> Response:
    report = report_for(db.session(), access.current_actor(), campaign_id, now(), office_zone())
    if report is None:
        raise NotFoundError
    return htmx.render(
        "reports/page.html",
        "reports/_panel.html",
        report=report,
        campaign=report.campaign,
        calls_form=CALLS_FORM,
        for_manager=access.current_actor().role in _MANAGERS,
        reason_bars=_bars(report),
        lost=_points(report.reasons.lost),
        interval=_interval(report),
        forecast_words=forecast_words(report.forecast, report.local_at.date()),
    )


def _bars(report: Report) -> list[dict[str, object]]:
    """The reasons as the chart takes them."""
    return [
        {
            "name": row.label,
            "first": row.mentions,
            "first_text": str(row.mentions),
            "second": float(row.points),
            "second_text": _points(row.points),
            "none": not row.named,
        }
        for row in report.reasons.rows
    ]


def _points(points: Fraction) -> str:
    """«12,9»."""
    tenths = math.floor(10 * points + Fraction(1, 2))
    return f"{tenths // 10},{tenths % 10}"


def _interval(report: Report) -> tuple[int, int] | None:
    """Whole points between which the score would lie if every client of the base had answered."""
    found = report.score.interval(report.clients.clients)
    return (math.floor(found[0] + 0.5), math.floor(found[1] + 0.5)) if found else None


def _page_url(number: int) -> str:
    """The address of another page of the list that is shown, with its filters."""
    return url_for(request.endpoint or "", **{**request.args.to_dict(), **(request.view_args or {}), "page": number})


def _campaign(campaign_id: int) -> CampaignRow:
    campaign = campaign_for(db.session(), access.current_actor(), campaign_id)
    if campaign is None:
        raise NotFoundError
    return campaign


def _address() -> str:
    return access.client_address()
