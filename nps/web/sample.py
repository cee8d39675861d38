"""Loading a customer's base: choose a file, say what its columns are, read the receipt, publish (R2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, url_for

from nps.domain.errors import DomainError, StaleError
from nps.domain.sample import FATE_WORDS, FIELDS, REQUIRED, BranchGroup, Decision
from nps.extensions import db
from nps.queries import campaigns
from nps.queries import sample as queries
from nps.services import sample
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.downloads import send_and_forget

bp = Blueprint("sample", __name__, url_prefix="/campaigns/<int:campaign_id>/base")

ROLES = ("specialist", "manager", "admin")
STEPS = ("Файл", "Столбцы", "Проверка", "Готово")
WORK_WORDS = {
    "uploaded": "Читаем книгу",
    "reading": "Читаем книгу",
    "checking": "Проверяем строки",
    "publishing": "Добавляем клиентов",
}
#: What was noticed in a column before the check, worst first: its kind, words, whether it is a fault.
NOTICED = (
    ("wrong", "{} с ошибкой", True),
    ("foreign", "{} не российские", True),
    ("partly", "{} с негодным номером", True),
    ("letters", "{} с буквой вместо цифры: исправим", False),
    ("kpp", "{} вместе с КПП: отделим", False),
    ("zero", "{} без ведущего нуля: восстановим", False),
    ("several", "{} с несколькими номерами", False),
    ("extension", "{} с добавочным", False),
    ("capitals", "{} прописными: исправим регистр", False),
    ("markup", "{} с разметкой: уберём", False),
    ("long", "{} длиннее 300 знаков: обрежем", False),
)
_MAX_SEARCH = 100
_NO_FILE = "Выберите книгу Excel с базой клиентов."
_TWICE = "Поле «{}» выбрано для двух столбцов. Оставьте его у одного."
_DECIDE = "Столбец ОП изменился. Решите, куда отнести подразделения, и проверьте ещё раз."


@bp.get("")
@access.roles(*ROLES)
def page(campaign_id: int) -> Response:
    """Choose a workbook; beside it what was loaded before."""
    return _upload_page(_campaign(campaign_id))


@bp.post("")
@access.roles(*ROLES)
def upload(campaign_id: int) -> Response:
    """Take a workbook in; a file that can't be a base is refused at once."""
    campaign = _campaign(campaign_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload_page(campaign, _NO_FILE, 422)
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
        return _upload_page(campaign, error.message, 422)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.get("/<int:load_id>")
@access.roles(*ROLES)
def load(campaign_id: int, load_id: int) -> Response:
    """A load as it stands: progress, columns, or receipt."""
    return _show(_campaign(campaign_id), load_id)


@bp.get("/<int:load_id>/progress")
@access.roles(*ROLES)
def progress(campaign_id: int, load_id: int) -> Response:
    """The moving part of the progress page; leaves for the load's page when a person is asked again."""
    campaign = _campaign(campaign_id)
    found = _found(campaign_id, load_id)
    if not found.is_working:
        return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))
    return _progress_page(campaign, found)


@bp.post("/<int:load_id>/place")
@access.roles(*ROLES)
def place(campaign_id: int, load_id: int) -> Response:
    """Take another sheet or another row of headers."""
    campaign = _campaign(campaign_id)
    try:
        sheet, row = (
            forms.whole("sheet", 0, 10_000, label="Лист"),
            forms.whole("row", 1, 2**20, label="Строка заголовков"),
        )
        sample.reread(db.session(), campaign_id=campaign_id, import_id=load_id, sheet=sheet, header_row=row)
    except DomainError as error:
        return _refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/columns")
@access.roles(*ROLES)
def confirm(campaign_id: int, load_id: int) -> Response:
    """Take what the columns mean and where unknown branches belong, and have the rows checked."""
    campaign = _campaign(campaign_id)
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
        return _refused(campaign, load_id, error, chosen, decisions)
    if not started:
        return _mapping_page(campaign, _found(campaign_id, load_id), _DECIDE, decisions=decisions, status=422)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/back")
