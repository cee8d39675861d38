"""Recordings without a call: a manager listens, chooses the call or puts the recording aside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, url_for

from nps.domain.disposition import TABLE
from nps.domain.errors import NotFoundError
from nps.domain.recording import ORPHAN_DAYS, PROBLEMS
from nps.domain.wording import number
from nps.extensions import db
from nps.queries.recordings.waiting import (
    SHOWN,
    is_nobodys,
    is_reached,
    newest_waiting,
    offered_calls,
    one_waiting,
    waiting,
)
from nps.services import recordings
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.filters import office_zone
from nps.web.recordings import bp
from nps.web.recordings.listing import STAFF, campaign_or_404, frame


@bp.get("/campaigns/<int:campaign_id>/recordings/match")
@access.roles(*STAFF)
def match(campaign_id: int) -> Response:
    """What waits, and the calls the chosen recording may belong to."""
    return _page(campaign_id, False, forms.arg_number("recording", default=0, least=0))


@bp.get("/campaigns/<int:campaign_id>/recordings/nobodys")
@access.roles(*STAFF)
def nobodys(campaign_id: int) -> Response:
    """The same for recordings that belong to no campaign: one list for all of them."""
    return _page(campaign_id, True, forms.arg_number("recording", default=0, least=0))


@bp.post("/campaigns/<int:campaign_id>/recordings/<int:recording_id>/attach")
@access.roles("manager")
def attach(campaign_id: int, recording_id: int) -> Response:
    """The recording belongs to this call."""
    alone = _is_nobodys(campaign_id, recording_id)
    try:
        attempt_id = UUID(forms.text("attempt_id", 36))
    except ValueError:
        return _page(campaign_id, alone, recording_id, "Выберите звонок, к которому относится запись.")
    recordings.attach(db.session, access.current_actor(), recording_id, attempt_id, now())
    flash("Запись привязана к звонку.", "ok")
    return htmx.go(_list(campaign_id, alone))


@bp.post("/campaigns/<int:campaign_id>/recordings/<int:recording_id>/aside")
@access.roles("manager")
def set_aside(campaign_id: int, recording_id: int) -> Response:
    """The recording belongs to no call."""
    alone = _is_nobodys(campaign_id, recording_id)
    recordings.set_aside(db.session, access.current_actor(), recording_id, now())
    flash(f"Запись отложена. Через {ORPHAN_DAYS} дней она удалится сама.", "ok")
    return htmx.go(_list(campaign_id, alone))


@bp.post("/campaigns/<int:campaign_id>/recordings/nobodys/aside")
@access.roles("manager")
def set_all_aside(campaign_id: int) -> Response:
    """None of the recordings without a campaign, as they were shown, belongs to a call."""
    campaign_or_404(campaign_id)
    up_to = forms.whole("up_to", 0, forms.MOST, default=0, label="Записи")
    count = recordings.set_all_aside(db.session, access.current_actor(), up_to, now())
    flash(f"Отложено записей: {number(count)}. Через {ORPHAN_DAYS} дней они удалятся сами.", "ok")
    return htmx.go(_list(campaign_id, True))


def _is_nobodys(campaign_id: int, recording_id: int) -> bool:
    """Whether a recording of a form is in the list of nobody's. Raises NotFoundError for one of another campaign."""
    campaign_or_404(campaign_id)
    if is_reached(db.session(), campaign_id, recording_id):
        return False
    if is_nobodys(db.session(), recording_id):
        return True
    raise NotFoundError("Такой записи нет.")


def _list(campaign_id: int, alone: bool) -> str:
    return url_for("recordings.nobodys" if alone else "recordings.match", campaign_id=campaign_id)


def _page(campaign_id: int, alone: bool, recording_id: int, error: str = "") -> Response:
    campaign, session = campaign_or_404(campaign_id), db.session()
    endpoint, whose = ("recordings.nobodys", None) if alone else ("recordings.match", campaign_id)
    show, day = forms.arg("show"), forms.arg_day("day")
    show = show if show in SHOWN else ""
    listing = waiting(session, whose, forms.arg_number("page"), show=show, day=day, zone=office_zone())
    if not recording_id and not show and listing.rows:
        recording_id = listing.rows[0].id
    chosen = one_waiting(session, whose, recording_id) if recording_id else None

    def here(**more: Any) -> str:
        return url_for(endpoint, campaign_id=campaign_id, **more)

    return htmx.render(
        "recordings/match.html",
        "recordings/_match.html",
        422 if error else 200,
        **frame(campaign, endpoint),
        listing=listing,
        here=here,
        page_url=lambda page: here(show=show or None, day=day, page=page),
        alone=alone,
        last_id=newest_waiting(session) if alone else 0,
        show=show,
        day=day,
        chosen=chosen,
        calls=offered_calls(session, chosen) if chosen else [],
        problems=PROBLEMS,
        table=TABLE,
        error=error,
        settles=access.current_actor().role == "manager",
        orphan_days=ORPHAN_DAYS,
    )
