"""What goes on beside the call: an escalation, a reminder, how the client is addressed."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, request, url_for

from nps.domain.errors import DomainError, StaleError
from nps.domain.escalation import LIMITS, EscalationError
from nps.extensions import db
from nps.services import desk, escalations, reminders
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, expected_client, refused, view_now


@bp.post("/calls/<uuid:attempt_id>/escalate")
@roles("operator")
def escalate(attempt_id: UUID) -> Response:
    """Hand a question over to the specialist: escalation and letter in one transaction (R15).

    No network call is made here.
    """
    typed = {name: request.form.get(name, "") for name in LIMITS}
    view = view_now("escalation")
    shown = view.panel or {}
    fields = {**typed, "organisation": shown.get("organisation", ""), "inn": shown.get("inn", "")}
    current = view.call.id if view.call else view.done.attempt_id if view.done else None
    try:
        if current != attempt_id:
            raise StaleError("too_late", "Обращение можно передать, пока не начат следующий звонок.")
        escalations.raise_escalation(db.session, current_actor(), fields=fields, now=now(), attempt_id=attempt_id)
        if view.call is not None:
            desk.resume_script(db.session, current_actor(), attempt_id, now())
    except EscalationError as error:
        return refused(error, "escalation", {**typed, "errors": error.fields, "reply": shown.get("reply", "")})
    except DomainError as error:
        return refused(error)
    return done("Обращение передано специалисту", step_only=True)


@bp.post("/reminders")
@roles("operator")
def acknowledge() -> Response:
    """Put a reminder away."""
    reminders.acknowledge(db.session, current_actor().id, [forms.whole("id", 1, forms.MOST)], now=now())
    return done()


@bp.post("/greeting")
@roles("operator")
def rename() -> Response:
    """Change how the client is addressed in the greeting (R17)."""
    try:
        desk.rename(db.session, current_actor(), expected_client(), forms.text("greeting_name", 200))
    except DomainError as error:
        return refused(error)
    return done("Обращение к клиенту изменено")


@bp.post("/calls/<uuid:attempt_id>/note")
@roles("operator")
def note(attempt_id: UUID) -> Response:
    """Autosave of the note about the call."""
    try:
        desk.save_note(db.session, current_actor(), attempt_id, forms.text("note", 1000, label="Заметка"), now())
    except DomainError as error:
        return refused(error)
    return make_response("", 204) if htmx.wants_fragment() else htmx.go(url_for("desk.page"))