@access.roles(*ROLES)
def back(campaign_id: int, load_id: int) -> Response:
    """From the receipt to the columns."""
    campaign = _campaign(campaign_id)
    try:
        sample.back_to_columns(db.session(), campaign_id=campaign_id, import_id=load_id)
    except DomainError as error:
        return _refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.post("/<int:load_id>/publish")
@access.roles(*ROLES)
def publish(campaign_id: int, load_id: int) -> Response:
    """Make the accepted rows clients."""
    campaign = _campaign(campaign_id)
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
        return _refused(campaign, load_id, error)
    return htmx.go(url_for("sample.load", campaign_id=campaign_id, load_id=load_id))


@bp.get("/<int:load_id>/marked")
@access.roles(*ROLES)
def marked(campaign_id: int, load_id: int) -> Response:
    """The customer's own workbook with the faulty cells coloured and a column of reasons."""
    campaign = _campaign(campaign_id)
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
        return _refused(campaign, load_id, error)
    return send_and_forget(made.file, made.name, made.plain_name)


@bp.post("/<int:load_id>/cancel")
@access.roles(*ROLES)
def cancel(campaign_id: int, load_id: int) -> Response:
    """Give the load up."""
    campaign = _campaign(campaign_id)
    try:
        sample.cancel(
            db.session(),
            campaign_id=campaign_id,
            import_id=load_id,
            user_id=access.current_actor().id,
            now=now(),
        )
    except DomainError as error:
        return _refused(campaign, load_id, error)
    return htmx.go(url_for("sample.page", campaign_id=campaign_id))


def _campaign(campaign_id: int) -> campaigns.CampaignRow:
    found = campaigns.campaign_for(db.session(), access.current_actor(), campaign_id)
    if found is None:
        abort(404)
    return found


def _found(campaign_id: int, load_id: int) -> queries.LoadRow:
    found = queries.load(db.session(), campaign_id, load_id)
    if found is None:
        abort(404)
    return found


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


def _refused(
    campaign: campaigns.CampaignRow,
    load_id: int,
    error: DomainError,
    chosen: Mapping[int, str] | None = None,
    decisions: Mapping[str, str] | None = None,
) -> Response:
    """The load's page with the sentence, keeping what was chosen; 409 with the true state when it has moved on."""
    found = _found(campaign.id, load_id)
    if isinstance(error, StaleError):
        return _show(campaign, load_id, error.message, 409)
    if found.state == "understood":
        return _mapping_page(campaign, found, error.message, chosen, decisions, 422)
    return _show(campaign, load_id, error.message, 422)


def _show(campaign: campaigns.CampaignRow, load_id: int, problem: str = "", status: int = 200) -> Response:
    found = _found(campaign.id, load_id)
    if found.is_working:
        return _progress_page(campaign, found, problem, status)
    if found.state == "understood":
        return _mapping_page(campaign, found, problem, status=status)
    if found.state in ("checked", "published"):
        return _receipt_page(campaign, found, problem, status)
    return _upload_page(campaign, found.problem or problem or "Загрузка отменена, в базу ничего не попало.", status)


def _upload_page(campaign: campaigns.CampaignRow, problem: str = "", status: int = 200) -> Response:
    return htmx.render(
        "sample/upload.html",
        "sample/_upload.html",
        status,
        campaign=campaign,
        loads=queries.loads(db.session(), campaign.id),
        problem=problem,
        steps=STEPS,
        max_megabytes=sample.MAX_FILE_BYTES // 2**20,
    )


def _progress_page(
    campaign: campaigns.CampaignRow, found: queries.LoadRow, problem: str = "", status: int = 200
) -> Response:
    return htmx.render(
        "sample/progress.html",
        "sample/_progress.html",
        status,
        campaign=campaign,
        load=found,
        counts=queries.counts(db.session(), found.id),
        doing=WORK_WORDS[found.state],
        problem=problem,
        steps=STEPS,
    )


