"""The pages of a load as it stands: choice of a file, progress, columns, receipt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.sample import FATE_WORDS, FIELDS, REQUIRED, BranchGroup, Decision, row_of_sheet
from nps.extensions import db
from nps.queries import sample as queries
from nps.queries.campaigns import CampaignRow
from nps.services import sample
from nps.web import forms, htmx, sealed
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.sample import mapping

STEPS = ("Файл", "Столбцы", "Проверка", "Готово")
WORK_WORDS = {
    "uploaded": "Читаем книгу",
    "reading": "Читаем книгу",
    "checking": "Проверяем строки",
    "publishing": "Добавляем клиентов",
}


def load_of(campaign_id: int, load_id: int) -> queries.LoadRow:
    """The load of the address. Raises NotFoundError."""
    found = queries.load(db.session(), campaign_id, load_id)
    if found is None:
        raise NotFoundError("Такой загрузки нет.")
    return found


def refused(error: DomainError, campaign_id: int, load_id: int) -> Response:
    """The load's page with the sentence, keeping what was chosen; the true state when it has moved on."""
    campaign, found = campaign_or_404(campaign_id), load_of(campaign_id, load_id)
    if found.state == "understood" and not isinstance(error, StaleError):
        return mapping_page(campaign, found, error.message, 422, chosen_columns() or None, chosen_branches())
    return show(campaign, load_id, error.message, status_of(error))


def show(campaign: CampaignRow, load_id: int, problem: str = "", status: int = 200) -> Response:
    """The page that the load's state asks for."""
    found = load_of(campaign.id, load_id)
    if found.is_working:
        return progress_page(campaign, found, problem, status)
    if found.state == "understood":
        return mapping_page(campaign, found, problem, status)
    if found.state in ("checked", "published"):
        return _receipt_page(campaign, found, problem, status)
    problem = found.problem or problem or "Загрузка отменена, в базу ничего не попало."
    return upload_page(campaign, problem, status, found if found.state == "failed" else None)


def _render(name: str, campaign: CampaignRow, problem: str, status: int, **values: Any) -> Response:
    page, fragment = f"sample/{name}.html", f"sample/_{name}.html"
    return htmx.render(page, fragment, status, campaign=campaign, problem=problem, steps=STEPS, **values)


def upload_page(
    campaign: CampaignRow, problem: str = "", status: int = 200, failed: queries.LoadRow | None = None
) -> Response:
    """Choice of a file, and what was loaded before; a text file that failed can be read in another way."""
    return _render(
        "upload", campaign, problem, status, loads=queries.loads(db.session(), campaign.id),
        max_megabytes=sample.MAX_FILE_BYTES // 2**20, failed=failed,
        encodings=sample.ENCODINGS.items(), separators=sample.SEPARATORS.items(),
    )  # fmt: skip


def progress_page(campaign: CampaignRow, found: queries.LoadRow, problem: str = "", status: int = 200) -> Response:
    """How far the worker has got."""
    counts, pace = queries.counts(db.session(), found.id), found.pace(now())
    doing = WORK_WORDS[found.state]
    return _render("progress", campaign, problem, status, load=found, counts=counts, pace=pace, doing=doing)


def mapping_page(
    campaign: CampaignRow,
    found: queries.LoadRow,
    problem: str = "",
    status: int = 200,
    chosen: Mapping[int, str] | None = None,
    decisions: Mapping[str, str] | None = None,
) -> Response:
    """Columns and unknown branches; `chosen` and `decisions` keep what a refused form said."""
    understood = found.understood
    header = understood.header
    understood_as = {index: code for code, places in header.columns.items() for index in places}
    mapped = understood_as if chosen is None else chosen
    picture = sample.drawn(found.id, understood)
    return _render(
        "mapping", campaign, problem, status, load=found, understood=understood, required=REQUIRED, picture=picture,
        columns=[mapping.column(understood, index, mapped) for index in range(len(header.titles))],
        encodings=sample.ENCODINGS.items(), separators=sample.SEPARATORS.items(),
        becomes=mapping.becomes(picture.worst), kinds=mapping.KINDS, account=mapping.account(understood),
        has_branch="branch" in mapped.values(),
        whole_branch=header.branch if chosen is None else request.form.get("whole_branch", ""),
        without_unseen=understood.without_unseen if chosen is None else forms.flag("without_unseen"),
        grouped=header.grouped if chosen is None else forms.flag("grouped"),
        fields=[("", "Не загружать"), *FIELDS.items()], branches=_branch_questions(campaign, found, decisions or {}),
    )  # fmt: skip


def chosen_columns() -> dict[int, str]:
    """Index of a column -> field, as the form says; «не загружать» is ''."""
    prefix = "column-"
    ends = (name.removeprefix(prefix) for name in request.form if name.startswith(prefix))
    indexes = (int(end) for end in ends if re.fullmatch("[0-9]{1,3}", end))
    return {index: request.form.get(f"{prefix}{index}", "") for index in sorted(indexes)}


def chosen_branches() -> dict[str, str]:
    """Key of an unknown branch -> code of the decision about it, as the form says."""
    return dict(zip(forms.texts("branch_key"), forms.texts("branch"), strict=False))


def _branch_questions(
    campaign: CampaignRow, found: queries.LoadRow, decisions: Mapping[str, str]
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


def _receipt_page(campaign: CampaignRow, found: queries.LoadRow, problem: str, status: int) -> Response:
    """What became of each row, a page at a time."""
    shown, search, page_no = forms.arg("show"), sealed.arg("find"), forms.arg_number("page")
    receipt = queries.receipt(db.session(), found.id, shown, page_no, search)
    if not shown and receipt.attention and not search:
        shown = "attention"
        receipt = queries.receipt(db.session(), found.id, shown, page_no)

    def address(page: int = 1, show: str = shown) -> str:
        find = sealed.seal(search) or None
        return url_for("sample.load", campaign_id=campaign.id, load_id=found.id, show=show, page=page, find=find)

    may = queries.answers(db.session(), receipt.rows) if found.state == "checked" else {}
    rows = [
        {
            "row": row,
            "changes": _changes(row.before or row.raw, queries.mended(row)),
            "may": may.get(row.row_no, ()),
        }
        for row in receipt.rows
    ]
    return _render(
        "receipt", campaign, problem, status, load=found, receipt=receipt, rows=rows, shown=shown or "all",
        search=search, fate_words=FATE_WORDS, address=address, sheets=found.understood.names, row_of_sheet=row_of_sheet,
    )  # fmt: skip


def _changes(old: Mapping[str, str], mended: Mapping[str, str]) -> list[tuple[str, str]]:
    """What stood in the cell, or what the client had, and what is stored instead, for each such field."""
    return [(old.get(code, "") or "пусто", stored or "пусто") for code, stored in mended.items()]
