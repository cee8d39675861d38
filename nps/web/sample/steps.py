"""What a person does with a load, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, current_app, request, url_for
from werkzeug import Response as AnyResponse

from nps.domain.errors import DomainError
from nps.domain.sample import FIELDS
from nps.extensions import db
from nps.queries import sample as queries
from nps.services import sample
from nps.web import access, forms, htmx, sealed
from nps.web.campaigns.common import KEEPERS, campaign_or_404
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.errors import status_of
from nps.web.refusals import told_on
from nps.web.sample import bp, pages

_NO_FILE = "Выберите книгу Excel с базой клиентов."
_DECIDE = "Столбец ОП изменился. Решите, куда отнести подразделения, и проверьте ещё раз."

_ANSWERS = {"1": "proposed", "new": "separate"}


def _to_load(campaign_id: int, load_id: int, **more: Any) -> Response:
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id, **more))


@bp.get("")
@access.roles(*KEEPERS)
def page(campaign_id: int) -> Response:
    """Choose a workbook; beside it what was loaded before."""
    return pages.upload_page(campaign_or_404(campaign_id))


def _not_taken(error: DomainError, campaign_id: int) -> Response:
    return pages.upload_page(campaign_or_404(campaign_id), error.message, status_of(error))


@bp.post("")
@access.roles(*KEEPERS)
@told_on(_not_taken)
def upload(campaign_id: int) -> Response:
    """Take a workbook in; a file that can't be a base is refused at once."""
    campaign_or_404(campaign_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise DomainError("file", _NO_FILE)
    who, name = access.current_actor().id, file.filename
    load_id = sample.upload(
        db.session(), campaign_id=campaign_id, user_id=who, file_name=name, source=file.stream, now=now()
    )
    return _to_load(campaign_id, load_id)


@bp.get("/<int:load_id>")
@access.roles(*KEEPERS)
def load(campaign_id: int, load_id: int) -> Response:
    """A load as it stands: progress, columns, or receipt."""
    return pages.show(campaign_or_404(campaign_id), load_id)


@bp.post("/<int:load_id>/search")
@access.roles(*KEEPERS)
def search(campaign_id: int, load_id: int) -> AnyResponse:
    """Lead to the rows that the typed text finds; the address holds it sealed."""
    pages.load_of(campaign_or_404(campaign_id).id, load_id)
    return sealed.lead_to("sample.load", "show", campaign_id=campaign_id, load_id=load_id)


@bp.get("/<int:load_id>/progress")
@access.roles(*KEEPERS)
def progress(campaign_id: int, load_id: int) -> Response:
    """The moving part of the progress page; leaves for the load's page when a person is asked again."""
    campaign, found = campaign_or_404(campaign_id), pages.load_of(campaign_id, load_id)
    return pages.progress_page(campaign, found) if found.is_working else _to_load(campaign_id, load_id)


@bp.post("/<int:load_id>/place")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def place(campaign_id: int, load_id: int) -> Response:
    """Take another sheet or another row of headers; `chosen`: and exactly the sheets that `with` names beside it.

    A text file is read once more when another encoding or separator is chosen.
    """
    campaign_or_404(campaign_id)
    encoding, separator = request.form.get("encoding", ""), request.form.get("separator", "")
    found = pages.load_of(campaign_id, load_id)
    as_it_was = (found.understood.encoding, found.understood.separator)
    if "encoding" in request.form and (found.state == "failed" or (encoding, separator) != as_it_was):
        text_as = {"encoding": encoding, "separator": separator}
        sample.read_text_as(db.session(), campaign_id=campaign_id, import_id=load_id, **text_as)
        return _to_load(campaign_id, load_id)
    sheet, row = forms.whole("sheet", 0, 10_000, label="Лист"), forms.whole("row", 0, 2**20, label="Строка заголовков")
    others = set(forms.numbers("with"))
    sample.reread(
        db.session(), campaign_id=campaign_id, import_id=load_id, sheet=sheet, header_row=row,
        others=others - {sheet} if forms.flag("chosen") else None,
    )  # fmt: skip
    return _to_load(campaign_id, load_id)


@bp.post("/<int:load_id>/columns")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def confirm(campaign_id: int, load_id: int) -> Response:
    """Take what the columns mean and where unknown branches belong, and have the rows checked.

    `redraw`: only show what the page is with these choices.
    """
    campaign, decisions = campaign_or_404(campaign_id), pages.chosen_branches()
    columns = _columns(pages.chosen_columns())
    said: dict[str, Any] = {
        "campaign_id": campaign_id,
        "import_id": load_id,
        "columns": columns,
        "branch": forms.text("whole_branch", 100, label="ОП всей базы"),
        "grouped": forms.flag("grouped"),
        "without_unseen": forms.flag("without_unseen"),
    }
    if forms.flag("redraw"):
        found = replace(pages.load_of(campaign_id, load_id), understood=sample.look(db.session(), **said))
        return pages.mapping_page(campaign, found, "", 200, pages.chosen_columns(), decisions)
    if not sample.confirm(db.session(), decisions=decisions, **said):
        return pages.mapping_page(campaign, pages.load_of(campaign_id, load_id), _DECIDE, 422, decisions=decisions)
    return _to_load(campaign_id, load_id)


@bp.post("/<int:load_id>/back")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def back(campaign_id: int, load_id: int) -> Response:
    """From the receipt to the columns."""
    campaign_or_404(campaign_id)
    sample.back_to_columns(db.session(), campaign_id=campaign_id, import_id=load_id)
    return _to_load(campaign_id, load_id)


@bp.post("/<int:load_id>/publish")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def publish(campaign_id: int, load_id: int) -> Response:
    """Make the accepted rows clients."""
    campaign_or_404(campaign_id)
    sample.publish(db.session(), campaign_id=campaign_id, import_id=load_id)
    return _to_load(campaign_id, load_id)


@bp.post("/<int:load_id>/changes")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def decide(campaign_id: int, load_id: int) -> Response:
    """Say what becomes of a row that means a known client, or may mean one; of all of them without a row."""
    campaign_or_404(campaign_id)
    row_no = forms.number_or_none("row", 1, 2**31 - 1, label="Строка")
    page = forms.whole("page", 1, 2**20, label="Страница", default=1)
    proposal = _ANSWERS.get(request.form.get("apply", ""), "skipped")
    asked, show = request.form.get("show") == queries.ASKED, request.form.get("show") or "update"
    sample.decide(
        db.session(), campaign_id=campaign_id, import_id=load_id, row_no=row_no, proposal=proposal, asked=asked
    )
    return _to_load(campaign_id, load_id, show=show, page=page)


@bp.get("/<int:load_id>/marked")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def marked(campaign_id: int, load_id: int) -> Response:
    """The customer's own workbook with the faulty cells coloured and a column of reasons."""
    campaign_or_404(campaign_id)
    made = sample.marked_workbook(
        db.session(), user_id=access.current_actor().id, campaign_id=campaign_id, import_id=load_id,
        folder=current_app.config["DATA_FOLDER"] / "exports", now=now(), address=request.remote_addr or "",
    )  # fmt: skip
    return send_and_forget(made.file, made.name, made.plain_name)


@bp.post("/<int:load_id>/cancel")
@access.roles(*KEEPERS)
@told_on(pages.refused)
def cancel(campaign_id: int, load_id: int) -> Response:
    """Give the load up."""
    campaign_or_404(campaign_id)
    who = access.current_actor().id
    sample.cancel(db.session(), campaign_id=campaign_id, import_id=load_id, user_id=who, now=now())
    return htmx.go(url_for("sample.page", campaign_id=campaign_id))


def _columns(chosen: Mapping[int, str]) -> dict[str, tuple[int, ...]]:
    columns: dict[str, tuple[int, ...]] = {}
    for index, code in chosen.items():
        if code in FIELDS:
            columns[code] = (*columns.get(code, ()), index)
    return columns
