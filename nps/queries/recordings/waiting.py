"""Recordings that wait for a person, and the calls each of them may belong to.

A recording is a campaign's when a rule means one of its calls, or when its number is a client's of it. The others are
nobody's: one list for all campaigns, counted in none (docs/adr/0041). `campaign_id` None means those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVarTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from nps.domain.local_time import Zone, from_local
from nps.domain.recording import LENGTH_TOLERANCE_MS, Candidate
from nps.models import Audio, CallAttempt, Campaign, Recording, Respondent, RespondentPhone, User
from nps.queries.recordings.access import MATCHED
from nps.queries.reports.page import Page, page_of

#: Calls so far from the begin of a recording are offered.
_AROUND = timedelta(minutes=30)
_MOST_CALLS = 12
_PAGE = 50
#: Whose sound was destroyed waits for nobody any more: it can't be heard.
WAITS = and_(Recording.state == literal_column("'unmatched'"), Audio.path != "")
ASIDE = or_(Recording.state.in_(("orphan", "rejected")), and_(Recording.state == "unmatched", Audio.path == ""))
#: What a list shows: what waits, what was put aside, or both, as the reconciliation counts them.
SHOWN = {"": WAITS, "aside": ASIDE, "extra": or_(WAITS, ASIDE)}
_BEGAN_AT = func.coalesce(Recording.started_at, Recording.added_at, type_=Recording.added_at.type)

Columns = TypeVarTuple("Columns")


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

    @property
    def waits(self) -> bool:
        """Whether a person has to decide."""
        return self.state == "unmatched" and self.has_sound


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


def waiting_count(session: Session, campaign_id: int | None) -> int:
    """How many recordings wait for a person."""
    return session.scalar(_with_file(select(func.count())).where(WAITS, belongs_to(campaign_id))) or 0


def waiting(
    session: Session,
    campaign_id: int | None,
    number: int = 1,
    *,
    show: str = "",
    day: date | None = None,
    zone: Zone = "UTC",
) -> Page[WaitingRecording]:
    """A page of recordings without a call, the newest first: those that `show` (a key of SHOWN) means.

    With `day` those that began on that day of `zone`.
    """
    condition = and_(SHOWN[show], belongs_to(campaign_id))
    if day is not None:
        first, last = (from_local(at, time(0), zone) for at in (day, day + timedelta(days=1)))
        condition = and_(condition, first <= _BEGAN_AT, last > _BEGAN_AT)
    total = session.scalar(_with_file(select(func.count())).where(condition)) or 0
    page: Page[WaitingRecording] = page_of(total, number, _PAGE)
    return page.with_rows(_found(session, condition, page.skip))


def one_waiting(session: Session, campaign_id: int | None, recording_id: int) -> WaitingRecording | None:
    """One recording that has no call and can be heard."""
    without = Recording.state.in_(("unmatched", "orphan", "rejected")), Audio.path != ""
    found = _found(session, and_(Recording.id == recording_id, *without, belongs_to(campaign_id)))
    return found[0] if found else None


def newest_waiting(session: Session) -> int:
    """The greatest id of those of nobody's that wait; 0 when none does."""
    return session.scalar(_with_file(select(func.max(Recording.id))).where(WAITS, belongs_to(None))) or 0


def is_reached(session: Session, campaign_id: int, recording_id: int) -> bool:
    """Whether a recording, in whatever state, is the campaign's."""
    chosen = select(Recording.id).where(Recording.id == recording_id, belongs_to(campaign_id))
    return session.scalar(chosen) is not None


def is_nobodys(session: Session, recording_id: int) -> bool:
    """Whether a recording is nobody's, or was until a person gave it to a call: a form may come twice."""
    given = and_(Recording.state == "matched", Recording.match_rule == "manager")
    chosen = select(Recording.id).where(Recording.id == recording_id, or_(belongs_to(None), given))
    return session.scalar(chosen) is not None


def belongs_to(campaign_id: int | None) -> ColumnElement[bool]:
    """Whether a recording is the campaign's; None: nobody's."""
    meant = func.coalesce(Recording.attempt_id, Recording.named_attempt_id, type_=CallAttempt.id.type)
    number = select(RespondentPhone.id).where(RespondentPhone.e164 == Recording.e164).correlate(Recording)
    if campaign_id is None:
        return and_(meant.is_(None), ~number.exists())
    own = select(CallAttempt.id).where(CallAttempt.campaign_id == campaign_id)
    clients = select(Respondent.id).where(Respondent.campaign_id == campaign_id)
    return or_(meant.in_(own), and_(meant.is_(None), number.where(RespondentPhone.respondent_id.in_(clients)).exists()))


def _with_file(chosen: Select[*Columns]) -> Select[*Columns]:
    return chosen.select_from(Recording).join(Audio, Audio.sha256 == Recording.audio_sha256)


def _found(session: Session, condition: ColumnElement[bool], skip: int = 0) -> list[WaitingRecording]:
    chosen = select(
        Recording.id,
        Recording.state,
        Recording.problem,
        Recording.e164,
        _BEGAN_AT.label("began_at"),
        Audio.duration_ms.label("length_ms"),
        Recording.named_attempt_id,
        Audio.is_cut,
        (Audio.path != "").label("has_sound"),
    )
    ordered = _with_file(chosen).where(condition).order_by(_BEGAN_AT.desc(), Recording.id.desc())
    rows = session.execute(ordered.limit(_PAGE).offset(skip))
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


def candidate_of(call: CallAttempt, allowance_s: int, recording_id: int | None) -> Candidate:
    """The call as the rule of matching takes it."""
    return Candidate(
        call.id, call.e164, call.dialled_at, call.ring_ms, call.talk_ms, allowance_s * 1000, recording_id is not None
    )


def _offer(
    recording: WaitingRecording,
    call: CallAttempt,
    campaign: str,
    allowance_s: int,
    organisation: str,
    operator: str,
    recording_id: int | None,
) -> OfferedCall:
    known = candidate_of(call, allowance_s, recording_id)
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
