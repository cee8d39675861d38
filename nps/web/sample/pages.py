"""The pages of a load as it stands: choice of a file, progress, columns, receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, url_for

from nps.domain.errors import DomainError, StaleError
from nps.domain.sample import FATE_WORDS, FIELDS, REQUIRED, BranchGroup, Decision
from nps.extensions import db
from nps.queries import campaigns
from nps.queries import sample as queries
from nps.services import sample
from nps.web import access, forms, htmx, sealed
from nps.web.clock import now

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
    ("error", "{} с ошибкой Excel или формулой без значения", True),
    ("foreign", "{} с иностранным номером", True),
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


def campaign_of(campaign_id: int) -> campaigns.CampaignRow:
    """The campaign of the address when it is this person's to see, or 404."""
    found = campaigns.campaign_for(db.session(), access.current_actor(), campaign_id)
    if found is None:
        abort(404)
    return found


def load_of(campaign_id: int, load_id: int) -> queries.LoadRow:
    """The load of the address, or 404."""
    found = queries.load(db.session(), campaign_id, load_id)
    if found is None:
        abort(404)
    return found


def refused(
    campaign: campaigns.CampaignRow,
    load_id: int,
    error: DomainError,
    chosen: Mapping[int, str] | None = None,
    decisions: Mapping[str, str] | None = None,
) -> Response:
    """The load's page with the sentence, keeping what was chosen; 409 with the true state when it has moved on."""
    found = load_of(campaign.id, load_id)
    if isinstance(error, StaleError):
        return show(campaign, load_id, error.message, 409)
    if found.state == "understood":
        return mapping_page(campaign, found, error.message, chosen, decisions, 422)
    return show(campaign, load_id, error.message, 422)


def show(campaign: campaigns.CampaignRow, load_id: int, problem: str = "", status: int = 200) -> Response:
    """The page that the load's state asks for."""
    found = load_of(campaign.id, load_id)
    if found.is_working:
        return progress_page(campaign, found, problem, status)
    if found.state == "understood":
        return mapping_page(campaign, found, problem, status=status)
    if found.state in ("checked", "published"):
        return receipt_page(campaign, found, problem, status)
    return upload_page(campaign, found.problem or problem or "Загрузка отменена, в базу ничего не попало.", status)


def upload_page(campaign: campaigns.CampaignRow, problem: str = "", status: int = 200) -> Response:
    """Choice of a file, and what was loaded before."""
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


def progress_page(
    campaign: campaigns.CampaignRow, found: queries.LoadRow, problem: str = "", status: int = 200
) -> Response:
    """How far the worker has got."""
    return htmx.render(
        "sample/progress.html",
        "sample/_progress.html",
        status,
        campaign=campaign,
        load=found,
        counts=queries.counts(db.session(), found.id),
        pace=found.pace(now()),
        doing=WORK_WORDS[found.state],
        problem=problem,
        steps=STEPS,
    )


def mapping_page(
    campaign: campaigns.CampaignRow,
    found: queries.LoadRow,
    problem: str = "",
    chosen: Mapping[int, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Columns and unknown branches; `chosen` and `decisions` keep what a refused form said."""
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


def receipt_page(
    campaign: campaigns.CampaignRow, found: queries.LoadRow, problem: str = "", status: int = 200
) -> Response:
    """What became of each row, a page at a time."""
    shown, search = forms.arg("show"), sealed.arg("find")
    page_no = forms.arg_number("page")
    receipt = queries.receipt(db.session(), found.id, shown, page_no, search)
    if not shown and receipt.attention and not search:
        shown = "attention"
        receipt = queries.receipt(db.session(), found.id, shown, page_no)

    def address(page: int = 1, show: str = shown) -> str:
        find = sealed.seal(search) or None
        return url_for("sample.load", campaign_id=campaign.id, load_id=found.id, show=show, page=page, find=find)

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
    """What stood in the cell, or what the client had, and what is stored instead, for each such field."""
    old = row.before or row.raw
    return [(old.get(code, "") or "пусто", stored or "пусто") for code, stored in row.mended.items()]
