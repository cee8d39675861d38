"""The questionnaire of a client: which of his calls stands in the contract's form (R5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.disposition import INTERVIEWS, Disposition, Kind
from nps.domain.script import Script
from nps.models import CallAttempt, Interview, InterviewReason
from nps.queries.interviews import talk_of

#: The script of a call and its answers in force.
Talk = tuple[Script, dict[str, Any]]


def what_lacks(talk: Talk, row: Disposition) -> str:
    """What the answers of a call lack for this result: `rating`, `reason` (at 1 to 8), '' when nothing (R5)."""
    script, answers = talk
    if row.kind is not Kind.INTERVIEW:
        return ""
    if script.rating(answers) is None:
        return "rating"
    done = script.result(answers) == "surveyed"
    return "" if row.code != "surveyed" or done else "reason"


def first_form(session: Session, attempt: CallAttempt, talk: Talk) -> None:
    """Fill the form of a client who never had one with the questionnaire of this call."""
    session.flush()
    _write(session, attempt, talk)


def keep_form(session: Session, respondent_id: int, now: datetime) -> None:
    """Let the form hold the questionnaire of the client's last call that ended with one, and no other.

    To be called after each word about a call, and after one was taken back, before the fold: who is `surveyed` and
    whose questionnaire is in force is then the same question. An earlier one comes back when the one that took its
    place goes; what was replaced stays as history.
    """
    session.flush()
    last = session.scalars(
        select(CallAttempt)
        .where(CallAttempt.respondent_id == respondent_id, CallAttempt.disposition.in_(INTERVIEWS))
        .order_by(CallAttempt.ended_at.desc(), CallAttempt.dialled_at.desc())
        .limit(1)
    ).first()
    standing = session.scalars(
        select(Interview).where(Interview.respondent_id == respondent_id, Interview.replaced_at.is_(None))
    ).one_or_none()
    if standing is not None:
        if last is not None and (standing.attempt_id, standing.cut_off) == (last.id, _is_cut_off(last)):
            return
        standing.replaced_at = now
        session.flush()
    if last is not None:
        _write(session, last, talk_of(session, last))


def _write(session: Session, attempt: CallAttempt, talk: Talk) -> None:
    script, answers = talk
    reasons = script.reasons(answers) or {}
    interview = Interview(
        respondent_id=attempt.respondent_id,
        attempt_id=attempt.id,
        script_version_id=attempt.script_version_id,
        rating=script.rating(answers),
        words=reasons.get("words", ""),
        comment=reasons.get("comment", ""),
        cut_off=_is_cut_off(attempt),
        completed_at=attempt.closed_at,
    )
    session.add(interview)
    session.flush()
    labels = {prompt.id: prompt.label for prompt in script.reasons_prompts(answers)}
    for position, prompt in enumerate(reasons.get("prompts", [])):
        session.add(InterviewReason(interview_id=interview.id, prompt=prompt, label=labels[prompt], position=position))


def _is_cut_off(attempt: CallAttempt) -> bool:
    """The rating was given and the talk was cut off (requirements §4)."""
    return attempt.disposition == "partial"
