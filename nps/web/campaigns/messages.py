"""Requests of operators for help, and what the manager writes to people on shift (ADR 0051)."""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, url_for

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries.shift_messages import messages_of
from nps.services import shift_messages
from nps.web import access, forms, htmx
from nps.web.campaigns import bp
from nps.web.campaigns.common import MANAGERS, campaign_or_404
from nps.web.campaigns.operators import page
from nps.web.clock import now
from nps.web.refusals import told_on

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


def _refused(error: DomainError, campaign_id: int, message_id: int = 0) -> Response:
    typed: dict[str, object] = {"text": forms.text("text", _READ), "problem": error.message}
    typed |= {"request": message_id} if message_id else {"to": forms.text("to")}
    return page(campaign_or_404(campaign_id), typed, error)


@bp.post("/campaigns/<int:campaign_id>/messages")
@access.roles(*MANAGERS)
@told_on(_refused)
def write_message(campaign_id: int) -> Response:
    """Write to one operator on shift, or to all of them."""
    campaign_or_404(campaign_id)
    to = None if forms.text("to") == _ALL else forms.whole("to", 1, forms.MOST, label="Кому")
    shift_messages.tell(db.session, access.current_actor(), campaign_id, to, forms.text("text", _READ), now())
    flash("Сообщение отправлено.", "ok")
    return htmx.go(_page_of(campaign_id))


@bp.post("/campaigns/<int:campaign_id>/messages/<int:message_id>/answer")
@access.roles(*MANAGERS)
@told_on(_refused)
def answer_message(campaign_id: int, message_id: int) -> Response:
    """Answer a request for help."""
    campaign_or_404(campaign_id)
    text, actor = forms.text("text", _READ), access.current_actor()
    shift_messages.answer(db.session, actor, campaign_id, message_id, text, now())
    flash("Ответ отправлен.", "ok")
    return htmx.go(_page_of(campaign_id))


def _page_of(campaign_id: int) -> str:
    return url_for("campaigns.operators", campaign_id=campaign_id)
