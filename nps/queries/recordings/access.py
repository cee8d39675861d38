"""Calls as their recordings see them, and who may hear which (R12, requirements §3).

An operator hears his own calls, managers all, the customer those of a campaign that says so; nobody else any.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, literal_column, select
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.models import Audio, CallAttempt, Campaign, Contract, Recording, RecordingAbsence, Respondent, User

#: Roles that hear every recording, those of no call too.
HEAR_ALL = ("manager", "admin")
#: A recording that has its call. Written out: a bound value would hide the partial index from SQLite.
MATCHED = Recording.state == literal_column("'matched'")

_came = aliased(Recording)
#: A file without sound came for the call.
_EMPTY = exists().where(_came.named_attempt_id == CallAttempt.id, _came.state == "empty").correlate(CallAttempt)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call and its recording, when it has one. Day and minute are the client's local time; milliseconds."""

    attempt_id: UUID
    campaign_id: int
    purpose: str
    respondent_id: int
    organisation: str
    contact: str
    phone: str
    operator: str
    day: date
    minute: int
    talk_ms: int
    disposition: str | None
    recording_id: int | None
    duration_ms: int | None
    is_cut: bool | None
    path: str | None
    mime: str | None
    absence: str | None
    came_empty: bool
    erased: bool

    @property
    def is_destroyed(self) -> bool:
        """Whether there was a recording whose time is over."""
        return self.recording_id is not None and not self.path


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A stored file; `path` is relative to the store's folder. `place`: «disk» or «s3»; it may belong to no call."""

    id: int
    attempt_id: UUID | None
    path: str
    mime: str
    size: int
    place: str


def call_with_recording(session: Session, actor: Actor, attempt_id: UUID) -> RecordedCall | None:
    """The call, or None when it does not exist or is not this person's: both answer 404."""
    found = session.execute(
        _audible(
            select(
                CallAttempt.id, CallAttempt.campaign_id, CallAttempt.purpose, CallAttempt.respondent_id,
                Respondent.organisation, Respondent.contact, CallAttempt.e164, User.full_name, CallAttempt.local_day,
                CallAttempt.local_minute, CallAttempt.talk_ms, CallAttempt.disposition, Recording.id,
                Audio.duration_ms, Audio.is_cut, Audio.path, Audio.mime, RecordingAbsence.cause, _EMPTY,
                Respondent.erased_at.is_not(None),
            )
            .select_from(CallAttempt)
            .join(Respondent, Respondent.id == CallAttempt.respondent_id)
            .join(User, User.id == CallAttempt.operator_id)
            .outerjoin(Recording, and_(Recording.attempt_id == CallAttempt.id, MATCHED))
            .outerjoin(Audio, Audio.sha256 == Recording.audio_sha256)
            .outerjoin(RecordingAbsence, RecordingAbsence.attempt_id == CallAttempt.id)
            .where(CallAttempt.id == attempt_id),
            actor,
        )
    ).one_or_none()  # fmt: skip
    return RecordedCall(*found) if found else None


def recording_file(session: Session, actor: Actor, recording_id: int) -> RecordingFile | None:
    """The file of a recording that this person may hear, or None."""
    found = session.execute(
        _audible(
            select(Recording.id, Recording.attempt_id, Audio.path, Audio.mime, Audio.size, Audio.place)
            .select_from(Recording)
            .outerjoin(CallAttempt, CallAttempt.id == Recording.attempt_id)
            .join(Audio, Audio.sha256 == Recording.audio_sha256)
            # A recording without a file is one whose sound was destroyed (R20).
            .where(Recording.id == recording_id, Audio.path != ""),
            actor,
        )
    ).one_or_none()
    return RecordingFile(*found) if found else None


def _audible(chosen: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    if actor.role in HEAR_ALL:
        return chosen
    if actor.role == "customer":
        opened = (
            select(Campaign.id)
            .join(Contract, Contract.id == Campaign.contract_id)
            .where(Campaign.customer_hears, Campaign.purpose != "training", Contract.customer_id == actor.customer_id)
        )
        return chosen.where(CallAttempt.campaign_id.in_(opened))
    own = actor.id if actor.role == "operator" else None
    return chosen.where(CallAttempt.operator_id == own)
