"""What the routes of the desk share: the view, and the three ways to answer a POST."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, current_app, request, url_for

from nps.domain.errors import DomainError, StaleError
from nps.extensions import db
from nps.queries import campaigns
from nps.queries.desk import DeskView, Person, desk_view
from nps.services import call_queue
from nps.services.form_keys import Form
from nps.web import forms, htmx
from nps.web.access import current_actor
from nps.web.clock import now

_DESK, STEP = "desk/_desk.html", "desk/_step.html"


def person() -> Person:
    return Person(current_actor(), current_app.config["OFFICE_ZONE"])


def view_now(panel: str = "", *, coming_back: bool = False, **params: Any) -> DeskView:
    return desk_view(db.session(), person(), now(), panel=panel, params=params, coming_back=coming_back)


def show(
    view: DeskView, *, status: int = 200, step_only: bool = False, error: str = "", announce: str = ""
) -> Response:
    """The step when the form asked for it and the state allows; else the whole desk, wherever htmx wanted to put it."""
    from_step = request.headers.get("HX-Target") == "step"
    fragment = STEP if from_step and step_only else _DESK
    view = replace(view, error=error, announce=announce)
    response = htmx.render("desk/page.html", fragment, status, view=view)
    if htmx.wants_fragment() and fragment == _DESK and request.method == "POST":
        response.headers["HX-Retarget"] = "#desk"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def done(announce: str = "", *, step_only: bool = False) -> Response:
    """The true desk after a POST; a browser without htmx goes there by itself."""
    if not htmx.wants_fragment():
        return htmx.go(url_for("desk.page"))
    return show(view_now(), step_only=step_only, announce=announce)


def refused(error: DomainError, panel: str = "", typed: dict[str, Any] | None = None, **params: Any) -> Response:
    """A rule said no: the true state, the sentence, and what was typed."""
    status = 409 if isinstance(error, StaleError) else 422
    view = view_now("" if status == 409 else panel, **params)
    if view.panel is not None and typed:
        view = _with_typed(view, typed)
    return show(view, status=status, step_only=status == 422, error=error.message)


def _with_typed(view: DeskView, typed: dict[str, Any]) -> DeskView:
    return replace(view, panel={**(view.panel or {}), **typed})


def sent(route: str) -> Form:
    return Form(forms.sent_key(), current_actor().id, route, forms.fields())


def expected_client() -> int:
    return forms.whole("expect_client", 0, forms.MOST, default=0)


def lease() -> timedelta:
    """How long the client stays without another request: a script ticks, and only a script sends htmx's header."""
    return call_queue.LEASE if htmx.wants_fragment() else call_queue.LEASE_WITHOUT_SCRIPT


def take() -> None:
    shift = campaigns.open_shift(db.session(), current_actor().id)
    if shift is not None:
        call_queue.take_next(db.session, current_actor().id, shift.campaign_id, now(), lease())


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


def ended_at() -> datetime | None:
    """How long the talk was, if the operator was asked: minutes since the answer."""
    minutes = forms.number_or_none("talk_minutes", 0, 600, label="Минут разговора")
    view = view_now()
    if minutes is None or view.call is None:
        return None
    return datetime.fromtimestamp(view.call.answered_ms / 1000, UTC) + timedelta(minutes=minutes)
