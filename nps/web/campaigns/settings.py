"""Terms of a campaign, pause and close."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for

from nps.domain.errors import DomainError, StaleError
from nps.domain.wording import number
from nps.extensions import db
from nps.queries import campaign_settings
from nps.queries.campaigns import CampaignRow, budget
from nps.queries.clients import counts
from nps.services import campaigns, cases
from nps.services.campaigns import ADMISSIONS, Terms
from nps.web import access, forms, htmx
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import MANAGERS, by_field, campaign_or_404, settings_page
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.refusals import told_on


def read_terms() -> Terms:
    """The terms of a form; raises FormError for what can't be read."""
    starts_on = forms.day("starts_on", label="Начало")
    ends_on = forms.day("ends_on", label="Окончание")
    if starts_on is None or ends_on is None:
        raise forms.FormError("starts_on", "Укажите даты проекта.")
    return Terms(
        title=forms.text("title", 300, label="Название", required=True),
        starts_on=starts_on,
        ends_on=ends_on,
        soft_refusal_final=forms.choice("soft_refusal_final", words.SOFT_REFUSALS, label="«Не сейчас»") == "1",
        admission=forms.choice("admission", ADMISSIONS, label="Допуск"),
        legal_basis=forms.text("legal_basis", 500, label="Основание обработки данных"),
        delete_on=forms.day("delete_on", label="Дата удаления данных", required=False),
        dial_link=forms.text("dial_link", 200, label="Ссылка для набора", required=True),
        recordings_until=forms.day("recordings_until", label="Хранить записи до", required=False),
        customer_hears=forms.flag("customer_hears"),
        setup_allowance_s=forms.whole("setup_allowance_s", 0, 60, label="Запас на соединение"),
        answers_after_check=forms.flag("answers_after_check"),
    )


def _page(error: DomainError | None, campaign_id: int, typed: dict[str, str] | None = None) -> Response:
    campaign = campaign_or_404(campaign_id)
    more = campaign_settings.more(db.session(), campaign_id)
    used = budget(db.session(), campaign)
    return settings_page(
        "settings",
        campaign,
        error,
        more=more,
        typed=typed or _stored(campaign, more),
        errors={**by_field(error), "sure": error.message if error and typed is None else ""},
        used=used,
        moved_by_other_rule=0 if campaign.closed_at else cases.moved_by_other_rule(db.session(), campaign),
        to_call=counts(db.session(), campaign_id)["to_call"],
        words=words,
    )


def _not_saved(error: DomainError, campaign_id: int) -> Response:
    return _page(error, campaign_id, forms.typed())


def _stored(campaign: CampaignRow, more: Any) -> dict[str, Any]:
    return {
        "title": campaign.title,
        "starts_on": campaign.starts_on,
        "ends_on": campaign.ends_on,
        "soft_refusal_final": "1" if campaign.soft_refusal_final else "0",
        "admission": campaign.admission,
        "legal_basis": more.legal_basis,
        "delete_on": more.delete_on or "",
        "recordings_until": more.recordings_until or "",
        "customer_hears": campaign.customer_hears,
        "dial_link": campaign.dial_link,
        "setup_allowance_s": campaign.setup_allowance_s,
        "answers_after_check": campaign.answers_after_check,
    }


@bp.get("/campaigns/<int:campaign_id>/settings")
@access.roles(*MANAGERS)
def settings(campaign_id: int) -> Response:
    """Terms of the campaign and what stops it."""
    return _page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings")
@access.roles(*MANAGERS)
@told_on(_not_saved, StaleError)
def save_settings(campaign_id: int) -> Response:
    """Change the terms; what was scheduled follows."""
    campaign_or_404(campaign_id)
    campaigns.change(db.session(), access.current_actor().id, campaign_id, read_terms(), now())
    flash("Настройки сохранены.", "ok")
    return htmx.go(url_for("campaigns.settings", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/pause")
@access.roles(*MANAGERS)
def pause(campaign_id: int) -> Response:
    """One button: nobody dials any more."""
    campaign_or_404(campaign_id)
    campaigns.pause(db.session(), access.current_actor().id, campaign_id, now())
    return htmx.go(url_for("campaigns.operators", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/resume")
@access.roles(*MANAGERS)
def resume(campaign_id: int) -> Response:
    """The same button again: calls go on."""
    campaign_or_404(campaign_id)
    campaigns.resume(db.session(), access.current_actor().id, campaign_id, now())
    flash("Звонки продолжаются.", "ok")
    return htmx.go(url_for("campaigns.operators", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/close")
@access.roles(*MANAGERS)
@told_on(_page)
def close(campaign_id: int) -> Response:
    """End the campaign for good; asked for with the word typed, since nothing brings it back."""
    campaign_or_404(campaign_id)
    if not forms.flag("sure"):
        raise forms.FormError("sure", "Отметьте, что проект можно закрыть: открыть его снова нельзя.")
    unreached = cases.close_campaign(db.session(), access.current_actor().id, campaign_id, now(), office_zone())
    flash(f"Проект закрыт. Не успели опросить: {number(unreached)}.", "ok")
    return htmx.go(url_for("campaigns.settings", campaign_id=campaign_id))
