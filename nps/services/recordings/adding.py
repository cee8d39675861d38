"""A person sends the recording of a call (R12). One call is one recording."""

from __future__ import annotations

from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.adapters.recordings import AudioError, Incoming, discard, keep, receive
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Recording
from nps.queries.recordings import RecordedCall, call_with_recording
from nps.services.acting import act
from nps.services.erased import is_call_erased
from nps.services.recordings import rows
from nps.services.recordings.places import places

_NAME_LIMIT = 200


class RecordingExistsError(DomainError):
    """The call has another recording already."""

    def __init__(self) -> None:
        super().__init__(
            "recording_exists",
            "У этого звонка уже есть запись, а запись у звонка одна. "
            "Проверьте, тот ли звонок выбран; если запись неверная, скажите руководителю.",
        )


def add_recording(
    session: Session, *, actor: Actor, attempt_id: UUID, stream: IO[bytes], source_name: str, now: datetime
) -> int:
    """Keep a sound file as the recording of a call and return the recording's id. The same file again changes nothing.

    Raises NotFoundError for a call that is not this person's, AudioError for a file that is no recording, and
    RecordingExistsError when the call has another one.
    """
    _call(session, actor, attempt_id)
    incoming = receive(places().folder, stream, ffprobe=places().ffprobe)
    try:
        if incoming.is_empty:
            raise AudioError("empty", "В файле нет звука. Выберите запись разговора.")
        try:
            return _keep(session, actor, attempt_id, incoming, source_name, now)
        except IntegrityError:
            # Somebody sent the same file, or a file for the same call, in the same moment: now it can be seen which.
            return _keep(session, actor, attempt_id, incoming, source_name, now)
    finally:
        discard(incoming)


def _call(session: Session, actor: Actor, attempt_id: UUID) -> RecordedCall:
    call = call_with_recording(session, actor, attempt_id)
    if call is None:
        raise NotFoundError
    return call


def _keep(session: Session, actor: Actor, attempt_id: UUID, incoming: Incoming, source_name: str, now: datetime) -> int:
    with act(session, actor.id, now) as a:
        call = _call(a.s, actor, attempt_id)
        if is_call_erased(a.s, attempt_id):
            raise StaleError("erased", "Данные этого клиента удалены: запись его звонка хранить нельзя.")
        if call.recording_id is not None:
            kept = a.s.scalar(select(Recording.audio_sha256).where(Recording.id == call.recording_id))
            if kept != incoming.sha256:
                raise RecordingExistsError
            return call.recording_id
        recording_id = rows.write_row(
            a.s, incoming, now, attempt_id=attempt_id, state="matched", match_rule="upload",
            source_name=source_name[:_NAME_LIMIT], added_by=actor.id, is_late=rows.is_late(a.s, attempt_id, now),
        )  # fmt: skip
        after = {"recording": recording_id}
        a.record("recording_added", "attempt", attempt_id, campaign_id=call.campaign_id, after=after)
        # Last in the transaction: a file without its row would be personal data that nobody knows of.
        keep(places().folder, incoming)
        return recording_id
