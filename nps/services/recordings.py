"""A recording comes to its call, and is heard (R12). One call is one recording."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.adapters.recordings import Incoming, discard, keep, receive
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Audio, Recording
from nps.queries.recordings import RecordedCall, RecordingFile, call_with_recording, recording_file
from nps.services.journal import log_access, record
from nps.services.transaction import write

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
    session: Session,
    *,
    actor: Actor,
    attempt_id: UUID,
    stream: IO[bytes],
    source_name: str,
    folder: Path,
    now: datetime,
) -> int:
    """Keep a sound file as the recording of a call and return the recording's id. The same file again changes nothing.

    Raises NotFoundError for a call that is not this person's, AudioError for a file that is no recording, and
    RecordingExistsError when the call has another one.
    """
    _call(session, actor, attempt_id)
    incoming = receive(folder, stream)
    try:
        try:
            return _keep(session, actor, attempt_id, incoming, source_name, folder, now)
        except IntegrityError:
            # Somebody sent the same file, or a file for the same call, in the same moment: now it can be seen which.
            return _keep(session, actor, attempt_id, incoming, source_name, folder, now)
    finally:
        discard(incoming)


def play(session: Session, *, actor: Actor, recording_id: int, now: datetime, address: str = "") -> RecordingFile:
    """Find the file of a recording and write down who hears it (R20). Raises NotFoundError."""
    file = find(session, actor, recording_id)
    with write(session) as s:
        log_access(
            s,
            at=now,
            user_id=actor.id,
            action="recording_played",
            object_kind="recording",
            object_id=recording_id,
            address=address,
        )
    return file


def find(session: Session, actor: Actor, recording_id: int) -> RecordingFile:
    """The file of a recording, for the parts of a play that is written down already. Raises NotFoundError."""
    file = recording_file(session, actor, recording_id)
    if file is None:
        raise NotFoundError
    return file


def _call(session: Session, actor: Actor, attempt_id: UUID) -> RecordedCall:
    call = call_with_recording(session, actor, attempt_id)
    if call is None:
        raise NotFoundError
    return call


def _keep(
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    incoming: Incoming,
    source_name: str,
    folder: Path,
    now: datetime,
) -> int:
    with write(session) as s:
        call = _call(s, actor, attempt_id)
        if call.erased:
            raise StaleError("erased", "Данные этого клиента удалены: запись его звонка хранить нельзя.")
        if call.recording_id is not None:
            return _same(s, call.recording_id, incoming)
        recording_id = _insert(s, call, incoming, actor, source_name, now)
        # Last in the transaction: a file without its row would be personal data that nobody knows of.
        keep(folder, incoming)
        return recording_id


def _same(session: Session, recording_id: int, incoming: Incoming) -> int:
    kept = session.execute(select(Recording.audio_sha256).where(Recording.id == recording_id)).scalar_one()
    if kept != incoming.sha256:
        raise RecordingExistsError
    return recording_id


def _insert(
    session: Session, call: RecordedCall, incoming: Incoming, actor: Actor, source_name: str, now: datetime
) -> int:
    known = session.execute(select(Audio.sha256).where(Audio.sha256 == incoming.sha256)).scalar_one_or_none()
    if known is None:
        session.execute(
            insert(Audio).values(
                sha256=incoming.sha256,
                path=incoming.path,
                size=incoming.size,
                duration_ms=incoming.duration_ms,
                mime=incoming.mime,
                stored_at=now,
            )
        )
    recording_id: int = session.execute(
        insert(Recording)
        .values(
            attempt_id=call.attempt_id,
            audio_sha256=incoming.sha256,
            state="matched",
            match_rule="upload",
            source_name=source_name[:_NAME_LIMIT],
            added_by=actor.id,
            added_at=now,
        )
        .returning(Recording.id)
    ).scalar_one()
    record(
        session,
        at=now,
        action="recording_added",
        object_kind="attempt",
        object_id=call.attempt_id,
        actor_id=actor.id,
        campaign_id=call.campaign_id,
        after={"recording": recording_id},
    )
    return recording_id
