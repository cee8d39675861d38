"""Rows behind the figures: questionnaires and calls. Every look at them is written down (R20)."""

from __future__ import annotations

from flask import Response, current_app, flash, url_for
from werkzeug import Response as AnyResponse

from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError, TooOftenError
from nps.domain.nps_score import RATINGS, Group
from nps.extensions import db
from nps.queries.campaigns import CampaignRow
from nps.queries.reports import AnswerFilter, CallFilter, answers, calls, reason_labels, seen_by
from nps.queries.reports.calls import KINDS
from nps.queries.reports.contract_forms import ANSWERS_FORM
from nps.services import reports
from nps.web import access, forms, htmx, sealed
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.downloads import send_and_forget
from nps.web.filters import office_zone
from nps.web.refusals import told_on
from nps.web.reports import bp
from nps.web.reports.common import MANAGERS, NAMES, READERS, SEARCHERS, Filters, filters, page_url
from nps.web.same_list import same_list

_GROUPS = {Group.PROMOTER: "Сторонники, 9–10", Group.PASSIVE: "Нейтральные, 7–8", Group.DETRACTOR: "Критики, 1–6"}
_KINDS = {
    "": "Все звонки",
    "counted": "Совершённые звонки",
    "talks": "Разговоры",
    "long": "Опрос дольше 60 секунд",
    "recorded": "Звонки с записью",
    "unrecorded": "Звонки без записи",
    "unrecorded_talks": "Разговоры без записи",
    "open": "Ждут итога",
    "technical": "Технические ошибки",
    "short": "Гудки короче 20 секунд",
    "inbound": "Входящие",
}


@bp.get("/campaigns/<int:campaign_id>/answers")
@access.roles(*READERS)
def answer_list(campaign_id: int) -> Response:
    """The questionnaires, complete and unmasked (R5)."""
    campaign = campaign_or_404(campaign_id)
    session = db.session()
    chosen, wanted, labels = _answers(campaign)
    found = answers(session, campaign_id, wanted, forms.arg_number("page"))
    _note(campaign_id, "answers")
    return htmx.render(
        "reports/answers.html",
        "reports/_answers.html",
        campaign=campaign,
        filters=chosen,
        listing=found,
        headers=ANSWERS_FORM,
        wanted=wanted,
        page_url=page_url,
        workbook_url=same_list("reports.answer_rows", page=None) if 0 < found.total <= reports.MOST_ROWS else "",
        groups=[("", "Все оценки"), *_GROUPS.items()],
        reason=forms.arg("reason") if wanted.reasons else "",
        reasons=[("", "Любая причина"), *((label, label) for label in labels)],
        searches=access.current_actor().role in SEARCHERS,
        may_check=campaign.answers_after_check and access.current_actor().role == "manager",
        waits_for_check=wanted.where.checked_only,
    )


def _answers(campaign: CampaignRow) -> tuple[Filters, AnswerFilter, dict[str, frozenset[str]]]:
    """The filter of the address, and the reasons that it can name."""
    labels = reason_labels(db.session(), campaign.id)
    group, reason = forms.arg("group"), forms.arg("reason")
    rating = forms.arg_number("rating", default=0, least=0)
    chosen = filters(campaign)
    wanted = AnswerFilter(
        group=Group(group) if group in _GROUPS else None,
        rating=rating if rating in RATINGS else None,
        reasons=labels.get(reason, frozenset()),
        text=sealed.arg("find"),
        where=seen_by(access.current_actor(), campaign, chosen.where),
    )
    return chosen, wanted, labels


@bp.post("/campaigns/<int:campaign_id>/answers/search")
@access.roles(*SEARCHERS)
def search_answers(campaign_id: int) -> AnyResponse:
    """Lead to the questionnaires of the clients that the typed text finds; the address holds it sealed."""
    campaign_or_404(campaign_id)
    return sealed.lead_to("reports.answer_list", "group", "reason", "rating", *NAMES, campaign_id=campaign_id)


@bp.get("/campaigns/<int:campaign_id>/answers.xlsx")
@access.roles(*READERS)
@told_on(lambda error, campaign_id: _again("reports.answer_list", error), TooOftenError)
def answer_rows(campaign_id: int) -> Response:
    """The questionnaires of the list as a workbook, filtered as it is."""
    campaign = campaign_or_404(campaign_id)
    chosen, wanted, labels = _answers(campaign)
    named = [
        ("Оценка", _GROUPS[wanted.group] if wanted.group else str(wanted.rating or "")),
        ("Причина", forms.arg("reason") if wanted.reasons else ""),
    ]
    return _workbook(campaign_id, chosen, wanted, named)


