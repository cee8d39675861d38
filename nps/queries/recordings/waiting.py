"""Recordings that wait for a person, and the calls each of them may belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from nps.domain.recording import LENGTH_TOLERANCE_MS, Candidate
from nps.models import Audio, CallAttempt, Campaign, Recording, Respondent, User
from nps.queries.recordings.access import MATCHED

#: Calls so far from the begin of a recording are offered.
_AROUND = timedelta(minutes=30)
_MOST_CALLS = 12
_UNSETTLED = ("unmatched",)
_ASIDE = ("orphan", "rejected")


@dataclass(frozen=True, slots=True)
class WaitingRecording:
    """A recording without a call. `began_at` is when it began, or came where the name says nothing."""

    id: int
    state: str
    problem: str
    e164: str
    began_at: datetime
    length_ms: int | None
    named_attempt_id: UUID | None
    is_cut: bool
    has_sound: bool


@dataclass(frozen=True, slots=True)
class OfferedCall:
    """A call that a recording may belong to. `off_ms`: how far their lengths are apart, None when it is not known."""

    id: UUID
    campaign: str
    organisation: str
    operator: str
    dialled_at: datetime
    ring_ms: int
    talk_ms: int
    disposition: str | None
    off_ms: int | None
    has_recording: bool
    is_named: bool

    @property
    def fits(self) -> bool:
        return self.off_ms is not None and self.off_ms <= LENGTH_TOLERANCE_MS


def waiting_count(session: Session, campaign_id: int) -> int:
    """How many recordings wait, of the campaign and of none."""
    return session.scalar(select(func.count()).where(Recording.state == "unmatched", _of(campaign_id))) or 0


def waiting(session: Session, campaign_id: int, *, put_aside: bool = False) -> list[WaitingRecording]:
    """Recordings of the campaign and of none that wait for a person, or that were put aside; the newest first."""
    states = _ASIDE if put_aside else _UNSETTLED
    return _found(session, and_(Recording.state.in_(states), _of(campaign_id)))


def one_waiting(session: Session, campaign_id: int, recording_id: int) -> WaitingRecording | None:
    """One recording that has no call."""
    states = Recording.state.in_((*_UNSETTLED, *_ASIDE))
    found = _found(session, and_(Recording.id == recording_id, states, _of(campaign_id)))
    return found[0] if found else None


def is_reached(session: Session, campaign_id: int, recording_id: int) -> bool:
    """Whether a recording, in whatever state, is the campaign's or nobody's."""
    return session.scalar(select(Recording.id).where(Recording.id == recording_id, _of(campaign_id))) is not None


def _of(campaign_id: int) -> ColumnElement[bool]:
    meant = func.coalesce(Recording.attempt_id, Recording.named_attempt_id, type_=CallAttempt.id.type)
    own = select(CallAttempt.id).where(CallAttempt.campaign_id == campaign_id)
    return or_(meant.is_(None), meant.in_(own))


def _found(session: Session, condition: ColumnElement[bool]) -> list[WaitingRecording]:
    began_at = func.coalesce(Recording.started_at, Recording.added_at, type_=Recording.added_at.type)
    rows = session.execute(
        select(
            Recording.id,
            Recording.state,
            Recording.problem,
            Recording.e164,
            began_at.label("began_at"),
            Audio.duration_ms.label("length_ms"),
            Recording.named_attempt_id,
            Audio.is_cut,
            (Audio.path != "").label("has_sound"),
        )
        .join(Audio, Audio.sha256 == Recording.audio_sha256)
        .where(condition)
        .order_by(began_at.desc(), Recording.id.desc())
        .limit(500)
    )
    return [WaitingRecording(**row._mapping) for row in rows]


def offered_calls(session: Session, recording: WaitingRecording) -> Sequence[OfferedCall]:
    """Calls of its number or of its time, best first: the one that is meant, those whose length fits, the nearest."""
    near = CallAttempt.dialled_at.between(recording.began_at - _AROUND, recording.began_at + _AROUND)
    wanted = [CallAttempt.id == recording.named_attempt_id]
    if recording.e164:
        day = timedelta(hours=12)
        about = CallAttempt.dialled_at.between(recording.began_at - day, recording.began_at + day)
        wanted.append(and_(CallAttempt.e164 == recording.e164, about))
    else:
        wanted.append(near)
    rows = session.execute(
        select(
            CallAttempt,
            Campaign.title,
            Campaign.setup_allowance_s,
            Respondent.organisation,
            User.full_name,
            Recording.id.label("recording_id"),
        )
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(User, User.id == CallAttempt.operator_id)
        .outerjoin(Recording, and_(Recording.attempt_id == CallAttempt.id, MATCHED))
        .where(or_(*wanted), Respondent.erased_at.is_(None), CallAttempt.purpose != "training")
    )
    offered = [_offer(recording, *row) for row in rows]
    distance = {call.id: abs(call.dialled_at - recording.began_at) for call in offered}
    offered.sort(key=lambda call: (not call.is_named, not call.fits, distance[call.id]))
    return offered[:_MOST_CALLS]


def _offer(
    recording: WaitingRecording,
    call: CallAttempt,
    campaign: str,
    allowance_s: int,
    organisation: str,
    operator: str,
    recording_id: int | None,
) -> OfferedCall:
    known = Candidate(
        call.id, call.e164, call.dialled_at, call.ring_ms, call.talk_ms, allowance_s * 1000, recording_id is not None
    )
    return OfferedCall(
        id=call.id,
        campaign=campaign,
        organisation=organisation,
        operator=operator,
        dialled_at=call.dialled_at,
        ring_ms=call.ring_ms,
        talk_ms=call.talk_ms,
        disposition=call.disposition,
        off_ms=None if recording.length_ms is None else known.off_by_ms(recording.length_ms),
        has_recording=known.has_recording,
        is_named=call.id == recording.named_attempt_id,
    )
