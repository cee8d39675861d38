"""Rows of recordings and their files, written inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from nps.adapters.recordings import Incoming
from nps.domain.recording import MISSING_AFTER
from nps.models import Audio, CallAttempt, Recording, RecordingAbsence


def write_row(session: Session, incoming: Incoming, now: datetime, **values: Any) -> int:
    """Write the recording, and its file's row unless the same content is known; the recording's id."""
    if session.scalar(select(Audio.sha256).where(Audio.sha256 == incoming.sha256)) is None:
        sound = insert(Audio).values(
            sha256=incoming.sha256, path=incoming.path, size=incoming.size, duration_ms=incoming.sound.length_ms,
            mime=incoming.mime, is_cut=incoming.sound.is_cut, stored_at=now,
        )  # fmt: skip
        session.execute(sound)
    row = insert(Recording).values(audio_sha256=incoming.sha256, added_at=now, **values)
    return session.scalars(row.returning(Recording.id)).one()


def has_recording(session: Session, attempt_id: UUID | None) -> bool:
    """Whether a recording is the call's."""
    matched = select(Recording.id).where(Recording.attempt_id == attempt_id, Recording.state == "matched")
    return session.scalar(matched) is not None


def is_late(session: Session, attempt_id: UUID, now: datetime) -> bool:
    """Whether the call has been counted as one without a recording by now; whoever says that it has none, is wrong."""
    session.execute(delete(RecordingAbsence).where(RecordingAbsence.attempt_id == attempt_id))
    ended_at = session.scalar(select(CallAttempt.ended_at).where(CallAttempt.id == attempt_id))
    return ended_at is not None and now - ended_at > MISSING_AFTER
