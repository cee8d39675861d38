"""A call without a result that its operator comes back to."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app

from nps.extensions import db
from nps.services import desk
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, take, talk_minutes, told


@bp.post("/calls/<uuid:attempt_id>/carry-on")
@roles("operator")
@told()
def carry_on(attempt_id: UUID) -> Response:
    """«Продолжить»: the talk goes on from the last saved answer."""
    desk.carry_on(db.session, current_actor(), attempt_id, now())
    return done("Звонок продолжается")


@bp.post("/calls/<uuid:attempt_id>/end")
@roles("operator")
@told("end", coming_back=True)
def tell_end(attempt_id: UUID) -> Response:
    """When the line went down, as the operator remembers it; the result is asked next."""
    minutes, on_clock = talk_minutes(), forms.clock("ended_at", label="Время окончания")
    zone = current_app.config["OFFICE_ZONE"]
    desk.tell_end(db.session, current_actor(), attempt_id, minutes, on_clock, now(), zone)
    return done("Звонок завершён, выберите итог")


@bp.post("/calls/<uuid:attempt_id>/hand-over")
@roles("operator")
@told(coming_back=True)
def hand_over(attempt_id: UUID) -> Response:
    """«Решит руководитель»: the call goes to the manager's list, the next client comes."""
    note = forms.text("note", 1000, label="Что вы помните о звонке")
    desk.hand_over(db.session, current_actor(), attempt_id, note, now())
    return done("Звонок передан руководителю", budget=take())
