"""What the customer's specialist keeps for all campaigns: branches with regions, contacts, stop list (R7, R19, R21)."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from nps.domain.errors import DomainError
from nps.domain.phone import digits
from nps.domain.wording import number, plural
from nps.extensions import db
from nps.queries import campaign_settings, customer_lists
from nps.services import branches as branch_services
from nps.services import stop_list as stop_services
from nps.services.branches import Contact
from nps.web import access, forms, htmx, sealed
from nps.web.campaigns import bp
from nps.web.campaigns.common import KEEPERS, by_field, campaign_or_404, settings_page
from nps.web.clock import now
from nps.web.refusals import told_on

#: Entries of the stop list on its page: the others are found by their digits, or in the workbook.
MOST_SHOWN = 100


def _branches_page(error: DomainError | None, campaign_id: int, branch_id: int | None = None) -> Response:
    campaign = campaign_or_404(campaign_id)
    return settings_page(
        "branches",
        campaign,
        error,
        rows=customer_lists.branches(db.session(), campaign.customer_id, campaign_id),
        regions=[("", "неизвестен"), *campaign_settings.regions(db.session())],
        errors=by_field(error) if branch_id is None else {},
        problem=error.message if error and branch_id is not None else "",
        typed=forms.typed() if error and branch_id is None else {},
    )


@bp.get("/campaigns/<int:campaign_id>/settings/branches")
@access.roles(*KEEPERS)
def branches(campaign_id: int) -> Response:
    """Branches of the customer, those without a region first."""
    return _branches_page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/branches")
@access.roles(*KEEPERS)
@told_on(_branches_page)
def add_branch(campaign_id: int) -> Response:
    campaign = campaign_or_404(campaign_id)
    branch_services.add_branch(
        db.session(),
        access.current_actor().id,
        campaign.customer_id,
        name=forms.text("name", 200, label="Название", required=True),
        region_code=_region(),
        area_code=forms.text("area_code", 5, label="Код города"),
        now=now(),
    )
    flash("ОП добавлен.", "ok")
    return htmx.go(url_for("campaigns.branches", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/settings/branches/<int:branch_id>")
@access.roles(*KEEPERS)
@told_on(_branches_page)
def set_region(campaign_id: int, branch_id: int) -> Response:
    """Say where a branch lies: its clients become callable by that region's clock."""
    campaign = campaign_or_404(campaign_id)
    moved = branch_services.set_region(
        db.session(),
        access.current_actor().id,
        campaign.customer_id,
        branch_id,
        region_code=_region(),
        area_code=forms.text("area_code", 5, label="Код города"),
        now=now(),
    )
    flash(f"Сохранено. Регион изменён у {number(moved)} {plural(moved, 'клиента', 'клиентов', 'клиентов')}.", "ok")
    return htmx.go(url_for("campaigns.branches", campaign_id=campaign_id))


def _region() -> str | None:
    codes = ["", *(code for code, _ in campaign_settings.regions(db.session()))]
    return forms.choice("region", codes, label="Регион") or None


def _contacts_page(error: DomainError | None, campaign_id: int, contact_id: int | None = None) -> Response:
    campaign = campaign_or_404(campaign_id)
    rows = customer_lists.branches(db.session(), campaign.customer_id, campaign_id)
    return settings_page(
        "contacts",
        campaign,
        error,
        rows=customer_lists.contacts(db.session(), campaign.customer_id),
        branches=[("", "отдел без ОП"), *sorted(((row.id, row.name) for row in rows), key=lambda pair: pair[1])],
        failed=contact_id,
    )


@bp.get("/campaigns/<int:campaign_id>/settings/contacts")
@access.roles(*KEEPERS)
def contacts(campaign_id: int) -> Response:
    """Whom operators connect a client with."""
    return _contacts_page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/contacts")
