"""One call: its recording is sent, played, taken off, or said to be none (R12)."""

from __future__ import annotations

from pathlib import PurePosixPath
from uuid import UUID

from flask import Response, flash, request, send_file, url_for

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.recording import ABSENCES
from nps.extensions import db
from nps.queries.recordings import RecordingFile, call_with_recording
from nps.services import recordings
from nps.services.form_keys import Form
from nps.web import access, forms, htmx, shell
from nps.web.clock import now
from nps.web.recordings import bp

_CALLERS = ("operator", "manager", "admin")
#: Who hears what is decided by row, see nps.queries.recordings.access.
_LISTENERS = (*_CALLERS, "customer")
#: A sound file is never a document: even opened by itself it may do nothing.
_POLICY = "default-src 'none'; media-src 'self'; sandbox"


@bp.get("/calls/<uuid:attempt_id>/recording")
@access.roles(*_CALLERS)
def call(attempt_id: UUID) -> Response:
    """One call: its recording, or the form to send one."""
    return _show(attempt_id)


@bp.post("/calls/<uuid:attempt_id>/recording")
@access.roles(*_CALLERS)
def upload(attempt_id: UUID) -> Response:
    """Take a sound file as the recording of a call."""
    sent = request.files.get("audio")
    if sent is None or not sent.filename:
        return _show(attempt_id, "Выберите файл с записью разговора.", 422)
    try:
        recordings.add_recording(
            db.session(),
            actor=access.current_actor(),
            attempt_id=attempt_id,
            stream=sent.stream,
            source_name=sent.filename,
            now=now(),
        )
    except (NotFoundError, StaleError):
        raise
    except DomainError as error:
        return _show(attempt_id, error.message, 422)
    finally:
        sent.close()
    flash("Запись сохранена у звонка.", "ok")
    return htmx.go(url_for("recordings.call", attempt_id=attempt_id))


@bp.get("/recordings/<int:recording_id>")
@access.roles(*_LISTENERS)
def play(recording_id: int) -> Response:
    """The sound, whole or the asked part of it."""
    actor = access.current_actor()
    if _begins():
        address = access.client_address()
        file = recordings.play(db.session(), actor=actor, recording_id=recording_id, now=now(), address=address)
    else:
        file = recordings.find(db.session(), actor, recording_id)
    response = _sound(file)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@bp.post("/calls/<uuid:attempt_id>/recording/detach")
@access.roles("manager")
def detach(attempt_id: UUID) -> Response:
    """The recording is another call's: take it off."""
    found = call_with_recording(db.session(), access.current_actor(), attempt_id)
    if found is None or found.recording_id is None:
        raise NotFoundError
    form = Form(forms.sent_key(), access.current_actor().id, "recordings.detach", forms.fields())
    recordings.detach(db.session, access.current_actor(), found.recording_id, form, now())
    flash("Запись снята со звонка и ждёт в разделе «Сопоставить».", "ok")
    return htmx.go(url_for("recordings.call", attempt_id=attempt_id))


@bp.post("/calls/<uuid:attempt_id>/recording/absence")
@access.roles("manager")
def absence(attempt_id: UUID) -> Response:
    """Why this call has no recording."""
    form = Form(forms.sent_key(), access.current_actor().id, "recordings.absence", forms.fields())
    cause = forms.text("cause", 32)
    try:
        recordings.tell_absence(db.session, access.current_actor(), attempt_id, cause, form, now())
    except (NotFoundError, StaleError):
        raise
    except DomainError as error:
        return _show(attempt_id, error.message, 422)
    flash("Записано, почему у звонка нет записи.", "ok")
    return htmx.go(url_for("recordings.call", attempt_id=attempt_id))


def _sound(file: RecordingFile) -> Response:
    """The file of this machine, or the asked part of it as the storage sends it (RFC 9110, 14.2)."""
    name = f"call-{file.attempt_id or file.id}{PurePosixPath(file.path).suffix}"
    asked = request.range.range_for_length(file.size) if request.range and request.range.units == "bytes" else None
    first, end = asked or (0, file.size)
    opened = recordings.open_sound(file, first, end - first)
    if opened.file is not None:
        return send_file(opened.file, mimetype=file.mime, conditional=True, download_name=name)
    response = Response(opened.blocks, 206 if asked else 200, mimetype=file.mime)
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.content_length, response.accept_ranges = end - first, "bytes"
    if asked:
        response.content_range.set(first, end, file.size)
    return response


def _begins() -> bool:
    """Whether a play begins: a player asks for the rest of a file in parts, and one play is one line of the journal."""
    asked = request.headers.get("Range", "")
    return not asked or asked.startswith("bytes=0-")


def _show(attempt_id: UUID, error: str = "", status: int = 200) -> Response:
    found = call_with_recording(db.session(), access.current_actor(), attempt_id)
    if found is None:
        raise NotFoundError
    shell.inside(found.campaign_id)
    role = access.current_actor().role
    return htmx.render(
        "recordings/call.html",
        "recordings/_call.html",
        status,
        call=found,
        error=error,
        for_manager=role != "operator",
        settles=role == "manager",
        absences=ABSENCES,
    )
