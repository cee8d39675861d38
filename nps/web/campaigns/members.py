"""Who works in a campaign, in which order it is offered to them, and who is admitted (R1, R9)."""

from __future__ import annotations

from flask import Response, flash, url_for

from nps.domain.errors import DomainError, StaleError
from nps.domain.wording import plural
from nps.extensions import db
from nps.queries import campaign_settings
from nps.services import campaigns, desk
from nps.web import access, forms, htmx
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import MANAGERS, campaign_or_404, settings_page
from nps.web.clock import now
from nps.web.refusals import told_on


def _page(error: DomainError | None, campaign_id: int, user_id: int = 0) -> Response:
    campaign = campaign_or_404(campaign_id)
    return settings_page(
        "members",
        campaign,
        error,
        rows=campaign_settings.members(db.session(), campaign_id),
        priorities=[(n, str(n)) for n in campaigns.PRIORITIES],
        words=words,
    )


@bp.get("/campaigns/<int:campaign_id>/settings/members")
@access.roles(*MANAGERS)
def members(campaign_id: int) -> Response:
    """All operators, those of the campaign first."""
    return _page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/members/<int:user_id>")
@access.roles(*MANAGERS)
def assign(campaign_id: int, user_id: int) -> Response:
    """Assign an operator, or give him another priority."""
    campaign_or_404(campaign_id)
    priority = forms.whole("priority", 1, 9, label="Приоритет", default=1)
    campaigns.assign(db.session(), access.current_actor().id, campaign_id, user_id, priority, now())
    flash("Оператор назначен.", "ok")
    return _back(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/members/<int:user_id>/remove")
@access.roles(*MANAGERS)
@told_on(_page)
def unassign(campaign_id: int, user_id: int) -> Response:
    campaign_or_404(campaign_id)
    campaigns.unassign(db.session(), access.current_actor().id, campaign_id, user_id, now())
    flash("Оператор снят с проекта.", "ok")
    return _back(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/members/<int:user_id>/end-shift")
@access.roles(*MANAGERS)
@told_on(_page, StaleError)
def end_shift(campaign_id: int, user_id: int) -> Response:
    """End the shift of an operator who has left without ending it."""
    campaign_or_404(campaign_id)
    desk.end_shift_of(db.session(), access.current_actor().id, campaign_id, user_id, now())
    flash("Смена закончена, его перезвоны теперь может сделать любой.", "ok")
    return _back(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/members/admit")
@access.roles(*MANAGERS)
@told_on(_page, StaleError)
def admit(campaign_id: int) -> Response:
    """Admit the operators that were ticked, or all, with a reason."""
    campaign_or_404(campaign_id)
    chosen = None if forms.flag("all") else forms.numbers("user_id")
    if chosen == []:
        raise forms.FormError("user_id", "Отметьте операторов, которых допускаете.")
    reason = forms.text("reason", 300, label="Основание")
    admitted = campaigns.admit(db.session(), access.current_actor().id, campaign_id, chosen, reason, now())
    flash(f"Допущены: {admitted} {plural(admitted, 'оператор', 'оператора', 'операторов')}.", "ok")
    return _back(campaign_id)


def _back(campaign_id: int) -> Response:
    return htmx.go(url_for("campaigns.members", campaign_id=campaign_id))
