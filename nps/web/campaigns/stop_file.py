"""A stop list from a file and as a file: upload, receipt row by row, entering, export (R21)."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, url_for
from werkzeug import Response as AnyResponse

from nps.domain import local_time
from nps.domain.errors import DomainError
from nps.domain.sample import TAKEN_BY
from nps.domain.wording import number, plural
from nps.extensions import db
from nps.services import stop_file
from nps.web import access, downloads, forms, htmx, sealed
from nps.web.campaigns import bp
from nps.web.campaigns.common import KEEPERS, campaign_or_404
from nps.web.campaigns.customer_lists import stop_page
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.refusals import told_on

_PAGE_ROWS = 100
_SHOWN = ("attention", "new", "listed", "all")


@bp.post("/campaigns/<int:campaign_id>/settings/stop-list/search")
@access.roles(*KEEPERS)
def find_stop(campaign_id: int) -> AnyResponse:
    """Lead to the entries with the typed digits; the address holds them sealed."""
    campaign_or_404(campaign_id)
    return sealed.lead_to("campaigns.stop_list", campaign_id=campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/stop-list/file")
@access.roles(*KEEPERS)
@told_on(stop_page)
def upload_stops(campaign_id: int) -> Response:
    """Take a file in, and show what each of its rows means."""
    campaign = campaign_or_404(campaign_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise DomainError("file", "Выберите файл со списком.")
    return htmx.go(_address(campaign_id, stop_file.keep(campaign, file.stream)))


def _address(campaign_id: int, name: str, **more: Any) -> str:
    return url_for("campaigns.stops_of_file", campaign_id=campaign_id, name=name, **more)


def _receipt_page(error: DomainError | None, campaign_id: int, name: str) -> Response:
    campaign, typed = campaign_or_404(campaign_id), forms.typed() if error else {}
    taken_by = typed.get("taken_by") or forms.arg("taken_by", 10)
    found = stop_file.receipt(db.session(), campaign, name, taken_by)
    wanted = forms.arg("show", 10)
    shown = wanted if wanted in _SHOWN else "attention" if found.counts["wrong"] and not found.asks else "all"
    rows = [row for row in found.rows if shown in ("all", row.fate) or (shown == "attention" and row.fate == "wrong")]
    pages = max(1, -(-len(rows) // _PAGE_ROWS))
    page = min(max(1, forms.arg_number("page", 1)), pages)

    def address(page: int | None = None, **more: Any) -> str:
        return _address(campaign_id, name, page=page, **({"taken_by": taken_by or None, "show": shown} | more))

    choose = [
        {"label": label, "href": address(taken_by=code, show=None), "current": code == taken_by}
        for code, label in TAKEN_BY.items()
    ]
    return htmx.render(
        "campaigns/stop_file.html", "campaigns/_stop_file.html", status_of(error) if error else 200,
        campaign=campaign, found=found, name=name, shown=shown, total=len(rows), page=page, pages=pages,
        rows=rows[(page - 1) * _PAGE_ROWS : page * _PAGE_ROWS], taken_by=taken_by, choose=choose, address=address,
        problem=error.message if error else "", typed=typed,
    )  # fmt: skip


def _lost(error: DomainError, campaign_id: int, name: str) -> Response:
    """A refusal beside the receipt; on the list's page when the file itself is no more."""
    return _receipt_page(error, campaign_id, name) if error.code == "taken_by" else stop_page(error, campaign_id)


@bp.get("/campaigns/<int:campaign_id>/settings/stop-list/file/<name>")
@access.roles(*KEEPERS)
@told_on(_lost)
def stops_of_file(campaign_id: int, name: str) -> Response:
    """What becomes of each row of the file: nothing is entered before a person says so."""
    return _receipt_page(None, campaign_id, name)


@bp.post("/campaigns/<int:campaign_id>/settings/stop-list/file/<name>")
@access.roles(*KEEPERS)
@told_on(_lost)
def enter_stops(campaign_id: int, name: str) -> Response:
    """Put what is new in the file on the stop list."""
    added = stop_file.enter(
        db.session, access.current_actor().id, campaign_or_404(campaign_id), name,
        taken_by=forms.text("taken_by", 10), reason=forms.text("reason", 300, label="Причина"), now=now(),
    )  # fmt: skip
    flash(f"В стоп-лист {plural(added, 'внесена', 'внесены', 'внесено')} {number(added)} "
          f"{plural(added, 'запись', 'записи', 'записей')}: звонить сюда больше никто не будет.", "ok")  # fmt: skip
    return htmx.go(url_for("campaigns.stop_list", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>/settings/stop-list.xlsx")
@access.roles(*KEEPERS)
def export_stops(campaign_id: int) -> Response:
    """The entries in force as a workbook; that somebody took it is a line of the journal."""
    content = stop_file.export(
        db.session, user_id=access.current_actor().id, campaign=campaign_or_404(campaign_id),
        address=access.client_address(), now=now(), zone=office_zone(),
    )  # fmt: skip
    day = local_time.to_local(now(), office_zone()).date()
    return downloads.workbook(content, f"Стоп-лист {day:%d.%m.%Y}.xlsx", f"stop-list-{day}.xlsx")
