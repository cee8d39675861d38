"""One call: the client comes, is dialled, rings, answers, hangs up."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, request

from nps.extensions import db
from nps.services import call_queue, desk, telephony
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, expected_client, lease, take, told


@bp.post("/next")
@roles("operator")
def next() -> Response:
    """Bring the next client's card; nothing dials (R8)."""
    return done(budget=take())


@bp.post("/dial")
@roles("operator")
@told()
def dial() -> Response:
    """«Позвонить»: begin the call of the client on the desk."""
    desk.dial(db.session, current_actor(), expected_client(), now(), current_app.config["OFFICE_ZONE"])
    return done("Гудки")


@bp.post("/inbound")
@roles("operator")
@told()
def inbound() -> Response:
    """«Клиент звонит сам»: his card opens as a call that is answered already."""
    wanted = forms.whole("respondent_id", 1, forms.MOST, label="Клиент")
    desk.take_inbound(db.session, current_actor(), wanted, now(), current_app.config["OFFICE_ZONE"])
    return done("Входящий звонок, разговор")


@bp.post("/return")
@roles("operator")
@told("return")
def return_client() -> Response:
    """«Вернуть в очередь» before the dial, and bring the next one."""
    reason = request.form.get("reason", "")
    who, until = current_actor().id, None if reason == "break" else lease()
    taken = call_queue.return_client(db.session, who, expected_client(), reason, now(), until)
    if reason == "break":
        desk.pause(db.session, current_actor(), "break", now())
    return done("Клиент вернулся в очередь", budget=taken.budget if taken else None)


@bp.post("/calls/<uuid:attempt_id>/ringing")
@roles("operator")
@told()
def ringing(attempt_id: UUID) -> Response:
    """«Пошли гудки»."""
    desk.ringing(db.session, current_actor(), attempt_id, now())
    return done("Отсчёт гудков начат")


@bp.post("/calls/<uuid:attempt_id>/answered")
@roles("operator")
@told()
def answered(attempt_id: UUID) -> Response:
    """«Клиент ответил»."""
    desk.answered(db.session, current_actor(), attempt_id, now())
    return done("Разговор")


@bp.post("/calls/<uuid:attempt_id>/hang-up")
@roles("operator")
@told()
def hang_up(attempt_id: UUID) -> Response:
    """«Завершить»: the line is down, the result is asked."""
    desk.hang_up(db.session, current_actor(), attempt_id, now())
    return done("Звонок завершён, выберите итог")


@bp.post("/calls/<uuid:attempt_id>/transfer")
@roles("operator")
@told("contacts")
def transfer(attempt_id: UUID) -> Response:
    """«Соединить»: the exchange connects the client with a branch or department (R19)."""
    contact = forms.whole("contact_id", 0, forms.MOST, default=0, label="Контакт")
    telephony.ask_transfer(db.session, current_actor(), attempt_id, contact, now())
    return done("Соединяем клиента с филиалом")
