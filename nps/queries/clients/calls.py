"""The calls of one client with every word about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from nps.domain.desk import Heard, contradiction
from nps.domain.script import DECLINED, Script, StepKind
from nps.models import Answer, AttemptOutcome, CallAttempt, Journal, Recording, Region, Respondent, ScriptVersion, User


@dataclass(frozen=True, slots=True)
class Word:
    """A word about how a call ended; the last one of a call holds. `source` is the code of AttemptOutcome."""

    disposition: str
    source: str
    by: str
    at: datetime
    reason: str
    callback_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mend:
    """A correction of a call's seconds."""

    at: datetime
    by: str
    before_ms: int
    after_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """A step of the script with the answer in words, or the time that was chosen; not `in_force`: changed later."""

    title: str
    text: str
    at: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call with all that is known of it. Instants are aware UTC, durations milliseconds."""

    id: UUID
    dialled_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    last_activity_at: datetime
    operator: str
    e164: str
    source: str
    disposition: str | None
    handed_over: bool
    note: str
    ring_ms: int
    talk_ms: int
    survey_ms: int
    words: tuple[Word, ...]
    mends: tuple[Mend, ...]
    said: tuple[Said, ...]
    recording_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its result."""
        return self.disposition is None

    @property
    def contradiction(self) -> str:
        """What was heard against the manager's word that holds (`nps.domain.desk.contradiction`); '' for nothing."""
        if self.disposition is None or not words_of_others(self.words):
            return ""
        heard = Heard(self.answered_at is not None, timedelta(milliseconds=self.ring_ms))
        return contradiction(self.disposition, heard)


def client_of_call(session: Session, campaign_id: int, attempt_id: UUID) -> tuple[int, str] | None:
    """Whose call it is and his zone ('' unknown); None when there is no such call in the campaign."""
    found = session.execute(
        select(Respondent.id, func.coalesce(Region.zone, ""))
        .join(CallAttempt, CallAttempt.respondent_id == Respondent.id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(CallAttempt.id == attempt_id, CallAttempt.campaign_id == campaign_id)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def calls_of(session: Session, respondent_id: int) -> tuple[CallLine, ...]:
    """Every call of a client, the newest first."""
    rows = session.execute(
        select(CallAttempt, User.full_name, Recording.id)
        .join(User, User.id == CallAttempt.operator_id)
        .outerjoin(Recording, and_(Recording.attempt_id == CallAttempt.id, Recording.state == "matched"))
        .where(CallAttempt.respondent_id == respondent_id)
        .order_by(CallAttempt.dialled_at.desc())
    ).all()
    ids = [row[0].id for row in rows]
    words, mends, said = words_of(session, ids), _mends(session, ids), _said(session, [row[0] for row in rows])
    return tuple(
        CallLine(
            id=call.id,
            dialled_at=call.dialled_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            last_activity_at=call.last_activity_at,
            operator=operator,
            e164=call.e164,
            source=call.source,
            disposition=call.disposition,
            handed_over=call.handed_over_at is not None,
            note=call.note,
            ring_ms=call.ring_ms,
            talk_ms=call.talk_ms,
            survey_ms=call.survey_ms,
            words=tuple(words.get(call.id, ())),
            mends=tuple(mends.get(call.id, ())),
            said=tuple(said.get(call.id, ())),
            recording_id=recording_id,
        )
        for call, operator, recording_id in rows
    )


def words_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[Word]]:
    """Every word about how these calls ended, the first one first."""
    found: dict[UUID, list[Word]] = {}
    for row, name in session.execute(
        select(AttemptOutcome, User.full_name)
        .outerjoin(User, User.id == AttemptOutcome.by)
        .where(AttemptOutcome.attempt_id.in_(attempt_ids))
        .order_by(AttemptOutcome.n)
    ):
        word = Word(row.disposition, row.source, name or "", row.at, row.reason, row.callback_at)
        found.setdefault(row.attempt_id, []).append(word)
    return found


def words_of_others(words: Sequence[Word]) -> Sequence[Word]:
    """These words about a call if the one that holds corrects its operator, else none."""
    return words if len(words) > 1 and words[-1].source in ("manager", "review") else ()


def _mends(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[Mend]]:
    found: dict[UUID, list[Mend]] = {}
    for row, name in session.execute(
        select(Journal, User.full_name)
        .outerjoin(User, User.id == Journal.actor_id)
        .where(
            Journal.object_kind == "call",
            Journal.object_id.in_([str(attempt_id) for attempt_id in attempt_ids]),
            Journal.action == "call_seconds_corrected",
        )
        .order_by(Journal.id)
    ):
        mend = Mend(row.at, name or "", row.before["talk_ms"], row.after["talk_ms"], row.after.get("reason", ""))
        found.setdefault(UUID(row.object_id), []).append(mend)
    return found


def _said(session: Session, calls: Sequence[CallAttempt]) -> dict[UUID, list[Said]]:
    versions = {call.id: call.script_version_id for call in calls}
    bodies = session.execute(
        select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(set(versions.values())))
    )
    scripts = {version_id: Script.from_dict(body) for version_id, body in bodies}
    found: dict[UUID, list[Said]] = {}
    for row in session.scalars(select(Answer).where(Answer.attempt_id.in_(versions)).order_by(Answer.id)):
        if isinstance(row.value, dict) and row.value.get("draft"):
            continue
        script = scripts[versions[row.attempt_id]]
        title, text, at = _in_words(script, row.step, row.value)
        found.setdefault(row.attempt_id, []).append(Said(title, text, at, row.replaced_at is None))
    return found


def _in_words(script: Script, step_id: str, value: Any) -> tuple[str, str, datetime | None]:
    """The step's title and the answer as it was given, in the words of that version of the script."""
    step = next((step for step in script.steps if step.id == step_id), None)
    if step is None:
        return step_id, str(value), None
    if step.kind is StepKind.REASONS and isinstance(value, dict):
        labels = {prompt.id: prompt.label for prompt in step.prompts}
        parts = [labels.get(prompt, prompt) for prompt in value.get("prompts", [])]
        parts += [f"«{value[name]}»" for name in ("words", "comment") if value.get(name)]
        return step.title, ", ".join(parts), None
    if step.kind is StepKind.CALLBACK:
        declined = value == DECLINED
        return step.title, "время не назвали" if declined else "", None if declined else datetime.fromisoformat(value)
    answers = {answer.id: answer.label for answer in step.answers}
    return step.title, answers.get(str(value), str(value)), None