@bp.post("/campaigns/<int:campaign_id>/answers/check")
@access.roles("manager")
def check_answers(campaign_id: int) -> Response:
    """Tick questionnaires that the customer may see."""
    campaign_or_404(campaign_id)
    shown, ticked = forms.numbers("shown"), forms.numbers("ticked")
    changed = reports.check_answers(
        db.session(), access.current_actor().id, campaign_id, shown=shown, ticked=ticked, now=now()
    )
    flash("Отметки сохранены." if changed else "Отметки не изменились.", "ok")
    back = forms.text("back", 2000)
    return htmx.go(url_for("reports.answer_list", campaign_id=campaign_id) + (back if back.startswith("?") else ""))


@bp.get("/campaigns/<int:campaign_id>/calls")
@access.roles(*MANAGERS)
def call_list(campaign_id: int) -> Response:
    """All dials of a campaign."""
    campaign = campaign_or_404(campaign_id)
    chosen, wanted = _calls(campaign)
    found = calls(db.session(), campaign_id, wanted, forms.arg_number("page"))
    _note(campaign_id, "calls")
    return htmx.render(
        "reports/calls.html",
        "reports/_calls.html",
        campaign=campaign,
        filters=chosen,
        listing=found,
        wanted=wanted,
        page_url=page_url,
        workbook_url=same_list("reports.call_rows", page=None) if 0 < found.total <= reports.MOST_ROWS else "",
        table=TABLE,
        kinds=list(_KINDS.items()),
        results=[("", "Любой итог"), *((code, row.label) for code, row in TABLE.items())],
    )


def _calls(campaign: CampaignRow) -> tuple[Filters, CallFilter]:
    """The filter of the address."""
    result, kind = forms.arg("result"), forms.arg("kind")
    chosen = filters(campaign)
    wanted = CallFilter(
        disposition=result if result in TABLE else None,
        kind=kind if kind in KINDS else None,
        text=sealed.arg("find"),
        where=chosen.where,
    )
    return chosen, wanted


@bp.post("/campaigns/<int:campaign_id>/calls/search")
@access.roles(*MANAGERS)
def search_calls(campaign_id: int) -> AnyResponse:
    """Lead to the calls of the clients that the typed text finds; the address holds it sealed."""
    campaign_or_404(campaign_id)
    return sealed.lead_to("reports.call_list", "kind", "result", *NAMES, campaign_id=campaign_id)


@bp.get("/campaigns/<int:campaign_id>/calls.xlsx")
@access.roles(*MANAGERS)
@told_on(lambda error, campaign_id: _again("reports.call_list", error), TooOftenError)
def call_rows(campaign_id: int) -> Response:
    """The calls of the list as a workbook, filtered as it is."""
    campaign = campaign_or_404(campaign_id)
    chosen, wanted = _calls(campaign)
    named = [
        ("Какие звонки", _KINDS[wanted.kind] if wanted.kind else ""),
        ("Итог", TABLE[wanted.disposition].label if wanted.disposition else ""),
    ]
    return _workbook(campaign_id, chosen, wanted, named)


def _workbook(
    campaign_id: int, chosen: Filters, wanted: AnswerFilter | CallFilter, named: list[tuple[str, str]]
) -> Response:
    picked = [*named, ("Поиск", wanted.text), ("Часть волны", ", ".join(chip.words for chip in chosen.chips))]
    made = reports.chosen_rows(
        db.session(), actor=access.current_actor(), campaign_id=campaign_id, wanted=wanted,
        picked=[(name, value) for name, value in picked if value],
        folder=current_app.config["DATA_FOLDER"] / "exports", now=now(), zone=office_zone(),
        address=access.client_address(),
    )  # fmt: skip
    return send_and_forget(made.file, made.name, made.plain_name)


def _again(back: str, error: DomainError) -> Response:
    """The list again, with the sentence that refuses its workbook."""
    flash(error.message, "info")
    return htmx.go(same_list(back))


def _note(campaign_id: int, what: str) -> None:
    actor, address = access.current_actor(), access.client_address()
    reports.note_view(db.session(), actor=actor, campaign_id=campaign_id, what=what, now=now(), address=address)
