"""How a call ended, and taking that back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from nps.domain.desk import panel_of
from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries.desk import Asked
from nps.services import desk
from nps.services.desk import Result
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, promised_at, refused, talk_minutes, told
from nps.web.refusals import told_on


def _refused(error: DomainError, attempt_id: UUID) -> Response:
    panel = panel_of(request.form.get("code", "")) or ("correct" if request.form.get("correction") else "")
    return refused(error, Asked(panel))


@bp.post("/calls/<uuid:attempt_id>/outcome")
@roles("operator")
@told_on(_refused, absent=True)
def outcome(attempt_id: UUID) -> Response:
    """The result of the call, or another one for the last call (`correction`)."""
    result = _result(request.form.get("code", ""))
    act = desk.correct if request.form.get("correction") else desk.settle
    act(db.session, current_actor(), attempt_id, result, now())
    return done(f"Итог записан: {TABLE[result.disposition].label}")


def _result(code: str) -> Result:
    note, is_contact = forms.text("note", 500), code == "new_contact"
    number, person = forms.text("phone", 60), forms.text("contact", 300)
    if code == "dead_number" and not note:
        note = TABLE[code].hint
    at = "" if request.form.get("unknown_time") else request.form.get("at", "")
    return Result(
        disposition=code,
        callback_at=promised_at("at") if at and code in ("callback", "other_person") else None,
        note=note or ("Новые данные записаны" if is_contact else ""),
        number=number if is_contact else "",
        person=person if is_contact else "",
        talk_minutes=talk_minutes(),
    )


@bp.post("/calls/<uuid:attempt_id>/reopen")
@roles("operator")
@told()
def reopen(attempt_id: UUID) -> Response:
    """«Исправить»: the last call is open again with its answers, until the next dial.

    `answered`: the client had answered, so that it is open as a talk.
    """
    was_answered = bool(request.form.get("answered"))
    desk.reopen(db.session, current_actor(), attempt_id, now(), was_answered=was_answered)
    return done("Звонок открыт для исправления")


@bp.post("/last")
@roles("operator")
@told()
def last() -> Response:
    """The next card is shown already, but the result before it was wrong: back to it."""
    desk.show_last_result(db.session, current_actor(), now())
    return done("Прошлый итог")
