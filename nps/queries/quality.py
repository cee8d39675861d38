"""Calls to listen to, reviews, and what they add up to for each operator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from nps.domain.disposition import INTERVIEWS, TABLE
from nps.domain.quality import Criterion, Heard, Plan, Rate, why
from nps.domain.script import Script, Step, StepKind
from nps.domain.training import StepFact
from nps.models import (
    Answer,
    Audio,
    CallAttempt,
    Interview,
    QualityMark,
    QualityPlan,
    QualityReview,
    Recording,
    Region,
    Respondent,
    ScriptVersion,
    User,
)
from nps.queries.clients import Word, words_of, words_of_others
from nps.queries.desk.steps import trail_value
from nps.queries.interviews import script_of
from nps.queries.recordings import MATCHED
from nps.queries.reports.reviews import rates_of
from nps.queries.training import step_facts

#: Calls older than this are not offered any more; so many of the latest are looked through.
_LOOK_BACK, _MOST = timedelta(days=14), 600
#: The median of a step is taken over so many of the latest interviews.
_MEASURED = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that is to be listened to, with the reason."""

    attempt_id: UUID
    at: datetime
    operator: str
    organisation: str
    result: str
    talk_s: int
    reason: str
    has_recording: bool


@dataclass(frozen=True, slots=True)
class Jump:
    """A step of the talk. `at_s`: seconds from the answer on; `said`: what was recorded."""

    title: str
    said: str
    at_s: int
    reading_s: int
    took_s: int


@dataclass(frozen=True, slots=True)
class Review:
    """A review as reviewer and operator read it. `marks` go with the criteria's titles of that time.

    `words`: all that was said of the call's end, when somebody else than its operator had the last one.
    """

    id: int
    attempt_id: UUID
    at: datetime
    reviewer: str
    reviewer_id: int
    reason: str
    note: str
    points: int
    most: int
    finished_at: datetime | None
    reply: str
    replied_at: datetime | None
    marks: Sequence[tuple[str, int | None]]
    words: Sequence[Word]


@dataclass(frozen=True, slots=True)
class CallToReview:
    """Everything the reviewer has before him."""

    attempt_id: UUID
    respondent_id: int
    organisation: str
    contact: str
    operator: str
    at: datetime
    version: int
    zone: str
    result: str
    rating: int | None
    words: Sequence[Word]
    recording_id: int | None
    reason: str
    jumps: Sequence[Jump]
    review: Review | None


def plan(session: Session, campaign_id: int) -> Plan:
    """How calls of a campaign are sampled and judged."""
    row = session.get(QualityPlan, campaign_id)
    if row is None:
        return Plan()
    return Plan(row.newcomer_calls, row.share_percent, tuple(Criterion(**criterion) for criterion in row.criteria))


def candidates(session: Session, campaign_id: int, now: datetime) -> list[Candidate]:
    """The calls nobody has reviewed yet that the plan chooses, the latest first."""
    rows = session.execute(
        _calls(campaign_id)
        .where(CallAttempt.dialled_at > now - _LOOK_BACK, QualityReview.id.is_(None), Respondent.erased_at.is_(None))
        .order_by(CallAttempt.dialled_at.desc())
        .limit(_MOST)
    ).all()
    reasons = _reasons(session, [row.CallAttempt for row in rows], plan(session, campaign_id))
    return [
        Candidate(
            row.CallAttempt.id,
            row.CallAttempt.dialled_at,
            row.full_name,
            row.organisation,
            TABLE[str(row.CallAttempt.disposition)].label,
            row.CallAttempt.talk_ms // 1000,
            reasons[row.CallAttempt.id],
            row.recording_id is not None,
        )
        for row in rows
        if row.CallAttempt.id in reasons
    ]


