"""The shift and its pauses."""

from __future__ import annotations

from flask import Response, request

from nps.extensions import db
from nps.services import desk
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, take, told


@bp.post("/shift")
@roles("operator")
@told()
def start_shift() -> Response:
    """Begin the shift and bring the first client."""
    actor = current_actor()
    campaign_id = forms.whole("campaign_id", 1, forms.MOST, label="Проект")
    desk.start_shift(db.session, actor, campaign_id, forms.text("spoken_name", 100) or actor.spoken_name, now())
    return done("Смена начата", budget=take())


@bp.post("/shift/end")
@roles("operator")
@told()
def end_shift() -> Response:
    """End the shift."""
    desk.end_shift(db.session, current_actor(), now())
    return done("Смена закончена")


@bp.post("/pause")
@roles("operator")
@told()
def pause() -> Response:
    """Begin a pause, or tell the reason of the one that runs."""
    desk.pause(db.session, current_actor(), request.form.get("reason", ""), now())
    return done("Пауза")


@bp.post("/resume")
@roles("operator")
def resume() -> Response:
    """End the pause and bring the next client."""
    desk.resume(db.session, current_actor(), now())
    return done("Вы на линии", budget=take())
