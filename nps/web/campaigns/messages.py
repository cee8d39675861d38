"""Requests of operators for help, and what the manager writes to people on shift (ADR 0051)."""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.extensions import db
from nps.queries.shift_messages import messages_of
from nps.services import shift_messages
from nps.services.form_keys import Form
from nps.web import access, forms, htmx
from nps.web.campaigns import bp
from nps.web.campaigns.common import MANAGERS, campaign_or_404
from nps.web.campaigns.operators import page
from nps.web.clock import now

#: A longer text is refused in words, not cut.
_READ = 2000
_ALL = "all"


@bp.get("/campaigns/<int:campaign_id>/messages")
@access.roles(*MANAGERS)
def messages(campaign_id: int) -> Response:
    """The poll of the panel on «Операторы»: nothing (204) while what it shows is still true."""
    campaign = campaign_or_404(campaign_id)
    if not htmx.wants_fragment():
        return htmx.go(_page_of(campaign_id))
    found = messages_of(db.session(), campaign_id)
    if forms.arg("mark") == found.mark:
        return make_response("", 204)
    return make_response(render_template("campaigns/_messages.html", campaign=campaign, messages=found))


@bp.post("/campaigns/<int:campaign_id>/messages")
@access.roles(*MANAGERS)
def write_message(campaign_id: int) -> Response:
    """Write to one operator on shift, or to all of them."""
    campaign = campaign_or_404(campaign_id)
    text = forms.text("text", _READ)
    try:
        to = None if forms.text("to") == _ALL else forms.whole("to", 1, forms.MOST, label="Кому")
        shift_messages.tell(db.session, access.current_actor(), campaign_id, to, text, _sent("write_message"), now())
    except NotFoundError:
        raise
    except DomainError as error:
        return page(campaign, {"to": forms.text("to"), "text": text, "problem": error.message})
    flash("Сообщение отправлено.", "ok")
    return htmx.go(_page_of(campaign_id))


@bp.post("/campaigns/<int:campaign_id>/messages/<int:message_id>/answer")
@access.roles(*MANAGERS)
def answer_message(campaign_id: int, message_id: int) -> Response:
    """Answer a request for help."""
    campaign = campaign_or_404(campaign_id)
    text, actor = forms.text("text", _READ), access.current_actor()
    try:
        form = _sent("answer_message", message_id)
        shift_messages.answer(db.session, actor, campaign_id, message_id, text, form, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return page(campaign, {"request": message_id, "text": text, "problem": error.message}, error)
    flash("Ответ отправлен.", "ok")
    return htmx.go(_page_of(campaign_id))


def _sent(route: str, *about: int) -> Form:
    fields = {**forms.fields(), "about": about}
    return Form(forms.sent_key(), access.current_actor().id, f"campaigns.{route}", fields)


def _page_of(campaign_id: int) -> str:
    return url_for("campaigns.operators", campaign_id=campaign_id)
