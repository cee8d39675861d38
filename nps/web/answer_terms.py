"""How soon a campaign's escalations must be answered: deadline, reminder and digest (R15)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, url_for

from nps.domain.answer_terms import MOST_HOURS, MOST_REMIND_MIN, ZONE_NAMES, AnswerTerms
from nps.extensions import db
from nps.queries import campaigns, escalation_figures
from nps.services import answer_terms
from nps.services.escalations import ADDRESS_KEEPERS
from nps.web import access, forms, htmx
from nps.web.campaigns.common import by_field
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on

bp = Blueprint("answer_terms", __name__)


@bp.get("/campaigns/<int:campaign_id>/escalations/terms")
@access.roles(*ADDRESS_KEEPERS)
def terms(campaign_id: int) -> Response:
    """The terms of a campaign."""
    return _page(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/escalations/terms")
@access.roles(*ADDRESS_KEEPERS)
@told_on(lambda error, campaign_id: _page(campaign_id, by_field(error), status_of(error)))
def change(campaign_id: int) -> Response:
    """Set them; escalations already raised keep their deadline."""
    answer_terms.change_terms(db.session(), access.current_actor(), campaign_id, _read(), now=now())
    flash("Сроки сохранены. Они действуют для новых обращений.", "ok")
    return htmx.go(url_for("escalations.index", campaign_id=campaign_id))


def _read() -> AnswerTerms:
    usual = AnswerTerms()
    return AnswerTerms(
        within_h=forms.number_or_none("within_h", 1, MOST_HOURS, label="Срок ответа"),
        opens=forms.clock("opens", label="Начало рабочего дня") or usual.opens,
        closes=forms.clock("closes", label="Конец рабочего дня") or usual.closes,
        zone=forms.choice("zone", ZONE_NAMES, label="Часовой пояс"),
        remind_before_min=forms.number_or_none("remind_before_min", 1, MOST_REMIND_MIN, label="Напоминание"),
        digest_at=forms.clock("digest_at", label="Сводка"),
    )


def _page(campaign_id: int, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    campaign = campaigns.campaign_for(db.session(), access.current_actor(), campaign_id)
    if campaign is None:
        abort(404)
    set_terms = escalation_figures.terms_of(db.session(), campaign_id)
    given = {
        "within_h": set_terms.within_h or "",
        "opens": f"{set_terms.opens:%H:%M}",
        "closes": f"{set_terms.closes:%H:%M}",
        "zone": set_terms.zone,
        "remind_before_min": set_terms.remind_before_min or "",
        "digest_at": f"{set_terms.digest_at:%H:%M}" if set_terms.digest_at else "",
    }
    return htmx.render(
        "escalations/terms.html",
        "escalations/_terms.html",
        status,
        campaign=campaign,
        given=given | forms.typed() if errors else given,
        errors=errors or {},
        zones=list(ZONE_NAMES.items()),
    )
