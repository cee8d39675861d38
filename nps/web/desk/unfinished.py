"""A call without a result that its operator comes back to."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.services import desk
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, refused, sent, take, view_now


@bp.post("/calls/<uuid:attempt_id>/carry-on")
@roles("operator")
def carry_on(attempt_id: UUID) -> Response:
    """«Продолжить»: the talk goes on from the last saved answer."""
    try:
        desk.carry_on(db.session, current_actor(), attempt_id, now())
    except DomainError as error:
        return refused(error)
    return done("Звонок продолжается")


@bp.post("/calls/<uuid:attempt_id>/end")
@roles("operator")
def tell_end(attempt_id: UUID) -> Response:
    """When the line went down, as the operator remembers it; the result is asked next."""
    try:
        minutes = forms.number_or_none("talk_minutes", 0, 600, label="Минут разговора")
        on_clock = forms.clock("ended_at", label="Время окончания")
        view = view_now(coming_back=True)
        if view.unfinished is not None and on_clock is not None and f"{on_clock:%H:%M}" == view.unfinished.end.clock:
            # Left as offered: the last activity to the second, not to the minute.
            on_clock = None
        zone = current_app.config["OFFICE_ZONE"]
        desk.tell_end(db.session, current_actor(), attempt_id, minutes, on_clock, sent("desk.tell_end"), now(), zone)
    except DomainError as error:
        return refused(error, "end", coming_back=True)
    return done("Звонок завершён, выберите итог")


@bp.post("/calls/<uuid:attempt_id>/hand-over")
@roles("operator")
def hand_over(attempt_id: UUID) -> Response:
    """«Решит руководитель»: the call goes to the manager's list, the next client comes."""
    try:
        note = forms.text("note", 1000, label="Что вы помните о звонке")
        desk.hand_over(db.session, current_actor(), attempt_id, note, sent("desk.hand_over"), now())
    except DomainError as error:
        return refused(error, coming_back=True)
    take()
    return done("Звонок передан руководителю")
