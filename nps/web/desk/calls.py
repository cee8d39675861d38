"""One call: the client comes, is dialled, rings, answers, hangs up."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, request

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.services import call_queue, desk, telephony
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, expected_client, refused, sent, take


@bp.post("/next")
@roles("operator")
def next() -> Response:
    """Bring the next client's card; nothing dials (R8)."""
    take()
    return done()


@bp.post("/dial")
@roles("operator")
def dial() -> Response:
    """«Позвонить»: begin the call of the client on the desk."""
    try:
        zone = current_app.config["OFFICE_ZONE"]
        desk.dial(db.session, current_actor(), expected_client(), sent("desk.dial"), now(), zone)
    except DomainError as error:
        return refused(error)
    return done("Гудки")


@bp.post("/inbound")
@roles("operator")
def inbound() -> Response:
    """«Клиент звонит сам»: his card opens as a call that is answered already."""
    try:
        zone = current_app.config["OFFICE_ZONE"]
        wanted = forms.whole("respondent_id", 1, forms.MOST, label="Клиент")
        desk.take_inbound(db.session, current_actor(), wanted, sent("desk.inbound"), now(), zone)
    except DomainError as error:
        return refused(error)
    return done("Входящий звонок, разговор")


@bp.post("/return")
@roles("operator")
def return_client() -> Response:
    """«Вернуть в очередь» before the dial, and bring the next one."""
    try:
        reason = request.form.get("reason", "")
        call_queue.return_client(db.session, current_actor().id, expected_client(), reason, now())
    except DomainError as error:
        return refused(error, "return")
    if request.form.get("reason") == "break":
        desk.pause(db.session, current_actor(), "break", now())
    else:
        take()
    return done("Клиент вернулся в очередь")


@bp.post("/calls/<uuid:attempt_id>/ringing")
@roles("operator")
def ringing(attempt_id: UUID) -> Response:
    """«Пошли гудки»."""
    try:
        desk.ringing(db.session, current_actor(), attempt_id, now())
    except DomainError as error:
        return refused(error)
    return done("Отсчёт гудков начат")


@bp.post("/calls/<uuid:attempt_id>/answered")
@roles("operator")
def answered(attempt_id: UUID) -> Response:
    """«Клиент ответил»."""
    try:
        desk.answered(db.session, current_actor(), attempt_id, sent("desk.answered"), now())
    except DomainError as error:
        return refused(error)
    return done("Разговор")


@bp.post("/calls/<uuid:attempt_id>/hang-up")
@roles("operator")
def hang_up(attempt_id: UUID) -> Response:
    """«Завершить»: the line is down, the result is asked."""
    try:
        desk.hang_up(db.session, current_actor(), attempt_id, sent("desk.hang_up"), now())
    except DomainError as error:
        return refused(error)
    return done("Звонок завершён, выберите итог")


@bp.post("/calls/<uuid:attempt_id>/transfer")
@roles("operator")
def transfer(attempt_id: UUID) -> Response:
    """«Соединить»: the exchange connects the client with a branch or department (R19)."""
    try:
        contact = forms.whole("contact_id", 0, forms.MOST, default=0, label="Контакт")
        telephony.ask_transfer(db.session, current_actor(), attempt_id, contact, now())
    except DomainError as error:
        return refused(error, "contacts")
    return done("Соединяем клиента с филиалом")
