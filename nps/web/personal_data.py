"""Personal data of a campaign: why and until when it is kept, its destruction, and the acts of it (R20)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, flash, request, url_for

from nps.domain.errors import DomainError, NotFoundError, PhoneError, StaleError
from nps.extensions import db
from nps.queries import personal_data as queries
from nps.services import personal_data
from nps.services.personal_data import Order, document
from nps.web import access, forms, htmx, shell
from nps.web.campaigns.common import MANAGERS, campaign_or_404, tabs, today
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.refusals import told_on

bp = Blueprint("personal_data", __name__)


@bp.get("/campaigns/<int:campaign_id>/settings/personal-data")
@access.roles(*MANAGERS)
def page(error: DomainError | None = None, *, campaign_id: int, found: Sequence[queries.Found] = ()) -> Response:
    """Terms, what can be destroyed, and what was. Values of a refused form come back beside the error."""
    campaign = campaign_or_404(campaign_id)
    stored = queries.terms(db.session(), campaign.id)
    if error and not isinstance(error, StaleError):
        found = queries.found(db.session(), forms.numbers("shown"))
    return htmx.render(
        "personal_data/page.html",
        "personal_data/_page.html",
        status_of(error),
        campaign=campaign,
        tabs=tabs(campaign.id, "personal_data.page"),
        stored=stored,
        late=stored.delete_on is not None and stored.delete_on <= today() and stored.erased_at is None,
        acts=queries.erasures(db.session(), campaign.customer_id),
        found=found,
        stopped=queries.is_stopped(db.session(), campaign.customer_id, found),
        typed=forms.typed(),
        failed=str(request.endpoint) if error else "",
        errors=_errors(error),
    )


@bp.post("/campaigns/<int:campaign_id>/settings/personal-data/terms")
@access.roles(*MANAGERS)
@told_on(page, StaleError)
def save_terms(campaign_id: int) -> Response:
    """Legal basis and day of deletion, also of a closed campaign."""
    campaign_or_404(campaign_id)
    personal_data.set_terms(
        db.session(),
        access.current_actor().id,
        campaign_id,
        legal_basis=forms.text("legal_basis", 500, label="Основание обработки данных"),
        delete_on=forms.day("delete_on", label="Когда удалить данные", required=False),
        now=now(),
    )
    flash("Основание и срок сохранены.", "ok")
    return htmx.go(url_for("personal_data.page", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/settings/personal-data/find")
@access.roles(*MANAGERS)
@told_on(page)
def find(campaign_id: int) -> Response:
    """Everybody a number belongs to, before anything is destroyed. A POST: no number stands in an address."""
    phone, respondent_id = _whom()
    ids = personal_data.clients_of_person(
        db.session(), campaign_or_404(campaign_id), phone=phone, respondent_id=respondent_id
    )
    if not ids:
        raise forms.FormError("phone", "Клиентов с этим номером нет, или их данные уже удалены.")
    return page(campaign_id=campaign_id, found=queries.found(db.session(), ids))


@bp.post("/campaigns/<int:campaign_id>/settings/personal-data/person")
@access.roles(*MANAGERS)
@told_on(page)
def erase_person(campaign_id: int) -> Response:
    """Destroy what is kept of the people that were shown."""
    campaign_or_404(campaign_id)
    phone, respondent_id = _whom()
    return _erased(
        personal_data.erase_person(
            db.session(), campaign_id, _order(), shown=forms.numbers("shown"), phone=phone, respondent_id=respondent_id
        )
    )


@bp.post("/campaigns/<int:campaign_id>/settings/personal-data/erase")
@access.roles(*MANAGERS)
@told_on(page)
def erase_campaign(campaign_id: int) -> Response:
    """Destroy the data of a closed campaign; its title is typed again, since nothing brings the data back."""
    campaign_or_404(campaign_id)
    title = forms.text("title", 300, label="Название проекта", required=True)
    return _erased(personal_data.erase_campaign(db.session(), campaign_id, _order(), title=title))


@bp.get("/acts/<int:erasure_id>")
@access.roles(*MANAGERS)
def erasure(erasure_id: int) -> Response:
    """The act with its extract of the journal, made to be printed."""
    found = _act(erasure_id)
    shell.inside(found.line.campaign_id)
    return htmx.render(
        "personal_data/act.html",
        "personal_data/_act.html",
        act=found,
        facts=list(document.facts(found, office_zone())),
        counted=document.counted(found),
        extract=document.extract(found, office_zone()),
        journal_head=document.JOURNAL,
    )


@bp.get("/acts/<int:erasure_id>.xlsx")
@access.roles(*MANAGERS)
def workbook(erasure_id: int) -> Response:
    """The same as a workbook."""
    file = personal_data.download_act(
        db.session(),
        access.current_actor(),
        erasure_id,
        current_app.config["DATA_FOLDER"] / "exports",
        office_zone(),
        now(),
        access.client_address(),
    )
    name = f"Акт {erasure_id} об уничтожении персональных данных.xlsx"
    return send_and_forget(file, name, f"act-{erasure_id}.xlsx")


def _whom() -> tuple[str, int | None]:
    """A number that was typed, or a client whose card was open."""
    return forms.text("phone", 40, label="Телефон"), forms.number_or_none("respondent_id", label="Клиент")


def _order() -> Order:
    return Order(
        actor_id=access.current_actor().id,
        reason=forms.text("reason", 500, label="Причина"),
        keep_stopped=forms.flag("keep_stopped"),
        now=now(),
    )


def _erased(erasure_id: int) -> Response:
    flash("Данные удалены. Файлы и следы в базе убираются прямо сейчас, акт покажет, когда всё закончено.", "ok")
    return htmx.go(url_for("personal_data.erasure", erasure_id=erasure_id))


def _act(erasure_id: int) -> queries.Act:
    found = queries.erasure(db.session(), erasure_id)
    if found is None:
        raise NotFoundError("Такого акта нет.")
    return found


def _errors(error: DomainError | None) -> dict[str, str]:
    """The sentence under its field; one that belongs to none stands above the form."""
    if error is None:
        return {}
    field = (
        error.field if isinstance(error, forms.FormError) else "phone" if isinstance(error, PhoneError) else error.code
    )
    return {field if field in ("title", "reason", "phone", "legal_basis", "delete_on") else "form": error.message}