def _calls(campaign_id: int) -> Select[CallAttempt, str, str, str, int, int, str, int]:
    return (
        select(
            CallAttempt,
            User.full_name,
            Respondent.organisation,
            Respondent.contact,
            # One whose sound was destroyed can't be heard.
            case((Audio.path != "", Recording.id)).label("recording_id"),
            ScriptVersion.no,
            Region.zone,
            QualityReview.id.label("review_id"),
        )
        .join(User, User.id == CallAttempt.operator_id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(ScriptVersion, ScriptVersion.id == CallAttempt.script_version_id)
        .outerjoin(Recording, (Recording.attempt_id == CallAttempt.id) & MATCHED)
        .outerjoin(Audio, Audio.sha256 == Recording.audio_sha256)
        .outerjoin(QualityReview, QualityReview.attempt_id == CallAttempt.id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(CallAttempt.campaign_id == campaign_id, CallAttempt.closed_at.is_not(None))
    )


def _reasons(session: Session, calls: Sequence[CallAttempt], plan: Plan) -> dict[UUID, str]:
    """Why each of these calls is listened to; those that are not chosen are left out."""
    numbers = _numbers(session, {call.operator_id for call in calls})
    facts = _facts(session, calls)
    found = {}
    for call in calls:
        steps = [step for step in facts[call.id] if step.reading_s]
        reason = why(
            Heard(
                key=call.id.hex,
                number=numbers[call.id],
                disposition=str(call.disposition),
                answered=call.answered_at is not None,
                ring_s=call.ring_ms // 1000,
                survey_s=call.survey_ms // 1000,
                was_interrupted=call.break_ms > 0,
                fastest=min((step.took_s / step.reading_s for step in steps), default=None),
            ),
            plan,
        )
        if reason is not None:
            found[call.id] = reason
    return found


def _numbers(session: Session, operators: Collection[int]) -> dict[UUID, int]:
    """Which settled call of its operator each was: experience is counted over all real campaigns."""
    counted = func.row_number().over(partition_by=CallAttempt.operator_id, order_by=CallAttempt.dialled_at)
    rows = session.execute(
        select(CallAttempt.id, counted).where(
            CallAttempt.operator_id.in_(operators),
            CallAttempt.closed_at.is_not(None),
            CallAttempt.purpose != "training",
        )
    )
    return defaultdict(int, {attempt_id: number for attempt_id, number in rows})


def _facts(session: Session, calls: Sequence[CallAttempt]) -> dict[UUID, tuple[StepFact, ...]]:
    """The answered steps of each call with the seconds they took."""
    ids = [call.id for call in calls]
    answers: dict[UUID, list[Answer]] = defaultdict(list)
    for answer in session.scalars(
        select(Answer).where(Answer.attempt_id.in_(ids), Answer.replaced_at.is_(None)).order_by(Answer.at, Answer.id)
    ):
        answers[answer.attempt_id].append(answer)
    versions = {call.script_version_id for call in calls}
    scripts = {
        row.id: Script.from_dict(row.body)
        for row in session.execute(select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(versions)))
    }
    return {call.id: step_facts(scripts[call.script_version_id], call, answers[call.id]) for call in calls}


def medians(session: Session, script_version_id: int) -> dict[str, tuple[int, int]]:
    """How long each step really takes: the median of seconds and over how many calls, by the step's id.

    Over the latest interviews by any version of the same script; a step that nobody has answered is left out.
    """
    script_id = select(ScriptVersion.script_id).where(ScriptVersion.id == script_version_id).scalar_subquery()
    versions = select(ScriptVersion.id).where(ScriptVersion.script_id == script_id)
    calls = session.scalars(
        select(CallAttempt)
        .where(
            CallAttempt.script_version_id.in_(versions),
            CallAttempt.disposition.in_(INTERVIEWS),
            CallAttempt.purpose != "training",
        )
        .order_by(CallAttempt.dialled_at.desc())
        .limit(_MEASURED)
    ).all()
    seconds: dict[str, list[int]] = defaultdict(list)
    for steps in _facts(session, calls).values():
        for step in steps:
            seconds[step.step_id].append(step.took_s)
    return {step_id: (int(median(took)), len(took)) for step_id, took in seconds.items()}


def call_to_review(session: Session, campaign_id: int, attempt_id: UUID) -> CallToReview | None:
    """A settled call of the campaign with its steps and its review, if there is one; None when there is none."""
    row = session.execute(_calls(campaign_id).where(CallAttempt.id == attempt_id)).one_or_none()
    if row is None:
        return None
    call: CallAttempt = row.CallAttempt
    reasons = _reasons(session, [call], plan(session, campaign_id))
    review = next(iter(_reviews(session, QualityReview.attempt_id == attempt_id)), None)
    rating = session.scalar(
        select(Interview.rating).where(Interview.attempt_id == attempt_id, Interview.replaced_at.is_(None))
    )
    return CallToReview(
        attempt_id=call.id,
        respondent_id=call.respondent_id,
        organisation=row.organisation,
        contact=row.contact,
        operator=row.full_name,
        at=call.dialled_at,
        version=row.no,
        zone=row.zone or "",
        result=TABLE[str(call.disposition)].label,
        rating=rating,
        words=words_of(session, [call.id]).get(call.id, ()),
        recording_id=row.recording_id,
        reason=review.reason if review is not None else reasons.get(call.id, "asked"),
        jumps=_jumps(script_of(session, call.script_version_id), _facts(session, [call])[call.id]),
        review=review,
    )


def _jumps(script: Script, steps: Sequence[StepFact]) -> list[Jump]:
    found, at = [], 0
    for step in steps:
        found.append(Jump(step.title, _said(script.step(step.step_id), step.value), at, step.reading_s, step.took_s))
        at += step.took_s
    return found


def _said(step: Step, value: Any) -> str:
    """An answer in full, as the reviewer compares it with what he hears."""
    if step.kind is not StepKind.REASONS:
        return trail_value(step, value)
    labels = [prompt.label for prompt in step.prompts if prompt.id in value["prompts"]]
    words = [f"«{words}»" for words in (value["words"], value["comment"]) if words]
    return "; ".join([*labels, *words])


def rates(session: Session, campaign_id: int) -> list[tuple[str, Rate]]:
    """Operators of a campaign with what their finished reviews add up to, the lowest share first."""
    found = rates_of(session, campaign_id)
    names = session.execute(select(User.id, User.full_name).where(User.id.in_(found))).all()
    return sorted(
        ((name, found[key]) for key, name in names), key=lambda row: (row[1].points / max(1, row[1].most), row[0])
    )


def finished(session: Session, campaign_id: int) -> list[tuple[Review, str]]:
    """The latest finished reviews of a campaign, each with its operator's name."""
    return _with_operators(session, (QualityReview.campaign_id == campaign_id) & QualityReview.finished_at.is_not(None))


def begun(session: Session, campaign_id: int) -> list[tuple[Review, str]]:
    """Reviews that somebody has begun and not sent yet, the latest first, each with its operator's name."""
    return _with_operators(session, (QualityReview.campaign_id == campaign_id) & QualityReview.finished_at.is_(None))


def _with_operators(session: Session, where: ColumnElement[bool]) -> list[tuple[Review, str]]:
    names = {
        row.id: row.full_name
        for row in session.execute(
            select(QualityReview.id, User.full_name).join(User, User.id == QualityReview.operator_id).where(where)
        )
    }
    return [(review, names[review.id]) for review in _reviews(session, where)]


def reviews_of(session: Session, operator_id: int) -> list[Review]:
    """What an operator may read about his calls: finished reviews, the latest first."""
    return _reviews(session, (QualityReview.operator_id == operator_id) & QualityReview.finished_at.is_not(None))


def _reviews(session: Session, where: ColumnElement[bool]) -> list[Review]:
    rows = session.execute(
        select(QualityReview, User.full_name, CallAttempt.dialled_at)
        .join(User, User.id == QualityReview.reviewer_id)
        .join(CallAttempt, CallAttempt.id == QualityReview.attempt_id)
        .where(where)
        .order_by(QualityReview.finished_at.desc(), QualityReview.id.desc())
        .limit(100)
    ).all()
    words = words_of(session, [row.attempt_id for row, *_ in rows])
    marks: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for mark in session.scalars(
        select(QualityMark)
        .where(QualityMark.review_id.in_([row.id for row, *_ in rows]))
        .order_by(QualityMark.review_id, QualityMark.position)
    ):
        marks[mark.review_id].append((mark.title, mark.mark))
    return [
        Review(
            id=row.id,
            attempt_id=row.attempt_id,
            at=at,
            reviewer=name,
            reviewer_id=row.reviewer_id,
            reason=row.reason,
            note=row.note,
            points=row.points,
            most=row.most,
            finished_at=row.finished_at,
            reply=row.reply,
            replied_at=row.replied_at,
            marks=marks[row.id],
            words=words_of_others(words.get(row.attempt_id, ())),
        )
        for row, name, at in rows
    ]
