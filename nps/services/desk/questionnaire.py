"""The questionnaire of a client: which of his calls stands in the contract's form (R5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.disposition import INTERVIEWS, Disposition, Kind
from nps.models import CallAttempt, Interview, InterviewReason
from nps.queries.interviews import answers_of, script_of


def what_lacks(session: Session, attempt: CallAttempt, row: Disposition) -> str:
    """What the answers of a call lack for this result: `rating`, `reason` (at 1 to 8), '' when nothing (R5)."""
    if row.kind is not Kind.INTERVIEW:
        return ""
    script, answers = script_of(session, attempt.script_version_id), answers_of(session, attempt.id)
    if script.rating(answers) is None:
        return "rating"
    done = script.result(answers) == "surveyed"
    return "" if row.code != "surveyed" or done else "reason"


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
    cut_off = last is not None and last.disposition == "partial"
    if standing is not None and last is not None and (standing.attempt_id, standing.cut_off) == (last.id, cut_off):
        return
    session.execute(
        update(Interview)
        .where(Interview.respondent_id == respondent_id, Interview.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    if last is not None:
        _write(session, last, cut_off, last.closed_at or now)


def _write(session: Session, attempt: CallAttempt, cut_off: bool, completed_at: datetime) -> None:
    script, answers = script_of(session, attempt.script_version_id), answers_of(session, attempt.id)
    reasons = script.reasons(answers) or {}
    interview = Interview(
        respondent_id=attempt.respondent_id,
        attempt_id=attempt.id,
        script_version_id=attempt.script_version_id,
        rating=script.rating(answers),
        words=reasons.get("words", ""),
        comment=reasons.get("comment", ""),
        cut_off=cut_off,
        completed_at=completed_at,
    )
    session.add(interview)
    session.flush()
    labels = {prompt.id: prompt.label for step in script.steps for prompt in step.prompts}
    for position, prompt in enumerate(reasons.get("prompts", [])):
        session.add(InterviewReason(interview_id=interview.id, prompt=prompt, label=labels[prompt], position=position))
