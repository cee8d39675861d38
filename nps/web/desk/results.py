"""How a call ended, and taking that back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from nps.domain.desk import panel_of
from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError
from nps.extensions import db
from nps.services import desk
from nps.services.desk import Result
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, ended_at, promised_at, refused, sent, view_now


@bp.post("/calls/<uuid:attempt_id>/outcome")
@roles("operator")
def outcome(attempt_id: UUID) -> Response:
    """The result of the call, or another one for the last call (`correction`)."""
    actor, code = current_actor(), request.form.get("code", "")
    is_correction = bool(request.form.get("correction"))
    panel = panel_of(code) or ("correct" if is_correction else "")
    typed: dict[str, Any] = {}
    try:
        typed = {
            "note": forms.text("note", 500),
            "phone": forms.text("phone", 60),
            "contact": forms.text("contact", 300),
        }
        result = _result(code, typed)
        if is_correction:
            desk.correct(db.session, actor, attempt_id, result, sent("desk.outcome"), now())
        else:
            desk.settle(db.session, actor, attempt_id, result, sent("desk.outcome"), now())
    except DomainError as error:
        if error.code == "bad_number":
            typed["errors"] = {"phone": error.message}
        return refused(error, panel, typed)
    return done(f"Итог записан: {TABLE[code].label}")


def _result(code: str, typed: dict[str, Any]) -> Result:
    at = "" if request.form.get("unknown_time") else request.form.get("at", "")
    note = typed["note"]
    if code == "dead_number" and not note:
        note = TABLE[code].hint
    is_contact = code == "new_contact"
    shown = view_now().client
    contact = typed["contact"] if is_contact else ""
    return Result(
        disposition=code,
        callback_at=promised_at("at") if at and code in ("callback", "other_person") else None,
        note=note or ("Новые данные записаны" if is_contact else ""),
        number=typed["phone"] if is_contact else "",
        person="" if shown is not None and contact == shown.contact else contact,
        ended_at=ended_at(),
    )


@bp.post("/calls/<uuid:attempt_id>/reopen")
@roles("operator")
def reopen(attempt_id: UUID) -> Response:
    """«Исправить»: the last call is open again with its answers, until the next dial.

    `answered`: the client had answered, so that it is open as a talk.
    """
    was_answered = bool(request.form.get("answered"))
    try:
        desk.reopen(db.session, current_actor(), attempt_id, sent("desk.reopen"), now(), was_answered=was_answered)
    except DomainError as error:
        return refused(error)
    return done("Звонок открыт для исправления")


@bp.post("/last")
@roles("operator")
def last() -> Response:
    """The next card is shown already, but the result before it was wrong: back to it."""
    try:
        desk.show_last_result(db.session, current_actor(), now())
    except DomainError as error:
        return refused(error)
    return done("Прошлый итог")
