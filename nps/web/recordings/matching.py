"""Recordings without a call: a manager listens, chooses the call or puts the recording aside."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for

from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.recording import ORPHAN_DAYS, PROBLEMS
from nps.extensions import db
from nps.queries.recordings.waiting import is_reached, offered_calls, one_waiting, waiting
from nps.services import recordings
from nps.services.form_keys import Form
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.recordings import bp
from nps.web.recordings.listing import STAFF, campaign_or_404, frame


@bp.get("/campaigns/<int:campaign_id>/recordings/match")
@access.roles(*STAFF)
def match(campaign_id: int) -> Response:
    """What waits, and the calls the chosen recording may belong to."""
    return _page(campaign_id, forms.arg_number("recording", default=0, least=0))


@bp.post("/campaigns/<int:campaign_id>/recordings/<int:recording_id>/attach")
@access.roles("manager")
def attach(campaign_id: int, recording_id: int) -> Response:
    """The recording belongs to this call."""
    _check(campaign_id, recording_id)
    try:
        attempt_id = UUID(forms.text("attempt_id", 36))
    except ValueError:
        return _page(campaign_id, recording_id, "Выберите звонок, к которому относится запись.")
    try:
        recordings.attach(db.session, access.current_actor(), recording_id, attempt_id, _form("attach"), now())
    except (NotFoundError, StaleError):
        raise
    except DomainError as error:
        return _page(campaign_id, recording_id, error.message)
    flash("Запись привязана к звонку.", "ok")
    return htmx.go(url_for("recordings.match", campaign_id=campaign_id))


@bp.post("/campaigns/<int:campaign_id>/recordings/<int:recording_id>/aside")
@access.roles("manager")
def set_aside(campaign_id: int, recording_id: int) -> Response:
    """The recording belongs to no call."""
    _check(campaign_id, recording_id)
    recordings.set_aside(db.session, access.current_actor(), recording_id, _form("set_aside"), now())
    flash(f"Запись отложена. Через {ORPHAN_DAYS} дней она удалится сама.", "ok")
    return htmx.go(url_for("recordings.match", campaign_id=campaign_id))


def _check(campaign_id: int, recording_id: int) -> None:
    campaign_or_404(campaign_id)
    if not is_reached(db.session(), campaign_id, recording_id):
        raise NotFoundError("Такой записи нет.")


def _form(name: str) -> Form:
    return Form(forms.sent_key(), access.current_actor().id, f"recordings.{name}", forms.fields())


def _page(campaign_id: int, recording_id: int, error: str = "") -> Response:
    campaign, session = campaign_or_404(campaign_id), db.session()
    aside = forms.arg("aside") == "1"
    rows = waiting(session, campaign_id, put_aside=aside)
    chosen = (
        one_waiting(session, campaign_id, recording_id) if recording_id else rows[0] if rows and not aside else None
    )
    return htmx.render(
        "recordings/match.html",
        "recordings/_match.html",
        422 if error else 200,
        **frame(campaign, "recordings.match"),
        rows=rows,
        aside=aside,
        chosen=chosen,
        calls=offered_calls(session, chosen) if chosen else [],
        problems=PROBLEMS,
        table=TABLE,
        error=error,
        settles=access.current_actor().role == "manager",
        orphan_days=ORPHAN_DAYS,
    )
