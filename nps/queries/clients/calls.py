"""The calls of one client with every word about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
class Said:
    """A step of the script with the answer in words, or the time that was chosen; not `in_force`: changed later."""

    title: str
    text: str
    at: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call with all that is known of it: every word, corrections of its seconds with their author, the answers."""

    call: CallAttempt
    operator: str
    recording_id: int | None
    words: Sequence[Word]
    mends: Sequence[tuple[Journal, str]]
    said: Sequence[Said]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its result."""
        return self.call.disposition is None

    @property
    def contradiction(self) -> str:
        """What was heard against the manager's word that holds (`nps.domain.desk.contradiction`); '' for nothing."""
        if self.call.disposition is None or not words_of_others(self.words):
            return ""
        heard = Heard(self.call.answered_at is not None, timedelta(milliseconds=self.call.ring_ms))
        return contradiction(self.call.disposition, heard)


def client_of_call(session: Session, campaign_id: int, attempt_id: UUID) -> tuple[int, str] | None:
    """Whose call it is and his zone ('' unknown); None when there is no such call in the campaign."""
    found = session.execute(
        select(Respondent.id, func.coalesce(Region.zone, ""))
        .join(CallAttempt, CallAttempt.respondent_id == Respondent.id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(CallAttempt.id == attempt_id, CallAttempt.campaign_id == campaign_id)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def calls_of(session: Session, respondent_id: int) -> list[CallLine]:
    """Every call of a client, the newest first."""
    rows = session.execute(
        select(CallAttempt, User.full_name, Recording.id)
        .join(User, User.id == CallAttempt.operator_id)
        .outerjoin(Recording, and_(Recording.attempt_id == CallAttempt.id, Recording.state == "matched"))
        .where(CallAttempt.respondent_id == respondent_id)
        .order_by(CallAttempt.dialled_at.desc())
    ).all()
    calls = [call for call, _, _ in rows]
    ids = [call.id for call in calls]
    words, mends, said = words_of(session, ids), _mends(session, ids), _said(session, calls)
    return [
        CallLine(call, operator, recording_id, words.get(call.id, []), mends[call.id], said[call.id])
        for call, operator, recording_id in rows
    ]


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


def _mends(session: Session, attempt_ids: Sequence[UUID]) -> Mapping[UUID, list[tuple[Journal, str]]]:
    found: defaultdict[UUID, list[tuple[Journal, str]]] = defaultdict(list)
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
        found[UUID(row.object_id)].append((row, name or ""))
    return found


def _said(session: Session, calls: Sequence[CallAttempt]) -> Mapping[UUID, list[Said]]:
    versions = {call.id: call.script_version_id for call in calls}
    bodies = session.execute(
        select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(set(versions.values())))
    )
    scripts = {version_id: Script.from_dict(body) for version_id, body in bodies}
    found: defaultdict[UUID, list[Said]] = defaultdict(list)
    for row in session.scalars(select(Answer).where(Answer.attempt_id.in_(versions)).order_by(Answer.id)):
        if isinstance(row.value, dict) and row.value.get("draft"):
            continue
        script = scripts[versions[row.attempt_id]]
        title, text, at = _in_words(script, row.step, row.value)
        found[row.attempt_id].append(Said(title, text, at, row.replaced_at is None))
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
