"""Practice calls and what is said of them (R9). Feedback is computed from the record of the call, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.script import Script, StepKind
from nps.domain.script.reading import seconds_to_read
from nps.domain.training import REQUIRED, SCENARIOS, CallFacts, Feedback, Scenario, StepFact, client_says, feedback
from nps.models import Answer, CallAttempt, Campaign, Escalation, Respondent, ScriptVersion, TrainingClient

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A scenario as one operator stands to it: `tries` clients begun, `best_s` the shortest survey that passed."""

    scenario: Scenario
    tries: int
    is_passed: bool
    best_s: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operator is with the scenarios."""

    lines: Sequence[ScenarioLine]

    @property
    def passed(self) -> int:
        """How many of the required scenarios went well."""
        return sum(line.is_passed for line in self.lines if line.scenario.is_required)

    @property
    def required(self) -> int:
        return len(REQUIRED)

    @property
    def is_complete(self) -> bool:
        return self.passed == self.required

    @property
    def next(self) -> Scenario:
        """What to practise next: a required scenario first, then one never tried, then the first."""
        waiting = [line for line in self.lines if line.scenario.is_required and not line.is_passed]
        untried = [line for line in self.lines if not line.is_passed]
        return (waiting or untried or list(self.lines))[0].scenario


@dataclass(frozen=True, slots=True)
class Review:
    """The feedback on one practice call. `waits_until`: when its client is to be called again; None when never."""

    attempt: CallAttempt
    scenario: Scenario
    number: int
    feedback: Feedback
    waits_until: datetime | None = None


def progress(session: Session, operator_id: int, contract_id: int) -> Progress:
    """The scenarios with what this operator has done of them for a contract."""
    return progress_of(session, [operator_id], contract_id)[operator_id]


def progress_of(session: Session, operators: Collection[int], contract_id: int) -> dict[int, Progress]:
    """`progress` of several operators; as many statements for one as for all."""
    begun = session.execute(
        select(TrainingClient.operator_id, TrainingClient.scenario, TrainingClient.respondent_id)
        .join(Campaign, Campaign.id == TrainingClient.campaign_id)
        .where(TrainingClient.operator_id.in_(operators), Campaign.contract_id == contract_id)
    ).all()
    tries: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in begun:
        tries[row.operator_id][row.scenario] += 1
    passed: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for call in _calls(session, [row.respondent_id for row in begun]):
        if call.feedback.is_passed:
            passed[call.attempt.operator_id][call.scenario.code].append(call.attempt.survey_ms // 1000)
    return {operator: Progress(_lines(tries[operator], passed[operator])) for operator in operators}


def _lines(tries: Mapping[str, int], passed: Mapping[str, list[int]]) -> list[ScenarioLine]:
    return [
        ScenarioLine(
            scenario,
            tries.get(code, 0),
            code in passed,
            min((seconds for seconds in passed.get(code, ()) if seconds), default=None),
        )
        for code, scenario in SCENARIOS.items()
    ]


def review(session: Session, operator_id: int, attempt_id: UUID) -> Review | None:
    """The feedback on a settled practice call of this operator; None when there is no such call of his."""
    client_id = session.scalar(
        select(CallAttempt.respondent_id)
        .join(TrainingClient, TrainingClient.respondent_id == CallAttempt.respondent_id)
        .where(CallAttempt.id == attempt_id, CallAttempt.operator_id == operator_id)
    )
    if client_id is None:
        return None
    calls = _calls(session, [client_id])
    call = next((call for call in calls if call.attempt.id == attempt_id), None)
    if call is None:
        return None
    client = session.get_one(Respondent, client_id)
    waits = client.next_call_at if client.state == "waiting" and call is calls[-1] else None
    return replace(call, waits_until=waits)


def says(session: Session, attempt: CallAttempt | None, client: Respondent, kind: StepKind | None) -> str | None:
    """What is on the line with an invented client at a step of this kind; None with any other client."""
    code = session.scalar(select(TrainingClient.scenario).where(TrainingClient.respondent_id == client.id))
    if code is None:
        return None
    if attempt is None:
        return ""
    earlier = select(CallAttempt.id).where(
        CallAttempt.respondent_id == client.id, CallAttempt.dialled_at < attempt.dialled_at
    )
    escalated = session.scalar(select(Escalation.id).where(Escalation.attempt_id == attempt.id).limit(1))
    breaks_in = SCENARIOS[code].interruption
    asks = breaks_in is not None and breaks_in.needs == "question"
    return client_says(
        SCENARIOS[code],
        len(session.scalars(earlier).all()) + 1,
        kind,
        answered=attempt.answered_at is not None,
        ended=attempt.ended_at is not None,
        interrupted=escalated is not None if asks else attempt.break_ms > 0,
    )


def scenario_title(session: Session, client_id: int) -> str:
    """The title of the scenario by which an invented client behaves, '' for any other client."""
    code = session.scalar(select(TrainingClient.scenario).where(TrainingClient.respondent_id == client_id))
    return SCENARIOS[code].title if code is not None else ""


def _calls(session: Session, clients: Collection[int]) -> list[Review]:
    """The settled practice calls of these clients with their feedback, in the order they were made."""
    rows = session.execute(
        select(CallAttempt, TrainingClient.scenario)
        .join(TrainingClient, TrainingClient.respondent_id == CallAttempt.respondent_id)
        .where(CallAttempt.respondent_id.in_(clients))
        .order_by(CallAttempt.dialled_at)
    ).all()
    ids = [attempt.id for attempt, _ in rows]
    answers: dict[UUID, list[Answer]] = defaultdict(list)
    for answer in session.scalars(
        select(Answer).where(Answer.attempt_id.in_(ids), Answer.replaced_at.is_(None)).order_by(Answer.at, Answer.id)
    ):
        answers[answer.attempt_id].append(answer)
    asked: dict[UUID | None, list[str]] = defaultdict(list)
    for attempt_id, text in session.execute(
        select(Escalation.attempt_id, Escalation.text).where(Escalation.attempt_id.in_(ids))
    ):
        asked[attempt_id].append(text)
    scripts = _scripts(session, {attempt.script_version_id for attempt, _ in rows})
    numbers: dict[int, int] = defaultdict(int)
    found = []
    for attempt, code in rows:
        numbers[attempt.respondent_id] += 1
        if attempt.disposition is None:
            continue
        script = scripts[attempt.script_version_id]
        facts = CallFacts(
            number=numbers[attempt.respondent_id],
            disposition=attempt.disposition,
            answered=attempt.answered_at is not None,
            ring_s=attempt.ring_ms // 1000,
            survey_s=attempt.survey_ms // 1000,
            steps=step_facts(script, attempt, answers[attempt.id]),
            escalations=tuple(asked[attempt.id]),
            broke_in=attempt.break_ms > 0,
        )
        found.append(Review(attempt, SCENARIOS[code], facts.number, feedback(SCENARIOS[code], facts)))
    return found


def _scripts(session: Session, versions: Collection[int]) -> dict[int, Script]:
    rows = session.execute(select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(versions)))
    return {row.id: Script.from_dict(row.body) for row in rows}


def step_facts(script: Script, attempt: CallAttempt, answers: Sequence[Answer]) -> tuple[StepFact, ...]:
    """The steps of the talk with the seconds each took: from the answer before it to its own."""
    given: dict[str, Any] = {
        answer.step: answer.value
        for answer in answers
        if not (isinstance(answer.value, dict) and answer.value.get("draft"))
    }
    at = {answer.step: answer.at for answer in answers}
    since = attempt.answered_at
    found = []
    for step, value in script.path(given):
        took = (at[step.id] - since) // _MS if since is not None else 0
        found.append(StepFact(step.kind, step.title, value, max(0, took) // 1000, seconds_to_read(step.say), step.id))
        since = at[step.id]
    return tuple(found)
