"""Recordings: sent to their call and played (R12). An operator reaches his own calls, manager and administrator all."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, request, send_file, url_for

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.queries.recordings import call_with_recording
from nps.services import recordings
from nps.web import access, htmx, shell
from nps.web.clock import now

bp = Blueprint("recordings", __name__)

_LISTENERS = ("operator", "manager", "admin")
#: A sound file is never a document: even opened by itself it may do nothing.
_POLICY = "default-src 'none'; media-src 'self'; sandbox"


@bp.get("/calls/<uuid:attempt_id>/recording")
@access.roles(*_LISTENERS)
def call(attempt_id: UUID) -> Response:
    """One call: its recording, or the form to send one."""
    return _show(attempt_id)


@bp.post("/calls/<uuid:attempt_id>/recording")
@access.roles(*_LISTENERS)
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
            folder=_folder(),
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
    path = _folder() / file.path
    if not path.is_file():
        raise NotFoundError("Файла этой записи больше нет. Скажите администратору номер звонка.")
    response = send_file(
        path, mimetype=file.mime, conditional=True, download_name=f"call-{file.attempt_id}{path.suffix}"
    )
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _begins() -> bool:
    """Whether a play begins: a player asks for the rest of a file in parts, and one play is one line of the journal."""
    asked = request.headers.get("Range", "")
    return not asked or asked.startswith("bytes=0-")


def _folder() -> Path:
    folder: Path = current_app.config["RECORDINGS_FOLDER"]
    return folder


def _show(attempt_id: UUID, error: str = "", status: int = 200) -> Response:
    found = call_with_recording(db.session(), access.current_actor(), attempt_id)
    if found is None:
        raise NotFoundError
    shell.inside(found.campaign_id)
    for_manager = access.current_actor().role != "operator"
    return htmx.render(
        "recordings/page.html", "recordings/_call.html", status, call=found, error=error, for_manager=for_manager
    )
