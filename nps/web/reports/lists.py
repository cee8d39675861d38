"""Rows behind the figures: questionnaires and calls. Every look at them is written down (R20)."""

from __future__ import annotations

from flask import Response, flash, url_for

from nps.domain.disposition import TABLE
from nps.domain.nps_score import RATINGS, Group
from nps.extensions import db
from nps.queries.reports import AnswerFilter, CallFilter, answers, calls, reason_labels, seen_by
from nps.queries.reports.calls import KINDS
from nps.queries.reports.contract_forms import ANSWERS_FORM
from nps.services import reports
from nps.web import access, forms, htmx
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.reports import bp
from nps.web.reports.common import MANAGERS, READERS, filters, page_url

_GROUPS = {
    Group.PROMOTER: "Сторонники, 9–10",
    Group.PASSIVE: "Нейтральные, 7–8",
    Group.DETRACTOR: "Критики, 1–6",
}
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
    chosen, group, rating = filters(campaign), forms.arg("group"), forms.arg_number("rating", default=0, least=0)
    labels = reason_labels(session, campaign_id)
    reason = forms.arg("reason")
    wanted = AnswerFilter(
        group=Group(group) if group in _GROUPS else None,
        rating=rating if rating in RATINGS else None,
        reason=reason if reason in labels else None,
        where=seen_by(access.current_actor(), campaign, chosen.where),
    )
    _note(campaign_id, "answers")
    return htmx.render(
        "reports/answers.html",
        "reports/_answers.html",
        campaign=campaign,
        filters=chosen,
        listing=answers(session, campaign_id, wanted, forms.arg_number("page")),
        headers=ANSWERS_FORM,
        wanted=wanted,
        page_url=page_url,
        groups=[("", "Все оценки"), *_GROUPS.items()],
        reasons=[("", "Любая причина"), *labels.items()],
        may_check=campaign.answers_after_check and access.current_actor().role == "manager",
        waits_for_check=wanted.where.checked_only,
    )


@bp.post("/campaigns/<int:campaign_id>/answers/check")
@access.roles("manager")
def check_answers(campaign_id: int) -> Response:
    """Tick questionnaires that the customer may see."""
    campaign_or_404(campaign_id)
    changed = reports.check_answers(
        db.session(),
        access.current_actor().id,
        campaign_id,
        shown=_ids("shown"),
        ticked=_ids("ticked"),
        now=now(),
    )
    flash("Отметки сохранены." if changed else "Отметки не изменились.", "ok")
    back = forms.text("back", 2000)
    return htmx.go(url_for("reports.answer_list", campaign_id=campaign_id) + (back if back.startswith("?") else ""))


def _ids(name: str) -> list[int]:
    return [int(value) for value in forms.texts(name) if value.isascii() and value.isdigit()]


@bp.get("/campaigns/<int:campaign_id>/calls")
@access.roles(*MANAGERS)
def call_list(campaign_id: int) -> Response:
    """All dials of a campaign."""
    campaign = campaign_or_404(campaign_id)
    session = db.session()
    chosen, result, kind = filters(campaign), forms.arg("result"), forms.arg("kind")
    wanted = CallFilter(
        disposition=result if result in TABLE else None,
        kind=kind if kind in KINDS else None,
        where=chosen.where,
    )
    _note(campaign_id, "calls")
    return htmx.render(
        "reports/calls.html",
        "reports/_calls.html",
        campaign=campaign,
        filters=chosen,
        listing=calls(session, campaign_id, wanted, forms.arg_number("page")),
        wanted=wanted,
        page_url=page_url,
        table=TABLE,
        kinds=list(_KINDS.items()),
        results=[("", "Любой итог"), *((code, row.label) for code, row in TABLE.items())],
    )


def _note(campaign_id: int, what: str) -> None:
    reports.note_view(
        db.session(),
        actor=access.current_actor(),
        campaign_id=campaign_id,
        what=what,
        now=now(),
        address=access.client_address(),
    )
