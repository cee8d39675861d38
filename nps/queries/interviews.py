"""Answers of a call and the script version they were asked under."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from nps.domain.script import Script
from nps.models import Answer, CallAttempt, ScriptVersion

_MOST_READ = 100
_READ: dict[str, Script] = {}


_TALK = (
    select(ScriptVersion.sha256, Answer.step, Answer.value)
    .outerjoin(Answer, and_(Answer.attempt_id == bindparam("attempt"), Answer.replaced_at.is_(None)))
    .where(ScriptVersion.id == bindparam("version"))
)


def talk_of(session: Session, attempt: CallAttempt) -> tuple[Script, dict[str, Any]]:
    """The script of a call and its answers in force: one statement, once the script was read."""
    version_id = attempt.script_version_id
    rows = session.execute(_TALK, {"attempt": attempt.id, "version": version_id}).all()
    answers = in_force((row.step, row.value) for row in rows if row.step is not None)
    return script_of(session, version_id, rows[0].sha256), answers


def in_force(answers: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The answers among what is written down by step; a draft is none yet."""
    return {step: value for step, value in answers if not (isinstance(value, dict) and value.get("draft"))}


def script_of(session: Session, version_id: int, sha256: str = "") -> Script:
    """A published version of a script; with its hash at hand nothing is asked once it was read. Raises NoResultFound.

    Each process keeps what it has read under the hash of the body: a published version never changes (R18).
    """
    known = sha256 or session.scalars(select(ScriptVersion.sha256).where(ScriptVersion.id == version_id)).one()
    if known not in _READ:
        body = session.scalars(select(ScriptVersion.body).where(ScriptVersion.id == version_id)).one()
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        _READ[known] = Script.from_dict(body)
    return _READ[known]
