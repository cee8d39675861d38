"""What the desk shows; reading it renews the lease of the client on it."""

from __future__ import annotations

from flask import Response, make_response, render_template

from nps.extensions import db
from nps.queries.desk import Asked, DeskView, find_clients, polled_view, read_seat
from nps.queries.desk.search import is_too_short
from nps.services import call_queue
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.clock import now
from nps.web.desk import bp
from nps.web.desk.common import STEP, lease, person, show, view_now


@bp.get("")
@roles("operator")
def page() -> Response:
    """The desk as it is now; `panel` opens one over the step, for a browser without JavaScript."""
    view = view_now(_asked(forms.arg("panel")), coming_back=True)
    return _renewed(view, show(view))


@bp.get("/panel/<name>")
@roles("operator")
def panel(name: str) -> Response:
    """A panel over the step; `step` closes it."""
    view = view_now(_asked(name), step=True)
    return _renewed(view, htmx.render("desk/page.html", STEP, view=view))


def _asked(name: str) -> Asked:
    """What a panel is asked with: the number of a question, the panel in which no answer fitted."""
    return Asked(name, forms.arg_number("question", 0, 0, 99), forms.arg("said_in"))


def _renewed(view: DeskView, response: Response) -> Response:
    """Renew the lease when the answer is made: what it is made of is read no second time."""
    if call_queue.is_lease_due(view.seat.held_until, now(), lease()):
        call_queue.renew(db.session, current_actor().id, now(), lease())
    return response


@bp.get("/tick")
@roles("operator")
def tick() -> Response:
    """The poll: renews the lease, brings figures and reminders, and the whole desk when the state has moved.

    204 while all of it is what the page shows.
    """
    coming_back = forms.arg("state").startswith("unfinished")
    view = polled_view(db.session(), person(), now(), coming_back=coming_back)
    shown = (forms.arg("state"), forms.arg("attempt"), forms.arg("client"))
    if shown != (view.shown_as, str(view.call.id) if view.call else "", str(view.client.id) if view.client else ""):
        view = view_now(coming_back=coming_back)
        page = render_template("desk/_tick.html", view=view, changed=True, fragment=False)
    elif forms.arg("mark") == view.mark:
        return _renewed(view, make_response("", 204))
    else:
        page = render_template("desk/_tick.html", view=view, changed=False, fragment=False)
    return _renewed(view, make_response(page))


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
    seat = read_seat(db.session(), person(), now())
    rows = find_clients(db.session(), seat.shift.campaign_id, query, now()) if seat.shift else []
    may_answer = seat.shift is not None and seat.call is None
    return htmx.render(
        "desk/search.html", "desk/_search.html", q=query, short=is_too_short(query), rows=rows, may_answer=may_answer
    )
