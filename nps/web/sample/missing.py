"""Clients of the project that the newest base leaves out: shown, and withdrawn by a manager's decision (§4)."""

from __future__ import annotations

from flask import Response, flash, url_for

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries import missing_clients
from nps.queries import sample as queries
from nps.services import cases
from nps.web import access, forms, htmx
from nps.web.campaigns import words
from nps.web.campaigns.common import KEEPERS, campaign_or_404
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on
from nps.web.sample import bp, pages

_LATER = "После этого файла загрузили другой: кого исключать, решают по нему."


def _page(error: DomainError | None, campaign_id: int, load_id: int) -> Response:
    campaign, load = campaign_or_404(campaign_id), pages.load_of(campaign_id, load_id)
    problem = error.message if error else ""
    found = missing_clients.missing(db.session(), campaign_id, load_id, forms.arg_number("page"))
    if found is None:
        return pages.show(campaign, load_id, problem or _LATER, 409)
    return htmx.render(
        "sample/missing.html",
        "sample/_missing.html",
        status_of(error) if error else 200,
        campaign=campaign,
        load=load,
        found=found,
        rejected=queries.counts(db.session(), load_id)["rejected"],
        words=words,
        may_withdraw=access.current_actor().role == "manager" and campaign.closed_at is None,
        typed=forms.typed(),
        problem=problem,
        address=lambda page: url_for("sample.missing", campaign_id=campaign_id, load_id=load_id, page=page),
    )


@bp.get("/<int:load_id>/missing")
@access.roles(*KEEPERS)
def missing(campaign_id: int, load_id: int) -> Response:
    """Who is not in the file."""
    return _page(None, campaign_id, load_id)


@bp.post("/<int:load_id>/withdraw")
@access.roles("manager")
@told_on(_page)
def withdraw(campaign_id: int, load_id: int) -> Response:
    """Take those still to call out of the base, with the number of the customer's letter and a reason."""
    pages.load_of(campaign_or_404(campaign_id).id, load_id)
    gone = cases.withdraw_missing(
        db.session(),
        access.current_actor().id,
        campaign_id,
        load_id,
        letter=forms.text("letter", 60, label="Номер письма"),
        reason=forms.text("reason", 500, label="Причина"),
        expected=forms.whole("clients", 0, 2**31 - 1, label="Сколько клиентов"),
        now=now(),
    )
    flash(f"Исключено из базы клиентов: {gone}. Они посчитаны отдельно.", "ok")
    return htmx.go(url_for("sample.missing", campaign_id=campaign_id, load_id=load_id))
