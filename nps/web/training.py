"""The training desk's own pages: scenarios to choose from, and what is said of a practice call (R9)."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.training import SCENARIOS
from nps.extensions import db
from nps.queries import admission, campaigns
from nps.queries import training as queries
from nps.queries.campaigns import CampaignRow
from nps.services import training
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.refusals import told_on

bp = Blueprint("training", __name__, url_prefix="/training")


@bp.get("")
@roles("operator")
def page(error: DomainError | None = None) -> Response:
    """The scenarios, what has been passed of them, and the way to admission."""
    actor, campaign = current_actor(), _campaign(forms.arg_number("campaign", 0, 0))
    progress = queries.progress(db.session(), actor.id, campaign.contract_id) if campaign else None
    selected = SCENARIOS.get(request.values.get("scenario", "")) or (progress.next if progress else None)
    return htmx.render(
        "training/page.html",
        "training/_page.html",
        status=status_of(error),
        campaign=campaign,
        campaigns=[(row.id, row.title) for row in _real_campaigns()],
        progress=progress,
        selected=selected,
        admitted=campaign is not None and admission.is_admitted(db.session(), campaign.id, actor.id),
        problem=error.message if error else "",
    )


@bp.post("/begin")
@roles("operator")
@told_on(page)
def begin() -> Response:
    """Lay a client of the chosen scenario, or of any, on the desk."""
    campaign_id = forms.whole("campaign_id", 1, forms.MOST, label="Проект")
    scenario = request.form.get("scenario", "")
    chosen = secrets.choice(list(SCENARIOS)) if scenario == "any" else scenario
    training.begin(db.session, current_actor(), campaign_id, chosen, now(), office_zone())
    return htmx.go(url_for("desk.page"))


@bp.post("/wait")
@roles("operator")
@told_on(page)
def wait() -> Response:
    """Let the time pass until the invented client is called again."""
    training.wait(db.session, current_actor(), now())
    return htmx.go(url_for("desk.page"))


@bp.get("/calls/<uuid:attempt_id>")
@roles("operator")
def review(attempt_id: UUID) -> Response:
    """What went well in a practice call, and the first thing to do better."""
    found = queries.review(db.session(), current_actor().id, attempt_id)
    if found is None:
        raise NotFoundError("Такого учебного звонка у вас нет.")
    campaign = _campaign(0)
    return htmx.render(
        "training/review.html",
        "training/_review.html",
        review=found,
        campaign=campaign,
        progress=queries.progress(db.session(), current_actor().id, campaign.contract_id) if campaign else None,
        admitted=campaign is not None and admission.is_admitted(db.session(), campaign.id, current_actor().id),
    )


def _real_campaigns() -> list[CampaignRow]:
    """What the operator is trained for."""
    mine = campaigns.campaigns_of(db.session(), current_actor())
    return [row for row in mine if row.purpose != "training" and row.closed_at is None]


def _campaign(wanted: int) -> CampaignRow | None:
    mine = _real_campaigns()
    return next((row for row in mine if row.id == wanted), mine[0] if mine else None)
