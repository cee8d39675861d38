"""Answers by the script, and the lines that break into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, request, url_for

from nps.domain.errors import DomainError, StaleError
from nps.extensions import db
from nps.queries.interviews import result_of
from nps.services import desk
from nps.services.desk import Result
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import done, ended_at, promised_at, refused, sent, show, view_now


@bp.post("/calls/<uuid:attempt_id>/answer")
@roles("operator")
def answer(attempt_id: UUID) -> Response:
    """The answer of a step; at the last one the result."""
    actor, step_id = current_actor(), request.form.get("expect_step", "")
    try:
        if request.form.get("answer") == "end":
            return _end(attempt_id, step_id)
        at = request.form.get("at", "")
        if at and request.form.get("answer") != "declined":
            result = Result("callback", callback_at=promised_at("at"))
            desk.settle(db.session, actor, attempt_id, result, sent("desk.answer"), now())
            return done("Перезвон назначен")
        value = _answer_value(step_id)
        desk.answer(db.session, actor, attempt_id, step_id, value, sent("desk.answer"), now())
    except DomainError as error:
        return refused(error)
    return done("Ответ сохранён", step_only=True)


def _answer_value(step_id: str) -> Any:
    view = view_now()
    if view.step is not None and view.step.id == step_id and view.step.kind == "reasons":
        return reasons()
    return request.form.get("answer", "")


def reasons() -> dict[str, Any]:
    return {
        "prompts": forms.texts("prompts", 64),
        "words": forms.text("words", 2000, label="Слова клиента"),
        "comment": forms.text("comment", 2000, label="Комментарий"),
    }


def _end(attempt_id: UUID, step_id: str) -> Response:
    """The last step of the script: its own result is the call's."""
    view = view_now()
    if view.call is None or view.call.id != attempt_id or view.step is None or view.step.id != step_id:
        result = Result("surveyed")
    else:
        result = Result(result_of(db.session(), attempt_id) or "surveyed", ended_at=ended_at())
    desk.settle(db.session, current_actor(), attempt_id, result, sent("desk.answer"), now())
    return done("Сохранено")


@bp.post("/calls/<uuid:attempt_id>/comment")
@roles("operator")
def comment(attempt_id: UUID) -> Response:
    """Autosave of marks and words that are not sent yet; or the words no answer fits («Нет нужного ответа»)."""
    actor = current_actor()
    if request.form.get("kind") == "unsuitable":
        said_in = request.form.get("said_in", "")
        try:
            words = forms.text("text", 2000, label="Слова клиента")
            desk.keep_unsuitable(db.session, actor, attempt_id, words, sent("desk.comment"), now(), said_in)
        except DomainError as error:
            return refused(error, "unsuitable", {"errors": {"text": error.message}}, said_in=said_in)
        return done("Слова клиента записаны", step_only=True)
    try:
        desk.save_draft(db.session, actor, attempt_id, request.form.get("expect_step", ""), reasons(), now())
    except StaleError as error:
        # The step has just been answered: what it said has been saved with the answer.
        if error.code != "other_step":
            return refused(error)
    return make_response("", 204) if htmx.wants_fragment() else htmx.go(url_for("desk.page"))


@bp.post("/calls/<uuid:attempt_id>/back")
@roles("operator")
def back(attempt_id: UUID) -> Response:
    """One step back; the answer is offered again."""
    try:
        step_id = request.form.get("expect_step", "")
        desk.step_back(db.session, current_actor(), attempt_id, step_id, sent("desk.back"), now())
    except DomainError as error:
        return refused(error)
    return done(step_only=True)


@bp.post("/calls/<uuid:attempt_id>/break-in/<name>")
@roles("operator")
def break_in(attempt_id: UUID, name: str) -> Response:
    """The client asks or complains: the survey's clock stands, the panel opens (R14, R17)."""
    if name not in ("question", "complaint"):
        name = "question"
    try:
        if "words" in request.form:
            # Marks and words that are still on their way come along: the panel takes their fields off the page.
            step_id = request.form.get("expect_step", "")
            desk.save_draft(db.session, current_actor(), attempt_id, step_id, reasons(), now())
        desk.break_in(db.session, current_actor(), attempt_id, now())
    except DomainError as error:
        return refused(error)
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page", panel=name))
    return show(view_now(name), step_only=True)


@bp.post("/calls/<uuid:attempt_id>/resume")
@roles("operator")
def resume_script(attempt_id: UUID) -> Response:
    """Back to the step the talk was left at."""
    try:
        desk.resume_script(db.session, current_actor(), attempt_id, now())
    except DomainError as error:
        return refused(error)
    return done(step_only=True)
