"""The list of recordings: filters, pages, and the player beside it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from werkzeug import Response as AnyResponse

from nps.domain.disposition import TABLE
from nps.domain.errors import NotFoundError
from nps.domain.recording import ABSENCES
from nps.domain.wording import number
from nps.extensions import db
from nps.queries.campaigns import CampaignRow, campaign_for
from nps.queries.recordings.checks import CHECKS
from nps.queries.recordings.listing import Wanted, recorded_calls
from nps.queries.recordings.waiting import waiting_count
from nps.queries.reports.proofs import recording_counts
from nps.queries.reports.slices import days_with_calls, people_of
from nps.services import reports
from nps.web import access, forms, htmx, sealed
from nps.web.clock import now
from nps.web.recordings import bp, words
from nps.web.same_list import same_list

STAFF = ("manager", "admin")


@bp.get("/campaigns/<int:campaign_id>/recordings")
@access.roles(*STAFF, "customer")
def index(campaign_id: int) -> Response:
    """Calls with their recordings; `check` shows those that a figure of the reconciliation counts."""
    campaign, session = campaign_or_404(campaign_id), db.session()
    result, check = forms.arg("result"), forms.arg("check")
    wanted = Wanted(
        check=check if check in CHECKS else "recorded",
        day=forms.arg_day("day"),
        operator_id=forms.arg_number("operator", default=0, least=0) or None,
        disposition=result if result in TABLE else None,
        rating=forms.arg_number("rating", default=0, least=0, most=10) or None,
        text=sealed.arg("find"),
    )
    reports.note_view(
        session, actor=access.current_actor(), campaign_id=campaign_id, what="calls", now=now(),
        address=access.client_address(),
    )  # fmt: skip
    return htmx.render(
        "recordings/index.html",
        "recordings/_index.html",
        **frame(campaign, "recordings.index"),
        listing=recorded_calls(session, campaign_id, wanted, now(), forms.arg_number("page")),
        wanted=wanted,
        page_url=lambda number: same_list(page=number),
        table=TABLE,
        titles=words.TITLES,
        absences=ABSENCES,
        days=days_with_calls(session, campaign_id),
        operators=[("", "Все операторы"), *people_of(session, campaign_id)],
        results=[("", "Любой итог"), *((code, row.label) for code, row in TABLE.items())],
        ratings=[("", "Любая"), *((n, str(n)) for n in range(10, 0, -1))],
        checks=_checks(wanted.check),
    )


@bp.post("/campaigns/<int:campaign_id>/recordings/search")
@access.roles(*STAFF)
def search(campaign_id: int) -> AnyResponse:
    """Lead to the calls that the typed text finds; the address holds it sealed."""
    campaign_or_404(campaign_id)
    kept = ("check", "day", "operator", "result", "rating")
    return sealed.lead_to("recordings.index", *kept, campaign_id=campaign_id)


def campaign_or_404(campaign_id: int) -> CampaignRow:
    """The campaign when this person may hear its recordings."""
    actor = access.current_actor()
    campaign = campaign_for(db.session(), actor, campaign_id)
    if campaign is None or (actor.role not in STAFF and not campaign.customer_hears):
        raise NotFoundError("Такого проекта нет, или записи в нём закрыты.")
    return campaign


def frame(campaign: CampaignRow, current: str) -> dict[str, Any]:
    """What stands above every page of the section: the tabs and the two figures (R12)."""
    session, counts = db.session(), recording_counts(db.session(), campaign.id)
    nobodys = waiting_count(session, None)
    found = [
        ("recordings.index", f"Все {number(counts.dials_recorded)}", None),
        ("recordings.match", "Сопоставить", waiting_count(session, campaign.id) or None),
        ("recordings.reconciliation", "Сверка по дням", None),
        ("recordings.nobodys", "Без проекта", nobodys or None),
    ]
    role = access.current_actor().role
    urls = [(endpoint, url_for(endpoint, campaign_id=campaign.id), label, count) for endpoint, label, count in found]
    tabs = [
        {"label": label, "href": url, "current": endpoint == current, "count": count}
        for endpoint, url, label, count in urls
        if access.may_open(url, role)
    ]
    return {
        "campaign": campaign, "tabs": tabs, "records": counts, "nobodys": nobodys, "for_manager": role in STAFF
    }  # fmt: skip


def _checks(current: str) -> list[tuple[str, str]]:
    shown = dict(words.FILTERS)
    if current in words.OTHERS:
        shown[current] = words.OTHERS[current]
    return list(shown.items())
