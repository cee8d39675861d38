"""What a manager does to a client and his calls, each with a reason (requirements §3, §4)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Response, flash, request, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.extensions import db
from nps.queries.clients import respondent_of_call
from nps.services import cases, supervision
from nps.services.desk import Result
from nps.services.form_keys import Form
from nps.services.supervision import Correction
from nps.web import access, forms, htmx
from nps.web.campaigns import bp
from nps.web.campaigns.clients import find_card, show_card
from nps.web.campaigns.common import campaign_or_404, instant
from nps.web.clock import now
from nps.web.errors import status_of

_DONE = {
    "reopened": "Клиент открыт заново: попытки считаются с начала.",
    "returned": "Клиент возвращён в работу.",
    "refused": "Записан отказ.",
    "withdrawn": "Клиент исключён из базы и посчитан отдельно.",
}


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/free")
@access.roles("manager")
def free(campaign_id: int, respondent_id: int) -> Response:
    """Take a client who is shown, not dialled, out of an operator's hands."""
    return _act(
        campaign_id,
        respondent_id,
        "free",
        lambda: cases.free(db.session(), access.current_actor().id, respondent_id, _form("free"), now()),
        "Клиент свободен: его получит следующий оператор.",
    )


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/act")
@access.roles("manager")
def act(campaign_id: int, respondent_id: int) -> Response:
    """Reopen, return to work, refuse or withdraw."""
    kind = request.form.get("kind", "")
    return _act(
        campaign_id,
        respondent_id,
        kind if kind in _DONE else "act",
        lambda: cases.act(
            db.session(),
            access.current_actor().id,
            respondent_id,
            forms.choice("kind", _DONE, label="Действие"),
            forms.text("reason", 500, label="Причина"),
            _form("act"),
            now(),
            letter=forms.text("letter", 60, label="Номер письма"),
        ),
        _DONE.get(kind, ""),
    )


@bp.post("/campaigns/<int:campaign_id>/clients/<int:respondent_id>/number")
@access.roles("manager", "specialist")
def give_number(campaign_id: int, respondent_id: int) -> Response:
    """Enter a new number: an inactive client is called again with a fresh ladder."""

    def act() -> str:
        number = forms.text("phone", 40, label="Новый номер", required=True)
        actor_id = access.current_actor().id
        if cases.give_number(db.session(), actor_id, respondent_id, number, _form("number"), now()):
            return "Номер добавлен: по нему позвонят первым."
        return "Номер добавлен, но клиент в стоп-листе и считается отказом: какой его номер там, сказано ниже."

    return _act(campaign_id, respondent_id, "number", act, "")


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/correct")
@access.roles("manager")
def correct(campaign_id: int, attempt_id: UUID) -> Response:
    """Give a settled call another result; the first word stays in the history."""
    respondent_id, zone = _whose(campaign_id, attempt_id)
    return _act(
        campaign_id,
        respondent_id,
        f"correct-{attempt_id}",
        lambda: supervision.correct_result(
            db.session(),
            access.current_actor().id,
            attempt_id,
            Correction(
                disposition=forms.text("disposition", 32),
                reason=forms.text("reason", 500, label="Причина"),
                callback_at=instant("callback", zone, label="Когда перезвонить"),
            ),
            _form("correct"),
            now(),
        ),
        "Итог исправлен. Прежний остался в истории звонка.",
    )


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/settle")
@access.roles("manager")
def settle(campaign_id: int, attempt_id: UUID) -> Response:
    """Settle a call that its operator left open."""
    respondent_id, zone = _whose(campaign_id, attempt_id)
    return _act(
        campaign_id,
        respondent_id,
        f"settle-{attempt_id}",
        lambda: supervision.settle_for_operator(
            db.session(),
            access.current_actor().id,
            attempt_id,
            Result(
                disposition=forms.text("disposition", 32),
                callback_at=instant("callback", zone, label="Когда перезвонить"),
                note=forms.text("reason", 500, label="Пояснение"),
                ended_at=instant("ended", zone, label="Когда звонок закончился"),
            ),
            _form("settle"),
            now(),
        ),
        "Звонок закрыт, клиент свободен.",
    )


@bp.post("/campaigns/<int:campaign_id>/calls/<uuid:attempt_id>/seconds")
@access.roles("manager")
def seconds(campaign_id: int, attempt_id: UUID) -> Response:
    """Correct how long the talk was."""
    respondent_id, _ = _whose(campaign_id, attempt_id)
    return _act(
        campaign_id,
        respondent_id,
        f"seconds-{attempt_id}",
        lambda: supervision.correct_seconds(
            db.session(),
            access.current_actor().id,
            attempt_id,
            forms.whole("talk_s", 0, supervision.LONGEST_TALK_S, label="Секунды разговора"),
            forms.text("reason", 500, label="Причина"),
            _form("seconds"),
            now(),
        ),
        "Секунды исправлены. Прежние остались в журнале.",
    )


def _whose(campaign_id: int, attempt_id: UUID) -> tuple[int, str]:
    """The client of a call of this campaign and his zone, else 404."""
    campaign_or_404(campaign_id)
    respondent_id = respondent_of_call(db.session(), campaign_id, attempt_id)
    if respondent_id is None:
        raise NotFoundError("Такого звонка в проекте нет.")
    return respondent_id, find_card(campaign_id, respondent_id).line.zone


def _form(route: str) -> Form:
    return Form(forms.sent_key(), access.current_actor().id, route, forms.fields())


def _act(campaign_id: int, respondent_id: int, name: str, do: Callable[[], object], said: str) -> Response:
    """Carry out an act on a client of this campaign; refused, the card says why and keeps what was typed.

    `said` is told when it is done, unless the act has a sentence of its own to tell.
    """
    campaign = campaign_or_404(campaign_id)
    find_card(campaign_id, respondent_id)
    try:
        told = do()
    except NotFoundError:
        raise
    except DomainError as error:
        # A rule may have let the transaction end: the card shows what is true now.
        fresh = find_card(campaign_id, respondent_id)
        return show_card(
            campaign, fresh, problem=error.message, failed=name, typed=forms.typed(), status=status_of(error)
        )
    flash(told if isinstance(told, str) else said, "ok")
    return htmx.go(url_for("campaigns.client", campaign_id=campaign_id, respondent_id=respondent_id))
