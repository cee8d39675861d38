"""A manager says what no rule can: whose a recording is, and why a call has none. Everything is journalled."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.recording import ABSENCES
from nps.models import CallAttempt, Recording, RecordingAbsence
from nps.queries.recordings.waiting import belongs_to
from nps.services.erased import is_call_erased
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.recordings import rows
from nps.services.transaction import AnySession, write

#: Problems whose recording is one too many, not one without a call.
_SPARE = ("second", "duplicate")


def attach(session: AnySession, actor: Actor, recording_id: int, attempt_id: UUID, form: Form, now: datetime) -> None:
    """Give a recording that waits, or was put aside, to a call; one that the call had is put aside instead.

    Raises NotFoundError, StaleError for a recording that has a call and for a call whose client's data is gone.
    """
    with write(session) as s:

        def act() -> dict[str, Any]:
            # The client before the recording, as the acts of erasing have it.
            call = _call(s, attempt_id)
            recording = _recording(s, recording_id)
            if recording.state in ("matched", "empty"):
                raise StaleError("settled", "У этой записи уже есть звонок. Показано то, что записано.")
            replaced = s.scalars(
                update(Recording)
                .where(Recording.attempt_id == attempt_id, Recording.state == "matched")
                .values(state="rejected", problem="second", attempt_id=None, named_attempt_id=attempt_id,
                        settled_by=actor.id, settled_at=now)
                .returning(Recording.id)
            ).one_or_none()  # fmt: skip
            late = rows.is_late(s, attempt_id, recording.added_at)
            _set(s, recording_id, actor, now, state="matched", match_rule="manager", attempt_id=attempt_id,
                 named_attempt_id=None, problem="", is_late=late)  # fmt: skip
            _record(s, actor, now, "recording_attached", attempt_id, call, recording=recording_id, replaced=replaced)
            return {}

        form.once(s, now, act)


def set_aside(session: AnySession, actor: Actor, recording_id: int, form: Form, now: datetime) -> None:
    """The recording that waits belongs to no call, or its call has a better one. Raises NotFoundError, StaleError."""
    with write(session) as s:

        def act() -> dict[str, Any]:
            recording = _recording(s, recording_id)
            if recording.state != "unmatched":
                raise StaleError("settled", "Эту запись уже разобрали. Показано то, что записано.")
            state = "rejected" if recording.problem in _SPARE else "orphan"
            _set(s, recording_id, actor, now, state=state)
            record(
                s, at=now, action="recording_set_aside", object_kind="recording", object_id=recording_id,
                actor_id=actor.id, after={"state": state},
            )  # fmt: skip
            return {}

        form.once(s, now, act)


def set_all_aside(session: AnySession, actor: Actor, up_to: int, form: Form, now: datetime) -> int:
    """Put aside what waits and is no campaign's, up to the id of the last that was shown; how many."""
    with write(session) as s:

        def act() -> dict[str, Any]:
            found = s.scalars(
                update(Recording)
                .where(Recording.state == "unmatched", Recording.id <= up_to, belongs_to(None))
                .values(state="orphan", settled_by=actor.id, settled_at=now)
                .returning(Recording.id),
                execution_options={"synchronize_session": False},
            ).all()
            if found:
                record(
                    s, at=now, action="recordings_set_aside", object_kind="recording", object_id=max(found),
                    actor_id=actor.id, after={"recordings": len(found)},
                )  # fmt: skip
            return {"recordings": len(found)}

        return int(form.once(s, now, act)["recordings"])


def detach(session: AnySession, actor: Actor, recording_id: int, form: Form, now: datetime) -> None:
    """Take a wrong recording from its call: it waits for its own. Raises NotFoundError, StaleError."""
    with write(session) as s:

        def act() -> dict[str, Any]:
            recording = _recording(s, recording_id)
            attempt_id = recording.attempt_id
            if recording.state != "matched" or attempt_id is None:
                raise StaleError("settled", "У этой записи уже нет звонка. Показано то, что записано.")
            call = _call(s, attempt_id)
            _set(s, recording_id, actor, now, state="unmatched", problem="detached", attempt_id=None,
                 named_attempt_id=attempt_id)  # fmt: skip
            _record(s, actor, now, "recording_detached", attempt_id, call, recording=recording_id)
            return {}

        form.once(s, now, act)


def tell_absence(session: AnySession, actor: Actor, attempt_id: UUID, cause: str, form: Form, now: datetime) -> None:
    """Say why a call has no recording (a key of ABSENCES); the last word holds.

    Raises DomainError for another cause, NotFoundError, StaleError when the call has its recording.
    """
    if cause not in ABSENCES:
        raise DomainError("cause", "Выберите, почему записи нет.")
    with write(session) as s:

        def act() -> dict[str, Any]:
            call = _call(s, attempt_id)
            matched = Recording.attempt_id == attempt_id, Recording.state == "matched"
            if s.scalar(select(Recording.id).where(*matched)) is not None:
                raise StaleError("recorded", "У этого звонка уже есть запись.")
            s.execute(delete(RecordingAbsence).where(RecordingAbsence.attempt_id == attempt_id))
            s.execute(insert(RecordingAbsence).values(attempt_id=attempt_id, cause=cause, by=actor.id, at=now))
            _record(s, actor, now, "recording_absent", attempt_id, call, cause=cause)
            return {}

        form.once(s, now, act)


def _recording(s: Session, recording_id: int) -> Recording:
    row = s.get(Recording, recording_id, populate_existing=True, with_for_update=True)
    if row is None or row.audio_sha256.startswith("erased:"):
        raise NotFoundError("Такой записи нет, или она удалена.")
    return row


def _call(s: Session, attempt_id: UUID) -> int:
    """The campaign of the call."""
    campaign_id = s.scalar(select(CallAttempt.campaign_id).where(CallAttempt.id == attempt_id))
    if campaign_id is None:
        raise NotFoundError("Такого звонка нет.")
    if is_call_erased(s, attempt_id):
        raise StaleError("erased", "Данные этого клиента удалены: запись его звонка хранить нельзя.")
    return campaign_id


def _set(s: Session, recording_id: int, actor: Actor, now: datetime, **values: Any) -> None:
    statement = update(Recording).where(Recording.id == recording_id)
    s.execute(
        statement.values(settled_by=actor.id, settled_at=now, **values),
        execution_options={"synchronize_session": False},
    )


def _record(
    s: Session, actor: Actor, now: datetime, action: str, attempt_id: UUID, campaign_id: int, **after: Any
) -> None:
    record(
        s, at=now, action=action, object_kind="attempt", object_id=attempt_id, actor_id=actor.id,
        campaign_id=campaign_id, after={name: value for name, value in after.items() if value is not None},
    )  # fmt: skip
