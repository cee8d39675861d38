"""Answers by the script, saved as they are given; the step of the talk is computed from them (R17)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import StaleError
from nps.domain.script import Script, Step, StepKind
from nps.models import Answer, CallAttempt
from nps.queries.interviews import talk_of
from nps.services.acting import act
from nps.services.desk.calling import own_open_call
from nps.services.transaction import AnySession

_MOVED = "Этот шаг уже пройден. Показан тот, на котором разговор сейчас."


def answer(
    session: AnySession,
    actor: Actor,
    attempt_id: UUID,
    step_id: str,
    value: Any,
    now: datetime,
    reasons: Mapping[str, Any] | None = None,
) -> None:
    """Save the answer of the step the talk is at; where it asks for reasons, these when they are given.

    Raises AnswerError when the value does not belong to the step, StaleError when the talk is at another step or
    the call has a result.
    """
    with act(session, actor.id, now) as a:
        attempt, script, answers, step = _at_step(a.s, actor, attempt_id, step_id)
        if step.kind is StepKind.REASONS and reasons is not None:
            value = reasons
        checked = script.check_answer(step, value)
        _mark_times(attempt, script, {**answers, step.id: checked}, now)
        _put(a.s, attempt, step.id, checked, now)


def _at_step(
    session: Session, actor: Actor, attempt_id: UUID, step_id: str
) -> tuple[CallAttempt, Script, dict[str, Any], Step]:
    attempt = own_open_call(session, actor, attempt_id)
    script, answers = talk_of(session, attempt)
    step = script.current(answers)
    if step.id != step_id or attempt.answered_at is None:
        raise StaleError("other_step", _MOVED)
    return attempt, script, answers, step


def _put(session: Session, attempt: CallAttempt, step_id: str, value: Any, now: datetime) -> None:
    """Write an answer; the one it replaces stays as history."""
    attempt.last_activity_at = now
    session.execute(
        update(Answer)
        .where(Answer.attempt_id == attempt.id, Answer.step == step_id, Answer.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    session.add(Answer(attempt_id=attempt.id, step=step_id, value=value, at=now))


def _mark_times(attempt: CallAttempt, script: Script, answers: Mapping[str, Any], now: datetime) -> None:
    """R14: the survey runs from the consent, whatever follows it, to the farewell that follows the last answer."""
    here, rated = script.current(answers), script.rating(answers) is not None
    if not rated and (script.has_consented(answers) or (attempt.consent_at is None and here.kind is StepKind.RATING)):
        attempt.consent_at = now
    attempt.farewell_at = now if here.kind is StepKind.END and rated else None


def save_draft(
    session: AnySession, actor: Actor, attempt_id: UUID, step_id: str, value: Mapping[str, Any], now: datetime
) -> None:
    """Keep marks and words of a step that is not finished yet; they do not move the talk on."""
    with act(session, actor.id, now) as a:
        _draft(a.s, actor, attempt_id, step_id, value, now)


def _draft(
    session: Session, actor: Actor, attempt_id: UUID, step_id: str, value: Mapping[str, Any], now: datetime
) -> None:
    attempt, _, _, step = _at_step(session, actor, attempt_id, step_id)
    draft = {
        "prompts": [str(prompt) for prompt in value.get("prompts", [])],
        "words": str(value.get("words", ""))[:2000],
        "comment": str(value.get("comment", ""))[:2000],
        "draft": True,
    }
    _put(session, attempt, step.id, draft, now)


def step_back(session: AnySession, actor: Actor, attempt_id: UUID, step_id: str, now: datetime) -> None:
    """Return to the step before; its answer stays in the history and is offered again.

    At the first step nothing happens.
    """
    with act(session, actor.id, now) as a:
        attempt, script, answers, _ = _at_step(a.s, actor, attempt_id, step_id)
        trail = script.path(answers)
        if not trail:
            return
        a.s.execute(
            update(Answer)
            .where(
                Answer.attempt_id == attempt_id,
                Answer.step.in_((trail[-1][0].id, step_id)),
                Answer.replaced_at.is_(None),
            )
            .values(replaced_at=now)
        )
        attempt.farewell_at = None
        attempt.last_activity_at = now


def break_in(
    session: AnySession,
    actor: Actor,
    attempt_id: UUID,
    now: datetime,
    draft: tuple[str, Mapping[str, Any]] | None = None,
) -> None:
    """The client asks or complains: the survey's clock stands until the talk returns to its step (R14).

    `draft`: what is marked at a step by now, see `save_draft`.
    """
    with act(session, actor.id, now) as a:
        if draft is not None:
            _draft(a.s, actor, attempt_id, *draft, now)
        attempt = own_open_call(a.s, actor, attempt_id)
        if attempt.answered_at is not None and attempt.break_since is None and attempt.ended_at is None:
            attempt.break_since = attempt.last_activity_at = now


def resume_script(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """The talk is back at its step."""
    with act(session, actor.id, now) as a:
        end_break(own_open_call(a.s, actor, attempt_id), now)


def end_break(attempt: CallAttempt, now: datetime) -> None:
    """Take the running break off the survey time, if there is one: its part between consent and farewell (R14)."""
    if attempt.break_since is None:
        return
    if attempt.consent_at is not None:
        since = max(attempt.break_since, attempt.consent_at)
        until = min(now, attempt.farewell_at or now)
        attempt.break_ms += max(0, (until - since) // timedelta(milliseconds=1))
    attempt.break_since = None
    attempt.last_activity_at = now
