"""One call: its recording is sent, played, taken off, or said to be none (R12)."""

from __future__ import annotations

from pathlib import PurePosixPath
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.recording import ABSENCES
from nps.extensions import db
from nps.queries.recordings import RecordingFile, call_with_recording
from nps.services import recordings
from nps.web import access, forms, htmx, shell
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.recordings import bp
from nps.web.refusals import told_on

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


def _told(error: DomainError, attempt_id: UUID) -> Response:
    return _show(attempt_id, error.message, status_of(error))


def _done(attempt_id: UUID, words: str) -> Response:
    flash(words, "ok")
    return htmx.go(url_for("recordings.call", attempt_id=attempt_id))


@bp.post("/calls/<uuid:attempt_id>/recording")
@access.roles(*_CALLERS)
@told_on(_told, StaleError)
def upload(attempt_id: UUID) -> Response:
    """Take a sound file as the recording of a call."""
    sent = request.files.get("audio")
    if sent is None or not sent.filename:
        return _show(attempt_id, "Выберите файл с записью разговора.", 422)
    recordings.add_recording(
        db.session(), actor=access.current_actor(), attempt_id=attempt_id, stream=sent.stream,
        source_name=sent.filename, now=now(),
    )  # fmt: skip
    return _done(attempt_id, "Запись сохранена у звонка.")


@bp.get("/recordings/<int:recording_id>")
@access.roles(*_LISTENERS)
def play(recording_id: int) -> Response:
    """The sound, whole or the asked part of it. What goes out is written down, however it was asked for."""
    actor = access.current_actor()
    response = _sound(recordings.find(db.session(), actor, recording_id))
    if request.method == "GET" and response.status_code in (200, 206):
        try:
            recordings.note_play(db.session(), actor, recording_id, now(), access.client_address())
        except BaseException:
            response.close()
            raise
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@bp.post("/calls/<uuid:attempt_id>/recording/detach")
@access.roles("manager")
def detach(attempt_id: UUID) -> Response:
    """The recording is another call's: take it off."""
    found = call_with_recording(db.session(), access.current_actor(), attempt_id)
    if found is None or found.recording_id is None:
        raise NotFoundError
    recordings.detach(db.session, access.current_actor(), found.recording_id, now())
    return _done(attempt_id, "Запись снята со звонка и ждёт в разделе «Сопоставить».")


@bp.post("/calls/<uuid:attempt_id>/recording/absence")
@access.roles("manager")
@told_on(_told, StaleError)
def absence(attempt_id: UUID) -> Response:
    """Why this call has no recording."""
    cause = forms.text("cause", 32)
    recordings.tell_absence(db.session, access.current_actor(), attempt_id, cause, now())
    return _done(attempt_id, "Записано, почему у звонка нет записи.")


def _sound(file: RecordingFile) -> Response:
    """The file of this machine, or the asked part of it as the storage sends it. Raises 416 for one beyond its end."""
    name = f"call-{file.attempt_id or file.id}{PurePosixPath(file.path).suffix}"
    asked = _asked_part(file.size)
    if file.place == "s3" and "If-Range" in request.headers:
        # Nothing that this condition could name was ever sent with sound from there.
        asked = None
    first, end = asked or (0, file.size)
    opened = recordings.open_sound(file, first, end - first)
    if opened.file is not None:
        # Only one reader of `Range`: it is handed on as it was understood here, or not at all.
        environ = {key: value for key, value in request.environ.items() if key != "HTTP_RANGE"}
        environ |= {"HTTP_RANGE": f"bytes={first}-{end - 1}"} if asked else {}
        return send_file(
            opened.file, environ, mimetype=file.mime, conditional=True, download_name=name, response_class=Response
        )  # type: ignore[return-value]
    response = Response(opened.blocks, 206 if asked else 200, mimetype=file.mime)
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.content_length, response.accept_ranges = end - first, "bytes"
    if asked:
        response.content_range.set(first, end, file.size)
    return response


def _asked_part(size: int) -> tuple[int, int] | None:
    """The first octet that is wanted and the one after the last (RFC 9110, 14.2); None for all of them.

    All go out also for HEAD, for what can't be read, for another unit and for several parts. Raises 416.
    """
    asked = request.range if request.method == "GET" else None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    first, end = asked.ranges[0]
    # A negative one counts from the end, and a file shorter than that is wanted whole (14.1.2).
    first = max(size + first, 0) if first < 0 else first
    if first >= size:
        raise RequestedRangeNotSatisfiable(size)
    return first, min(end or size, size)
