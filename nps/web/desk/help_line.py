"""Help on the line: the operator asks, and puts away what was answered (ADR 0051)."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, current_app, make_response, render_template, url_for

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries import campaigns
from nps.queries.shift_messages import Help, help_of
from nps.services import shift_messages
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import show, view_now

_WORDS = "desk/_help_words.html"


def _help() -> Help:
    shift = campaigns.open_shift(db.session(), current_actor().id)
    return help_of(db.session(), shift, current_app.config["OFFICE_ZONE"]) if shift else Help()


@bp.get("/help")
@roles("operator")
def help_words() -> Response:
    """The poll of the place of help: 204 while it shows what is true. It touches nothing else of the desk."""
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page"))
    found = _help()
    if forms.arg("mark") == found.mark:
        return make_response("", 204)
    return _shown(found)


@bp.post("/help")
@roles("operator")
def ask_help() -> Response:
    """Ask for help with the card that lies on the desk; a second press changes nothing."""
    text = forms.text("text", 2000)
    try:
        shift_messages.ask(db.session, current_actor(), text, now())
    except DomainError as error:
        found = replace(_help(), typed=text, problem=error.message)
        if htmx.wants_fragment():
            return _shown(found, 422)
        return show(replace(view_now(), help=found), status=422, error=error.message)
    # The form is another one now, with a key of its own: the next request is a new one.
    return _done(asks_again=True)


@bp.post("/help/<int:message_id>/read")
@roles("operator")
def read_message(message_id: int) -> Response:
    """Put a message away as read."""
    shift_messages.mark_read(db.session, current_actor().id, message_id, now())
    return _done()


def _done(*, asks_again: bool = False) -> Response:
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page"))
    return _shown(_help(), asks_again=asks_again)


def _shown(found: Help, status: int = 200, *, asks_again: bool = False) -> Response:
    return make_response(render_template(_WORDS, help=found, asks_again=asks_again), status)
