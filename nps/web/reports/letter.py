"""The morning's letter with the figures: each sets it for himself, a manager sees who gets it."""

from __future__ import annotations

from flask import Response, flash, url_for

from nps.domain.errors import DomainError
from nps.domain.report_letter import OFF, OFTEN
from nps.domain.roles import ROLES
from nps.extensions import db
from nps.queries.campaigns import CampaignRow
from nps.queries.report_letters import receivers, wish_of
from nps.services import report_letters
from nps.web import access, forms, htmx
from nps.web.campaigns.common import by_field, campaign_or_404
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.refusals import told_on
from nps.web.reports import bp
from nps.web.reports.common import READERS, for_manager


@bp.get("/campaigns/<int:campaign_id>/letter")
@access.roles(*READERS)
def letter(campaign_id: int) -> Response:
    """The person's own setting."""
    return _page(campaign_or_404(campaign_id))


@bp.post("/campaigns/<int:campaign_id>/letter")
@access.roles(*READERS)
@told_on(lambda error, campaign_id: _page(campaign_or_404(campaign_id), error))
def set_letter(campaign_id: int) -> Response:
    """Change it: how often, and the address."""
    campaign_or_404(campaign_id)
    every, email = forms.text("every"), forms.text("email", 254, label="Почта")
    report_letters.subscribe(
        db.session(), access.current_actor(), campaign_id, every=every, email=email, zone=office_zone(), now=now()
    )
    flash("Писем с итогами больше не будет." if every == OFF else f"Письмо с итогами: {OFTEN[every]}.", "ok")
    return htmx.go(url_for("reports.letter", campaign_id=campaign_id))


def _page(campaign: CampaignRow, error: DomainError | None = None) -> Response:
    actor = access.current_actor()
    own = wish_of(db.session(), actor.id, campaign.id)
    return htmx.render(
        "reports/letter.html",
        "reports/_letter.html",
        422 if error else 200,
        campaign=campaign,
        may_receive=report_letters.may_receive(actor.role, campaign.purpose),
        own=own,
        typed={"every": own.every, "email": own.email} | (forms.typed() if error else {}),
        errors=by_field(error),
        often=list(OFTEN.items()),
        words=OFTEN,
        roles=ROLES,
        receivers=receivers(db.session(), campaign.id) if for_manager() else None,
    )
