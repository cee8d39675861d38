"""What the desk shows; reading it renews the lease of the client on it."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from nps.extensions import db
from nps.queries import campaigns
from nps.queries.desk import find_clients
from nps.queries.desk.search import is_too_short
from nps.services import call_queue
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import STEP, lease, show, view_now


@bp.get("")
@roles("operator")
def page() -> Response:
    """The desk as it is now; `panel` opens one over the step, for a browser without JavaScript."""
    call_queue.renew(db.session, current_actor().id, now(), lease())
    return show(view_now(forms.arg("panel"), coming_back=True, **_of_panel()))


@bp.get("/panel/<name>")
@roles("operator")
def panel(name: str) -> Response:
    """A panel over the step; `step` closes it."""
    call_queue.renew(db.session, current_actor().id, now(), lease())
    view = view_now(name, **_of_panel())
    return htmx.render("desk/page.html", STEP, view=view)


def _of_panel() -> dict[str, Any]:
    """What a panel is asked with: the number of a question, the panel in which no answer fitted."""
    return {"question": forms.arg_number("question", 0, 0, 99), "said_in": forms.arg("said_in")}


@bp.get("/tick")
@roles("operator")
def tick() -> Response:
    """The poll: renews the lease, brings figures and reminders, and the whole desk when the state has moved."""
    call_queue.renew(db.session, current_actor().id, now(), lease())
    view = view_now(coming_back=forms.arg("state").startswith("unfinished"))
    shown = (forms.arg("state"), forms.arg("attempt"), forms.arg("client"))
    true = (view.shown_as, str(view.call.id) if view.call else "", str(view.client.id) if view.client else "")
    return make_response(render_template("desk/_tick.html", view=view, changed=shown != true, fragment=False))


@bp.get("/search")
@roles("operator")
def search() -> Response:
    """The search as a page of its own, for a browser without JavaScript."""
    return _found("")


@bp.post("/search")
@roles("operator")
def find() -> Response:
    """Clients of the shift's campaign by part of a phone, INN or name. A POST: neither stands in an address."""
    return _found(forms.text("q", 100))


def _found(query: str) -> Response:
    shift = campaigns.open_shift(db.session(), current_actor().id)
    rows = find_clients(db.session(), shift.campaign_id, query, now()) if shift else []
    may_answer = shift is not None and view_now().call is None
    return htmx.render(
        "desk/search.html", "desk/_search.html", q=query, short=is_too_short(query), rows=rows, may_answer=may_answer
    )
