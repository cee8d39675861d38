"""The shift and its pauses."""

from __future__ import annotations

from flask import Response, request

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.services import desk
from nps.web import forms
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, refused, take


@bp.post("/shift")
@roles("operator")
def start_shift() -> Response:
    """Begin the shift and bring the first client."""
    actor = current_actor()
    try:
        campaign_id = forms.whole("campaign_id", 1, forms.MOST, label="Проект")
        desk.start_shift(db.session, actor, campaign_id, forms.text("spoken_name", 100) or actor.spoken_name, now())
        take()
    except DomainError as error:
        return refused(error)
    return done("Смена начата")


@bp.post("/shift/end")
@roles("operator")
def end_shift() -> Response:
    """End the shift."""
    try:
        desk.end_shift(db.session, current_actor(), now())
    except DomainError as error:
        return refused(error)
    return done("Смена закончена")


@bp.post("/pause")
@roles("operator")
def pause() -> Response:
    """Begin a pause, or tell the reason of the one that runs."""
    try:
        desk.pause(db.session, current_actor(), request.form.get("reason", ""), now())
    except DomainError as error:
        return refused(error)
    return done("Пауза")


@bp.post("/resume")
@roles("operator")
def resume() -> Response:
    """End the pause and bring the next client."""
    desk.resume(db.session, current_actor(), now())
    take()
    return done("Вы на линии")
