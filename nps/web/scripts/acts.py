"""What becomes of the draft as a whole: published, thrown away, replaced by a file."""

from __future__ import annotations

from functools import partial

from flask import Response, flash, request, url_for

from nps.domain.errors import DomainError
from nps.domain.script.repairs import repaired
from nps.domain.wording import plural
from nps.extensions import db
from nps.services import scripts
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.refusals import told_on
from nps.web.scripts import bp, parsing
from nps.web.scripts.pages import refused, show_studio, show_versions


def _to_studio(campaign_id: int, step_id: str = "") -> Response:
    return htmx.go(url_for("scripts.page", campaign_id=campaign_id, step=step_id or None))


def _not_published(error: DomainError, campaign_id: int) -> Response:
    return show_studio(campaign_or_404(campaign_id), "", error, chosen=parsing.campaigns())


@bp.post("/publish")
@roles("specialist")
@told_on(_not_published)
def publish(campaign_id: int) -> Response:
    """Make the draft the next version; open calls keep theirs."""
    version_id, chosen = campaign_or_404(campaign_id).script_version_id, parsing.campaigns()
    no = scripts.publish(db.session, current_actor(), version_id, parsing.revision(), chosen, now())
    if chosen:
        flash(f"Опубликована версия {no}: новые звонки идут по ней, начатые закончатся по прежней.", "ok")
    else:
        flash(f"Опубликована версия {no}. Ни один проект на неё не перешёл: её возьмут новые проекты.", "ok")
    return _to_studio(campaign_id)


def _not_adopted(error: DomainError, campaign_id: int) -> Response:
    return show_versions(campaign_or_404(campaign_id), error, parsing.campaigns())


@bp.post("/adopt")
@roles("specialist")
@told_on(_not_adopted)
def adopt(campaign_id: int) -> Response:
    """Let campaigns that stayed on an older version call by the latest one."""
    version_id = campaign_or_404(campaign_id).script_version_id
    moved = scripts.adopt(db.session, current_actor(), version_id, parsing.campaigns(), now())
    words = plural(moved, "проект перешёл", "проекта перешли", "проектов перешли")
    flash(f"На последнюю версию {words}: {moved}. Новые звонки идут по ней, начатые закончатся по прежней.", "ok")
    return htmx.go(url_for("scripts.versions", campaign_id=campaign_id))


@bp.post("/discard")
@roles("specialist")
@told_on(refused)
def discard(campaign_id: int) -> Response:
    """Throw the draft away: what is published stays."""
    version_id = campaign_or_404(campaign_id).script_version_id
    scripts.discard(db.session, current_actor(), version_id, parsing.revision())
    flash("Черновик удалён. Действует опубликованная версия.", "ok")
    return _to_studio(campaign_id)


@bp.post("/undo")
@roles("specialist")
@told_on(refused)
def undo(campaign_id: int) -> Response:
    """Take the last change of the draft back."""
    version_id, step_id = campaign_or_404(campaign_id).script_version_id, forms.text("step", 64)
    scripts.undo(db.session, current_actor(), version_id, parsing.revision(), now())
    flash("Последняя правка отменена.", "ok")
    return _to_studio(campaign_id, step_id)


@bp.post("/repair")
@roles("specialist")
@told_on(refused)
def repair(campaign_id: int) -> Response:
    """Mend a problem of the draft in the way that stands on the button."""
    version_id, step_id = campaign_or_404(campaign_id).script_version_id, forms.text("step", 64)
    edit = partial(repaired, key=forms.text("repair", 200))
    scripts.save(db.session, current_actor(), version_id, parsing.revision(), edit, now())
    flash("Черновик исправлен. Вернуть, как было, можно кнопкой «Отменить последнюю правку».", "ok")
    return _to_studio(campaign_id, step_id)


def _not_taken(error: DomainError, campaign_id: int) -> Response:
    return show_versions(campaign_or_404(campaign_id), error)


@bp.post("/file")
@roles("specialist")
@told_on(_not_taken)
def upload(campaign_id: int) -> Response:
    """Put a script from a YAML file in the draft's place; nothing is published by that."""
    version_id, file = campaign_or_404(campaign_id).script_version_id, request.files.get("file")
    if file is None or not file.filename:
        raise DomainError("file", "Выберите файл YAML со скриптом.")
    scripts.replace_draft(db.session, current_actor(), version_id, parsing.revision(), file.stream, now())
    flash("Скрипт из файла лежит в черновике. Проверьте его и сравните с опубликованным.", "ok")
    return _to_studio(campaign_id)


def _not_used(error: DomainError, campaign_id: int, unsuitable_id: int) -> Response:
    flash(error.message, "warn")
    return htmx.go(url_for("campaigns.unsuitable", campaign_id=campaign_id))


@bp.post("/words/<int:unsuitable_id>")
@roles("specialist")
@told_on(_not_used)
def use_words(campaign_id: int, unsuitable_id: int) -> Response:
    """One press makes a client's words a part of the draft; the next page is where it is finished."""
    campaign_or_404(campaign_id)
    step = scripts.use_words(db.session, current_actor(), unsuitable_id, request.form.get("used_as", ""), now())
    if not step:
        flash("Слова клиента учтены, скрипт не изменился.", "ok")
        return htmx.go(url_for("campaigns.unsuitable", campaign_id=campaign_id))
    flash("Слова клиента добавлены в черновик. Допишите остальное и сохраните.", "ok")
    return _to_studio(campaign_id, step)
