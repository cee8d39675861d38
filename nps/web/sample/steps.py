"""What a person does with a load, step by step."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, current_app, request, url_for
from werkzeug import Response as AnyResponse

from nps.domain.errors import DomainError
from nps.domain.sample import FIELDS
from nps.extensions import db
from nps.services import sample
from nps.web import access, forms, htmx, sealed
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.sample import bp, pages

ROLES = ("specialist", "manager", "admin")
_NO_FILE = "Выберите книгу Excel с базой клиентов."
_TWICE = "Поле «{}» выбрано для двух столбцов. Оставьте его у одного."
_DECIDE = "Столбец ОП изменился. Решите, куда отнести подразделения, и проверьте ещё раз."


@bp.get("")
@access.roles(*ROLES)
def page(campaign_id: int) -> Response:
    """Choose a workbook; beside it what was loaded before."""
    return pages.upload_page(pages.campaign_of(campaign_id))


@bp.post("")
@access.roles(*ROLES)
def upload(campaign_id: int) -> Response:
    """Take a workbook in; a file that can't be a base is refused at once."""
    campaign = pages.campaign_of(campaign_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        return pages.upload_page(campaign, _NO_FILE, 422)
    try:
        load_id = sample.upload(
            db.session(),
            campaign_id=campaign_id,
            user_id=access.current_actor().id,
            file_name=file.filename,
            source=file.stream,
            form_key=forms.sent_key(),
            now=now(),
        )
    except DomainError as error:
        return pages.upload_page(campaign, error.message, 422)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.get("/<int:load_id>")
@access.roles(*ROLES)
def load(campaign_id: int, load_id: int) -> Response:
    """A load as it stands: progress, columns, or receipt."""
    return pages.show(pages.campaign_of(campaign_id), load_id)


@bp.post("/<int:load_id>/search")
@access.roles(*ROLES)
def search(campaign_id: int, load_id: int) -> AnyResponse:
    """Lead to the rows that the typed text finds; the address holds it sealed."""
    pages.load_of(pages.campaign_of(campaign_id).id, load_id)
    return sealed.lead_to("sample.load", "show", campaign_id=campaign_id, load_id=load_id)


@bp.get("/<int:load_id>/progress")
@access.roles(*ROLES)
def progress(campaign_id: int, load_id: int) -> Response:
    """The moving part of the progress page; leaves for the load's page when a person is asked again."""
    campaign = pages.campaign_of(campaign_id)
    found = pages.load_of(campaign_id, load_id)
    if not found.is_working:
        return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))
    return pages.progress_page(campaign, found)


@bp.post("/<int:load_id>/place")
@access.roles(*ROLES)
def place(campaign_id: int, load_id: int) -> Response:
    """Take another sheet or another row of headers."""
    campaign = pages.campaign_of(campaign_id)
    try:
        sheet, row = (
            forms.whole("sheet", 0, 10_000, label="Лист"),
            forms.whole("row", 1, 2**20, label="Строка заголовков"),
        )
        sample.reread(db.session(), campaign_id=campaign_id, import_id=load_id, sheet=sheet, header_row=row)
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/columns")
@access.roles(*ROLES)
def confirm(campaign_id: int, load_id: int) -> Response:
    """Take what the columns mean and where unknown branches belong, and have the rows checked."""
    campaign = pages.campaign_of(campaign_id)
    chosen = _chosen_columns()
    decisions = dict(zip(forms.texts("branch_key"), forms.texts("branch"), strict=False))
    try:
        started = sample.confirm(
            db.session(),
            campaign_id=campaign_id,
            import_id=load_id,
            columns=_columns(chosen),
            decisions=decisions,
            user_id=access.current_actor().id,
            form_key=forms.sent_key(),
            now=now(),
        )
    except DomainError as error:
        return pages.refused(campaign, load_id, error, chosen, decisions)
    if not started:
        return pages.mapping_page(
            campaign, pages.load_of(campaign_id, load_id), _DECIDE, decisions=decisions, status=422
        )
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/back")
@access.roles(*ROLES)
def back(campaign_id: int, load_id: int) -> Response:
    """From the receipt to the columns."""
    campaign = pages.campaign_of(campaign_id)
    try:
        sample.back_to_columns(db.session(), campaign_id=campaign_id, import_id=load_id)
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/publish")
@access.roles(*ROLES)
def publish(campaign_id: int, load_id: int) -> Response:
    """Make the accepted rows clients."""
    campaign = pages.campaign_of(campaign_id)
    try:
        sample.publish(
            db.session(),
            campaign_id=campaign_id,
            import_id=load_id,
            user_id=access.current_actor().id,
            form_key=forms.sent_key(),
            now=now(),
        )
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/changes")
@access.roles(*ROLES)
def decide(campaign_id: int, load_id: int) -> Response:
    """Take or leave the change that a row brings to a known client, or all of them."""
    campaign = pages.campaign_of(campaign_id)
    pages.load_of(campaign_id, load_id)
    try:
        sample.decide(
            db.session(),
            campaign_id=campaign_id,
            import_id=load_id,
            row_no=forms.whole("row", 1, 2**20, label="Строка") if request.form.get("row") else None,
            apply=request.form.get("apply") == "1",
        )
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    page = forms.whole("page", 1, 2**20, label="Страница") if request.form.get("page") else 1
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id, show="update", page=page))


@bp.get("/<int:load_id>/marked")
@access.roles(*ROLES)
def marked(campaign_id: int, load_id: int) -> Response:
    """The customer's own workbook with the faulty cells coloured and a column of reasons."""
    campaign = pages.campaign_of(campaign_id)
    try:
        made = sample.marked_workbook(
            db.session(),
            user_id=access.current_actor().id,
            campaign_id=campaign_id,
            import_id=load_id,
            folder=current_app.config["DATA_FOLDER"] / "exports",
            now=now(),
            address=request.remote_addr or "",
        )
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    return send_and_forget(made.file, made.name, made.plain_name)


@bp.post("/<int:load_id>/cancel")
@access.roles(*ROLES)
def cancel(campaign_id: int, load_id: int) -> Response:
    """Give the load up."""
    campaign = pages.campaign_of(campaign_id)
    try:
        sample.cancel(
            db.session(),
            campaign_id=campaign_id,
            import_id=load_id,
            user_id=access.current_actor().id,
            now=now(),
        )
    except DomainError as error:
        return pages.refused(campaign, load_id, error)
    return htmx.go(url_for("sample.page", campaign_id=campaign_id))


def _chosen_columns() -> dict[int, str]:
    """Index of a column -> field, as the form says; «не загружать» is ''."""
    prefix = "column-"
    ends = (name.removeprefix(prefix) for name in request.form if name.startswith(prefix))
    indexes = (int(end) for end in ends if re.fullmatch("[0-9]{1,3}", end))
    return {index: request.form.get(f"{prefix}{index}", "") for index in sorted(indexes)}


def _columns(chosen: Mapping[int, str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, code in chosen.items():
        if code not in FIELDS:
            continue
        if code in columns:
            raise DomainError("mapping", _TWICE.format(FIELDS[code]))
        columns[code] = index
    return columns
