"""What becomes of the draft as a whole: published, thrown away, replaced by a file."""

from __future__ import annotations

from functools import partial

from flask import Response, flash, request, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.script.repairs import repaired
from nps.domain.wording import plural
from nps.extensions import db
from nps.services import scripts
from nps.services.form_keys import Form
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.scripts import bp, parsing
from nps.web.scripts.pages import show_studio, show_versions


def _form(route: str) -> Form:
    return Form(forms.sent_key(), current_actor().id, route, forms.fields())


@bp.post("/publish")
@roles("specialist")
def publish(campaign_id: int) -> Response:
    """Make the draft the next version; open calls keep theirs."""
    campaign = campaign_or_404(campaign_id)
    chosen = parsing.campaigns()
    try:
        form = _form("scripts.publish")
        version_id = campaign.script_version_id
        no = scripts.publish(db.session, current_actor(), version_id, parsing.revision(), chosen, form, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return show_studio(campaign, "", error, chosen=chosen)
    if chosen:
        flash(f"Опубликована версия {no}: новые звонки идут по ней, начатые закончатся по прежней.", "ok")
    else:
        flash(f"Опубликована версия {no}. Ни один проект на неё не перешёл: её возьмут новые проекты.", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id))


@bp.post("/adopt")
@roles("specialist")
def adopt(campaign_id: int) -> Response:
    """Let campaigns that stayed on an older version call by the latest one."""
    campaign = campaign_or_404(campaign_id)
    chosen = parsing.campaigns()
    try:
        version_id, form = campaign.script_version_id, _form("scripts.adopt")
        moved = scripts.adopt(db.session, current_actor(), version_id, chosen, form, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return show_versions(campaign, error, chosen)
    words = plural(moved, "проект перешёл", "проекта перешли", "проектов перешли")
    flash(f"На последнюю версию {words}: {moved}. Новые звонки идут по ней, начатые закончатся по прежней.", "ok")
    return htmx.go(url_for("scripts.versions", campaign_id=campaign_id))


@bp.post("/discard")
@roles("specialist")
def discard(campaign_id: int) -> Response:
    """Throw the draft away: what is published stays."""
    campaign = campaign_or_404(campaign_id)
    try:
        scripts.discard(
            db.session, current_actor(), campaign.script_version_id, parsing.revision(), _form("scripts.discard"), now()
        )
    except NotFoundError:
        raise
    except DomainError as error:
        return show_studio(campaign, "", error)
    flash("Черновик удалён. Действует опубликованная версия.", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id))


@bp.post("/undo")
@roles("specialist")
def undo(campaign_id: int) -> Response:
    """Take the last change of the draft back."""
    campaign = campaign_or_404(campaign_id)
    step_id = forms.text("step", 64)
    try:
        scripts.undo(
            db.session, current_actor(), campaign.script_version_id, parsing.revision(), _form("scripts.undo"), now()
        )
    except NotFoundError:
        raise
    except DomainError as error:
        return show_studio(campaign, step_id, error)
    flash("Последняя правка отменена.", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id, step=step_id or None))


@bp.post("/repair")
@roles("specialist")
def repair(campaign_id: int) -> Response:
    """Mend a problem of the draft in the way that stands on the button."""
    campaign = campaign_or_404(campaign_id)
    step_id, edit = forms.text("step", 64), partial(repaired, key=forms.text("repair", 200))
    try:
        version_id, form = campaign.script_version_id, _form("scripts.repair")
        scripts.save(db.session, current_actor(), version_id, parsing.revision(), edit, form, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return show_studio(campaign, step_id, error)
    flash("Черновик исправлен. Вернуть, как было, можно кнопкой «Отменить последнюю правку».", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id, step=step_id or None))


@bp.post("/file")
@roles("specialist")
def upload(campaign_id: int) -> Response:
    """Put a script from a YAML file in the draft's place; nothing is published by that."""
    campaign = campaign_or_404(campaign_id)
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise DomainError("file", "Выберите файл YAML со скриптом.")
        version_id, form = campaign.script_version_id, _form("scripts.upload")
        scripts.replace_draft(db.session, current_actor(), version_id, parsing.revision(), file.stream, form, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return show_versions(campaign, error)
    flash("Скрипт из файла лежит в черновике. Проверьте его и сравните с опубликованным.", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id))


@bp.post("/words/<int:unsuitable_id>")
@roles("specialist")
def use_words(campaign_id: int, unsuitable_id: int) -> Response:
    """One press makes a client's words a part of the draft; the next page is where it is finished."""
    campaign_or_404(campaign_id)
    used_as = request.form.get("used_as", "")
    try:
        step = scripts.use_words(db.session, current_actor(), unsuitable_id, used_as, _form("scripts.use_words"), now())
    except NotFoundError:
        raise
    except DomainError as error:
        flash(error.message, "warn")
        return htmx.go(url_for("campaigns.unsuitable", campaign_id=campaign_id))
    if not step:
        flash("Слова клиента учтены, скрипт не изменился.", "ok")
        return htmx.go(url_for("campaigns.unsuitable", campaign_id=campaign_id))
    flash("Слова клиента добавлены в черновик. Допишите остальное и сохраните.", "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id, step=step))
