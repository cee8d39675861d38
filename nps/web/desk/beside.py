"""What goes on beside the call: an escalation, a reminder, how the client is addressed."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, request, url_for

from nps.domain.errors import StaleError
from nps.domain.escalation import LIMITS
from nps.extensions import db
from nps.queries.desk import read_seat
from nps.services import desk, escalations, reminders
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, expected_client, person, told


@bp.post("/calls/<uuid:attempt_id>/escalate")
@roles("operator")
@told("escalation")
def escalate(attempt_id: UUID) -> Response:
    """Hand a question over to the specialist: escalation and letter in one transaction (R15).

    No network call is made here.
    """
    seat = read_seat(db.session(), person(), now())
    current, client, is_open = seat.call or (seat.last if seat.state == "done" else None), seat.client, seat.call
    if current is None or client is None or current.id != attempt_id:
        raise StaleError("too_late", "Обращение можно передать, пока не начат следующий звонок.")
    typed = {name: request.form.get(name, "") for name in LIMITS}
    fields = {**typed, "organisation": client.organisation, "inn": client.inn or ""}
    escalations.raise_escalation(db.session, current_actor(), fields=fields, now=now(), attempt_id=attempt_id)
    if is_open is not None:
        desk.resume_script(db.session, current_actor(), attempt_id, now())
    return done("Обращение передано специалисту", step=True)


@bp.post("/reminders")
@roles("operator")
def acknowledge() -> Response:
    """Put a reminder away."""
    reminders.acknowledge(db.session, current_actor().id, [forms.whole("id", 1, forms.MOST)], now=now())
    return done()


@bp.post("/greeting")
@roles("operator")
@told()
def rename() -> Response:
    """Change how the client is addressed in the greeting (R17)."""
    desk.rename(db.session, current_actor(), expected_client(), forms.text("greeting_name", 200))
    return done("Обращение к клиенту изменено")


@bp.post("/calls/<uuid:attempt_id>/note")
@roles("operator")
@told()
def note(attempt_id: UUID) -> Response:
    """Autosave of the note about the call."""
    desk.save_note(db.session, current_actor(), attempt_id, forms.text("note", 1000, label="Заметка"), now())
    return make_response("", 204) if htmx.wants_fragment() else htmx.go(url_for("desk.page"))
