"""What a manager does to a client and his calls, each with a reason (requirements §3, §4)."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.services import cases, supervision
from nps.services.desk import Result
from nps.services.supervision import Correction
from nps.web import access, forms, htmx
from nps.web.campaigns import bp
from nps.web.campaigns.clients import client_of_call, require_client, show_card
from nps.web.campaigns.common import instant
from nps.web.clock import now
from nps.web.refusals import told_on

_DONE = {
    "reopened": "Клиент открыт заново: попытки считаются с начала.",
    "returned": "Клиент возвращён в работу.",
    "refused": "Записан отказ.",
    "withdrawn": "Клиент исключён из базы и посчитан отдельно.",
}


def _card(error: DomainError, *, campaign_id: int, respondent_id: int = 0, attempt_id: UUID | None = None) -> Response:
    """The card as it is now, since a rule may have let the transaction end; the refused form keeps what was typed."""
    form = request.form.get("kind") or str(request.endpoint).rpartition(".")[2]
    if attempt_id is not None:
        form, respondent_id = f"{form}-{attempt_id}", client_of_call(campaign_id, attempt_id)[0]
    return show_card(campaign_id, respondent_id, error, form)


def _done(campaign_id: int, respondent_id: int, said: str) -> Response:
    flash(said, "ok")
    return htmx.go(url_for("campaigns.client", campaign_id=campaign_id, respondent_id=respondent_id))


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/free")
@access.roles("manager")
@told_on(_card)
def free(campaign_id: int, respondent_id: int) -> Response:
    """Take a client who is shown, not dialled, out of an operator's hands."""
    require_client(campaign_id, respondent_id)
    cases.free(db.session(), access.current_actor().id, respondent_id, now())
    return _done(campaign_id, respondent_id, "Клиент свободен: его получит следующий оператор.")


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/act")
@access.roles("manager")
@told_on(_card)
def act(campaign_id: int, respondent_id: int) -> Response:
    """Reopen, return to work, refuse or withdraw."""
    require_client(campaign_id, respondent_id)
    kind = forms.choice("kind", _DONE, label="Действие")
    reason, letter = forms.text("reason", 500, label="Причина"), forms.text("letter", 60, label="Номер письма")
    cases.decide_case(db.session(), access.current_actor().id, respondent_id, kind, reason, now(), letter=letter)
    return _done(campaign_id, respondent_id, _DONE[kind])


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/number")
@access.roles("manager", "specialist")
@told_on(_card)
def give_number(campaign_id: int, respondent_id: int) -> Response:
    """Enter a new number: an inactive client is called again with a fresh ladder."""
    require_client(campaign_id, respondent_id)
    number = forms.text("phone", 40, label="Новый номер", required=True)
    said = "Номер добавлен: по нему позвонят первым."
    if not cases.give_number(db.session(), access.current_actor().id, respondent_id, number, now()):
        said = "Номер добавлен, но клиент в стоп-листе и считается отказом: какой его номер там, сказано ниже."
    return _done(campaign_id, respondent_id, said)


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/correct")
@access.roles("manager")
@told_on(_card)
def correct(campaign_id: int, attempt_id: UUID) -> Response:
    """Give a settled call another result; the first word stays in the history."""
    respondent_id, zone = client_of_call(campaign_id, attempt_id)
    correction = Correction(
        disposition=forms.text("disposition", 32),
        reason=forms.text("reason", 500, label="Причина"),
        callback_at=instant("callback", zone, label="Когда перезвонить"),
    )
    supervision.correct_result(db.session(), access.current_actor().id, attempt_id, correction, now())
    return _done(campaign_id, respondent_id, "Итог исправлен. Прежний остался в истории звонка.")


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/settle")
@access.roles("manager")
@told_on(_card)
def settle(campaign_id: int, attempt_id: UUID) -> Response:
    """Settle a call that its operator left open."""
    respondent_id, zone = client_of_call(campaign_id, attempt_id)
    result = Result(
        disposition=forms.text("disposition", 32),
        callback_at=instant("callback", zone, label="Когда перезвонить"),
        note=forms.text("reason", 500, label="Пояснение"),
        ended_at=instant("ended", zone, label="Когда звонок закончился"),
    )
    supervision.settle_for_operator(db.session(), access.current_actor().id, attempt_id, result, now())
    return _done(campaign_id, respondent_id, "Звонок закрыт, клиент свободен.")


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/seconds")
@access.roles("manager")
@told_on(_card)
def seconds(campaign_id: int, attempt_id: UUID) -> Response:
    respondent_id, _ = client_of_call(campaign_id, attempt_id)
    talk_s = forms.whole("talk_s", 0, supervision.LONGEST_TALK_S, label="Секунды разговора")
    reason = forms.text("reason", 500, label="Причина")
    supervision.correct_seconds(db.session(), access.current_actor().id, attempt_id, talk_s, reason, now())
    return _done(campaign_id, respondent_id, "Секунды исправлены. Прежние остались в журнале.")
