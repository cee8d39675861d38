"""A manager says what no rule can: whose a recording is, and why a call has none. Everything is journalled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.recording import ABSENCES
from nps.models import CallAttempt, Recording, RecordingAbsence
from nps.queries.recordings.waiting import belongs_to
from nps.services.acting import Act, act
from nps.services.erased import is_call_erased
from nps.services.recordings import rows
from nps.services.transaction import AnySession

#: Problems whose recording is one too many, not one without a call.
_SPARE = ("second", "duplicate")


def attach(session: AnySession, actor: Actor, recording_id: int, attempt_id: UUID, now: datetime) -> None:
    """Give a recording that waits, or was put aside, to a call; one that the call had is put aside instead.

    Raises NotFoundError, StaleError for a recording that has a call and for a call whose client's data is gone.
    """
    with act(session, actor.id, now) as a:
        # The client before the recording, as the acts of erasing have it.
        campaign_id = _campaign_of(a.s, attempt_id)
        recording = _recording(a.s, recording_id)
        if recording.state in ("matched", "empty"):
            raise StaleError("settled", "У этой записи уже есть звонок. Показано то, что записано.")
        had = Recording.attempt_id == attempt_id, Recording.state == "matched"
        replaced = _settle(a, *had, state="rejected", problem="second", attempt_id=None, named_attempt_id=attempt_id)
        late = rows.is_late(a.s, attempt_id, recording.added_at)
        _settle(
            a, Recording.id == recording_id, state="matched", match_rule="manager", attempt_id=attempt_id,
            named_attempt_id=None, problem="", is_late=late,
        )  # fmt: skip
        after = {"recording": recording_id} | ({"replaced": replaced[0]} if replaced else {})
        a.record("recording_attached", "attempt", attempt_id, campaign_id=campaign_id, after=after)


def set_aside(session: AnySession, actor: Actor, recording_id: int, now: datetime) -> None:
    """The recording that waits belongs to no call, or its call has a better one. Raises NotFoundError, StaleError."""
    with act(session, actor.id, now) as a:
        recording = _recording(a.s, recording_id)
        if recording.state != "unmatched":
            raise StaleError("settled", "Эту запись уже разобрали. Показано то, что записано.")
        state = "rejected" if recording.problem in _SPARE else "orphan"
        _settle(a, Recording.id == recording_id, state=state)
        a.record("recording_set_aside", "recording", recording_id, after={"state": state})


def set_all_aside(session: AnySession, actor: Actor, up_to: int, now: datetime) -> int:
    """Put aside what waits and is no campaign's, up to the id of the last that was shown; how many."""
    with act(session, actor.id, now) as a:
        nobodys = Recording.state == "unmatched", Recording.id <= up_to, belongs_to(None)
        found = _settle(a, *nobodys, state="orphan")
        if found:
            a.record("recordings_set_aside", "recording", max(found), after={"recordings": len(found)})
        return len(found)


def detach(session: AnySession, actor: Actor, recording_id: int, now: datetime) -> None:
    """Take a wrong recording from its call: it waits for its own. Raises NotFoundError, StaleError."""
    with act(session, actor.id, now) as a:
        recording = _recording(a.s, recording_id)
        attempt_id = recording.attempt_id
        if recording.state != "matched" or attempt_id is None:
            raise StaleError("settled", "У этой записи уже нет звонка. Показано то, что записано.")
        campaign_id = _campaign_of(a.s, attempt_id)
        _settle(
            a, Recording.id == recording_id, state="unmatched", problem="detached", attempt_id=None,
            named_attempt_id=attempt_id,
        )  # fmt: skip
        after = {"recording": recording_id}
        a.record("recording_detached", "attempt", attempt_id, campaign_id=campaign_id, after=after)


def tell_absence(session: AnySession, actor: Actor, attempt_id: UUID, cause: str, now: datetime) -> None:
    """Say why a call has no recording (a key of ABSENCES); the last word holds.

    Raises DomainError for another cause, NotFoundError, StaleError when the call has its recording.
    """
    if cause not in ABSENCES:
        raise DomainError("cause", "Выберите, почему записи нет.")
    with act(session, actor.id, now) as a:
        campaign_id = _campaign_of(a.s, attempt_id)
        if rows.has_recording(a.s, attempt_id):
            raise StaleError("recorded", "У этого звонка уже есть запись.")
        a.s.execute(delete(RecordingAbsence).where(RecordingAbsence.attempt_id == attempt_id))
        a.s.execute(insert(RecordingAbsence).values(attempt_id=attempt_id, cause=cause, by=actor.id, at=now))
        a.record("recording_absent", "attempt", attempt_id, campaign_id=campaign_id, after={"cause": cause})


def _recording(s: Session, recording_id: int) -> Recording:
    row = s.get(Recording, recording_id, populate_existing=True, with_for_update=True)
    if row is None or row.audio_sha256.startswith("erased:"):
        raise NotFoundError("Такой записи нет, или она удалена.")
    return row


def _campaign_of(s: Session, attempt_id: UUID) -> int:
    """The campaign of a call that may have a recording."""
    campaign_id = s.scalar(select(CallAttempt.campaign_id).where(CallAttempt.id == attempt_id))
    if campaign_id is None:
        raise NotFoundError("Такого звонка нет.")
    if is_call_erased(s, attempt_id):
        raise StaleError("erased", "Данные этого клиента удалены: запись его звонка хранить нельзя.")
    return campaign_id


def _settle(a: Act, *which: ColumnElement[bool], **values: Any) -> Sequence[int]:
    """Write down what a person has decided about recordings; their ids."""
    statement = update(Recording).where(*which).values(settled_by=a.by, settled_at=a.now, **values)
    return a.s.scalars(statement.returning(Recording.id).execution_options(synchronize_session=False)).all()
