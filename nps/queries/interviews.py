"""Answers of a call and the script version they were asked under."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.script import Script
from nps.models import Answer, CallAttempt, ScriptVersion


def answers_of(session: Session, attempt_id: UUID) -> dict[str, Any]:
    """The answers in force by step; a draft is none yet."""
    rows = session.execute(
        select(Answer.step, Answer.value).where(Answer.attempt_id == attempt_id, Answer.replaced_at.is_(None))
    )
    return {step: value for step, value in rows if not (isinstance(value, dict) and value.get("draft"))}


def draft_of(session: Session, attempt_id: UUID, step_id: str) -> Any:
    """What is marked at a step: the draft, else what was answered there before it was taken back.

    None when nothing was.
    """
    return session.scalar(
        select(Answer.value)
        .where(Answer.attempt_id == attempt_id, Answer.step == step_id)
        .order_by(Answer.replaced_at.is_(None).desc(), Answer.id.desc())
        .limit(1)
    )


def script_of(session: Session, version_id: int) -> Script:
    """A published version of a script. Raises NoResultFound."""
    return Script.from_dict(session.scalars(select(ScriptVersion.body).where(ScriptVersion.id == version_id)).one())


def result_of(session: Session, attempt_id: UUID) -> str | None:
    """The result the talk of a call has come to by its script; None while it goes on, or without such a call."""
    version_id = session.scalar(select(CallAttempt.script_version_id).where(CallAttempt.id == attempt_id))
    if version_id is None:
        return None
    return script_of(session, version_id).result(answers_of(session, attempt_id))
