"""Answers by the script, and the lines that break into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, request, url_for

from nps.domain.errors import StaleError
from nps.extensions import db
from nps.queries.desk import Asked
from nps.services import desk
from nps.services.desk import Result
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, promised_at, refused, show, talk_minutes, told, view_now


@bp.post("/calls/<uuid:attempt_id>/answer")
@roles("operator")
@told()
def answer(attempt_id: UUID) -> Response:
    """The answer of a step; at the last one the result."""
    actor, step_id, value = current_actor(), request.form.get("expect_step", ""), request.form.get("answer", "")
    if value == "end":
        desk.end_by_script(db.session, actor, attempt_id, step_id, now(), talk_minutes())
        return done("Сохранено")
    if request.form.get("at") and value != "declined":
        desk.settle(db.session, actor, attempt_id, Result("callback", callback_at=promised_at("at")), now())
        return done("Перезвон назначен")
    desk.answer(db.session, actor, attempt_id, step_id, value, now(), reasons())
    return done("Ответ сохранён", step=True)


def reasons() -> dict[str, Any]:
    return {
        "prompts": forms.texts("prompts", 64),
        "words": forms.text("words", 2000, label="Слова клиента"),
        "comment": forms.text("comment", 2000, label="Комментарий"),
    }


@told("unsuitable")
def _unsuitable(attempt_id: UUID) -> Response:
    words = forms.text("text", 2000, label="Слова клиента")
    desk.keep_unsuitable(db.session, current_actor(), attempt_id, words, now(), request.form.get("said_in", ""))
    return done("Слова клиента записаны", step=True)


@bp.post("/calls/<uuid:attempt_id>/comment")
@roles("operator")
def comment(attempt_id: UUID) -> Response:
    """Autosave of marks and words that are not sent yet; or the words no answer fits («Нет нужного ответа»)."""
    if request.form.get("kind") == "unsuitable":
        return _unsuitable(attempt_id=attempt_id)
    try:
        step_id = request.form.get("expect_step", "")
        desk.save_draft(db.session, current_actor(), attempt_id, step_id, reasons(), now())
    except StaleError as error:
        # The step has just been answered: what it said has been saved with the answer.
        if error.code != "other_step":
            return refused(error)
    return make_response("", 204) if htmx.wants_fragment() else htmx.go(url_for("desk.page"))


@bp.post("/calls/<uuid:attempt_id>/back")
@roles("operator")
@told()
def back(attempt_id: UUID) -> Response:
    """One step back; the answer is offered again."""
    desk.step_back(db.session, current_actor(), attempt_id, request.form.get("expect_step", ""), now())
    return done(step=True)


@bp.post("/calls/<uuid:attempt_id>/break-in/<name>")
@roles("operator")
@told()
def break_in(attempt_id: UUID, name: str) -> Response:
    """The client asks or complains: the survey's clock stands, the panel opens (R14, R17)."""
    if name not in ("question", "complaint"):
        name = "question"
    # Marks and words that are still on their way come along: the panel takes their fields off the page.
    draft = (request.form.get("expect_step", ""), reasons()) if "words" in request.form else None
    desk.break_in(db.session, current_actor(), attempt_id, now(), draft)
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page", panel=name))
    return show(view_now(Asked(name), step=True), step=True)


@bp.post("/calls/<uuid:attempt_id>/resume")
@roles("operator")
@told()
def resume_script(attempt_id: UUID) -> Response:
    """Back to the step the talk was left at."""
    desk.resume_script(db.session, current_actor(), attempt_id, now())
    return done(step=True)