def _mapping_page(
    campaign: campaigns.CampaignRow,
    found: queries.LoadRow,
    problem: str = "",
    chosen: Mapping[int, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    understood = found.understood
    understood_as = {index: code for code, index in understood["columns"].items()}
    mapped = understood_as if chosen is None else chosen
    columns = [
        {
            "index": index,
            "title": title or f"Столбец {index + 1}",
            "examples": " · ".join(understood["examples"][index]),
            "field": mapped.get(index, ""),
            "empty": understood["empty_cells"][index],
            "noticed": _noticed(understood.get("noticed", {}).get(understood_as.get(index, ""), {})),
        }
        for index, title in enumerate(understood["titles"])
    ]
    return htmx.render(
        "sample/mapping.html",
        "sample/_mapping.html",
        status,
        campaign=campaign,
        load=found,
        understood=understood,
        columns=columns,
        fields=[("", "Не загружать"), *FIELDS.items()],
        required=REQUIRED,
        branches=_branch_questions(campaign, found, decisions or {}),
        problem=problem,
        steps=STEPS,
    )


def _noticed(kinds: Mapping[str, int]) -> list[tuple[str, bool]]:
    """What was noticed in a column: words, and whether its owner has to put something right."""
    return [(words.format(kinds[kind]), is_fault) for kind, words, is_fault in NOTICED if kinds.get(kind)]


def _branch_questions(
    campaign: campaigns.CampaignRow, found: queries.LoadRow, decisions: Mapping[str, str]
) -> list[dict[str, Any]]:
    existing = [(f"branch:{row.id}", row.name) for row in queries.branches(db.session(), campaign.customer_id)]
    fresh = [(f"new:{code}", f"Новое ОП, {name}") for code, name in queries.regions(db.session())]
    rest = [("later", "Регион пока неизвестен, не звонить"), ("outside", "Вне пяти регионов, не загружать")]
    return [
        {
            "group": group,
            "hint": _hint(group, dict(queries.regions(db.session()))),
            "value": decisions.get(group.key, _suggestion(group)),
            "options": [("", "Выберите"), *existing, *(fresh if group.name else []), *rest],
        }
        for group in queries.unknown_branches(db.session(), found, campaign.customer_id)
    ]


def _hint(group: BranchGroup, regions: Mapping[str, str]) -> str:
    """What INNs and telephones of the rows say about the region: words only, a person decides."""
    if group.suggested or group.hint is None:
        return ""
    region, by_inn, by_phone = group.hint
    said = [f"{what} ({rows})" for what, rows in (("ИНН", by_inn), ("коды телефонов", by_phone)) if rows]
    return f"{' и '.join(said)} говорят за регион: {regions.get(region, region)}"


def _suggestion(group: BranchGroup) -> str:
    return Decision(region=group.suggested).code if group.suggested else ""


def _receipt_page(
    campaign: campaigns.CampaignRow, found: queries.LoadRow, problem: str = "", status: int = 200
) -> Response:
    shown, search = forms.arg("show"), forms.arg("q").strip()[:_MAX_SEARCH]
    page_no = forms.arg_number("page")
    receipt = queries.receipt(db.session(), found.id, shown, page_no, search)
    if not shown and receipt.attention and not search:
        shown = "attention"
        receipt = queries.receipt(db.session(), found.id, shown, page_no)

    def address(page: int = 1, show: str = shown) -> str:
        return url_for("sample.load", campaign_id=campaign.id, load_id=found.id, show=show, page=page, q=search or None)

    return htmx.render(
        "sample/receipt.html",
        "sample/_receipt.html",
        status,
        campaign=campaign,
        load=found,
        receipt=receipt,
        rows=[{"row": row, "changes": _changes(row)} for row in receipt.rows],
        shown=shown or "all",
        search=search,
        fate_words=FATE_WORDS,
        address=address,
        problem=problem,
        steps=STEPS,
    )


def _changes(row: queries.ReceiptRow) -> list[tuple[str, str]]:
    """What stood in the cell and what is stored instead, for each mended field."""
    return [(row.raw.get(code, ""), stored or "пусто") for code, stored in row.mended.items()]
