"""What the routes of the desk share: the view, and the ways to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Response, current_app, request, url_for

from nps.domain.budget import Budget
from nps.domain.errors import DomainError, StaleError
from nps.domain.escalation import EscalationError
from nps.extensions import db
from nps.queries.desk import Asked, DeskView, Person, desk_view
from nps.services import call_queue
from nps.web import forms, htmx
from nps.web.access import current_actor
from nps.web.clock import now
from nps.web.refusals import View, told_on

_DESK, STEP = "desk/_desk.html", "desk/_step.html"


def person() -> Person:
    return Person(current_actor(), current_app.config["OFFICE_ZONE"])


def view_now(
    asked: Asked | None = None, *, coming_back: bool = False, step: bool = False, budget: Budget | None = None
) -> DeskView:
    """The true desk. `step`: all that is asked for is the step, when htmx wants to put it there."""
    step_only = step and _wants_step()
    return desk_view(db.session(), person(), now(), asked, coming_back=coming_back, step_only=step_only, budget=budget)


def _wants_step() -> bool:
    return htmx.wants_fragment() and request.headers.get("HX-Target") == "step"


def show(view: DeskView, *, status: int = 200, step: bool = False, error: str = "", announce: str = "") -> Response:
    """The step when the form asked for it and the state allows; else the whole desk, wherever htmx wanted to put it."""
    fragment = STEP if step and _wants_step() else _DESK
    response = htmx.render("desk/page.html", fragment, status, view=view, error=error, announce=announce)
    if htmx.wants_fragment() and fragment == _DESK and request.method == "POST":
        response.headers["HX-Retarget"] = "#desk"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def done(announce: str = "", *, step: bool = False, budget: Budget | None = None) -> Response:
    """The true desk after a POST; a browser without htmx goes there by itself."""
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page"))
    return show(view_now(step=step, budget=budget), step=step, announce=announce)


def refused(error: DomainError, asked: Asked | None = None, *, coming_back: bool = False) -> Response:
    """A rule said no: the true state, the sentence, and in its panel what was typed."""
    if isinstance(error, StaleError):
        return show(view_now(coming_back=coming_back), status=HTTPStatus.CONFLICT, error=error.message)
    view = view_now(asked, coming_back=coming_back, step=True)
    if view.panel is not None:
        typed = {**view.panel.typed, **forms.typed()}
        view = replace(view, panel=replace(view.panel, typed=typed, errors=_wrong_fields(error)))
    return show(view, status=HTTPStatus.UNPROCESSABLE_ENTITY, step=True, error=error.message)


def _wrong_fields(error: DomainError) -> Mapping[str, str]:
    if isinstance(error, EscalationError):
        return error.fields
    if isinstance(error, forms.FormError):
        return {error.field: error.message} if error.field == "text" else {}
    field = {"bad_number": "phone", "no_words": "text"}.get(error.code)
    return {field: error.message} if field else {}


def told(panel: str = "", *, coming_back: bool = False) -> Callable[[View], View]:
    """Show the desk, with this panel when it still fits, when the view is refused."""

    def page(error: DomainError, **_: object) -> Response:
        asked = Asked(panel, said_in=request.form.get("said_in", "")) if panel else None
        return refused(error, asked, coming_back=coming_back)

    return told_on(page, absent=True)


def expected_client() -> int:
    return forms.whole("expect_client", 0, forms.MOST, default=0)


def lease() -> timedelta:
    """How long the client stays without another request: a script ticks, and only a script sends htmx's header."""
    return call_queue.LEASE if htmx.wants_fragment() else call_queue.LEASE_WITHOUT_SCRIPT


def take() -> Budget | None:
    """Bring the next client of the shift, if there is one; the minutes it was decided by."""
    return call_queue.take_next(db.session, current_actor().id, None, now(), lease()).budget


def promised_at(name: str) -> datetime:
    """The time of a callback, sent as ISO text in the client's zone.

    Without JavaScript another day can be chosen and its time forgotten: then the time of the day before is still
    marked, out of sight. Raises DomainError for that and for what is no instant.
    """
    at = forms.instant(name)
    if at is None:
        raise DomainError("no_time", "Выберите день и время перезвона.")
    local_day = request.form[name][:10]
    if request.form.get("day", local_day) != local_day:
        raise DomainError("other_day", "Выберите время перезвона в этот день.")
    return at


def talk_minutes() -> int | None:
    """How long the talk was, if the operator was asked."""
    return forms.number_or_none("talk_minutes", 0, 600, label="Минут разговора")