@access.roles(*KEEPERS)
@told_on(_contacts_page)
def add_contact(campaign_id: int) -> Response:
    campaign = campaign_or_404(campaign_id)
    branch_services.add_contact(db.session(), access.current_actor().id, campaign.customer_id, _contact(), now())
    flash("Контакт добавлен: операторы видят его уже сейчас.", "ok")
    return htmx.go(url_for("campaigns.contacts", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/settings/contacts/<int:contact_id>")
@access.roles(*KEEPERS)
@told_on(_contacts_page)
def change_contact(campaign_id: int, contact_id: int) -> Response:
    customer_id, actor_id = campaign_or_404(campaign_id).customer_id, access.current_actor().id
    branch_services.change_contact(db.session(), actor_id, customer_id, contact_id, _contact(), now())
    flash("Контакт изменён.", "ok")
    return htmx.go(url_for("campaigns.contacts", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/settings/contacts/<int:contact_id>/remove")
@access.roles(*KEEPERS)
def remove_contact(campaign_id: int, contact_id: int) -> Response:
    campaign = campaign_or_404(campaign_id)
    branch_services.remove_contact(db.session(), access.current_actor().id, campaign.customer_id, contact_id, now())
    flash("Контакт убран.", "ok")
    return htmx.go(url_for("campaigns.contacts", campaign_id=campaign_id))


def _contact() -> Contact:
    return Contact(
        branch_id=forms.number_or_none("branch_id", label="ОП"),
        department=forms.text("department", 200, label="Отдел"),
        person=forms.text("person", 200, label="Кто"),
        phone=forms.text("phone", 40, label="Телефон", required=True),
        note=forms.text("note", 300, label="Пояснение"),
    )


def stop_page(error: DomainError | None, campaign_id: int, entry_id: int | None = None) -> Response:
    campaign, wanted = campaign_or_404(campaign_id), sealed.arg("find")
    return settings_page(
        "stop_list",
        campaign,
        error,
        rows=customer_lists.stop_list(db.session(), campaign.customer_id, digits(wanted) or wanted, MOST_SHOWN),
        in_force=customer_lists.entries_in_force(db.session(), campaign.customer_id),
        wanted=wanted,
        most=MOST_SHOWN,
        errors=_stop_errors(error),
        failed=entry_id,
        may_lift=access.current_actor().role == "manager",
    )


def _stop_errors(error: DomainError | None) -> dict[str, str]:
    """The sentence under the field it speaks of: readers of phones and INN have codes of their own."""
    if error is None or error.code == "reason" or isinstance(error, forms.FormError):
        return by_field(error)
    if request.endpoint != "campaigns.add_stop" and request.endpoint != "campaigns.lift_stop":
        return {"file": error.message}
    return {"inn" if forms.typed().get("inn") and not forms.typed().get("phone") else "phone": error.message}


@bp.get("/campaigns/<int:campaign_id>/settings/stop-list")
@access.roles(*KEEPERS)
def stop_list(campaign_id: int) -> Response:
    """Whom nobody calls in any campaign of this customer."""
    return stop_page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/stop-list")
@access.roles(*KEEPERS)
@told_on(stop_page)
def add_stop(campaign_id: int) -> Response:
    """Add a phone, or a whole organisation by INN."""
    campaign_or_404(campaign_id)
    stop_services.add(
        db.session(),
        access.current_actor().id,
        campaign_id,
        phone=forms.text("phone", 40, label="Телефон"),
        inn=forms.text("inn", 20, label="ИНН"),
        reason=forms.text("reason", 300, label="Причина"),
        now=now(),
    )
    flash("Внесено в стоп-лист: звонить сюда больше никто не будет.", "ok")
    return htmx.go(url_for("campaigns.stop_list", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/settings/stop-list/<int:entry_id>/lift")
@access.roles("manager")
@told_on(stop_page)
def lift_stop(campaign_id: int, entry_id: int) -> Response:
    """Take an entry off with a reason; a manager only (R21)."""
    campaign_or_404(campaign_id)
    reason = forms.text("reason", 300, label="Причина")
    freed = stop_services.lift(db.session(), access.current_actor().id, campaign_id, entry_id, reason, now())
    flash(f"Снято со стоп-листа. Решены заново {number(freed)} {plural(freed, 'клиент', 'клиента', 'клиентов')}.", "ok")
    return htmx.go(url_for("campaigns.stop_list", campaign_id=campaign_id))
