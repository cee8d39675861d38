"""The result of a call, and taking it back until the next dial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.appointment import is_allowed
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import Verdict
from nps.domain.desk import LONG_TALK
from nps.domain.disposition import TABLE, Disposition, Kind
from nps.domain.errors import DomainError, PhoneError, StaleError
from nps.domain.phone import parse_phone
from nps.domain.script import StepKind
from nps.domain.state import State
from nps.models import AttemptOutcome, CallAttempt, Campaign, Interview, InterviewReason, Respondent, Shift
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.interviews import answers_of, script_of
from nps.services import cases
from nps.services.call_queue import free_lapsed, hold, lock_claims, phones_with, release
from nps.services.desk.answering import end_break
from nps.services.desk.calling import note_event, own_open_call
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.telephony.commands import ask_hang_up
from nps.services.transaction import AnySession, write

#: Words about a call that its operator may not take back.
_SAID_BY_OTHERS = ("manager", "review")


@dataclass(frozen=True, slots=True)
class Result:
    """What the operator says about a call.

    `callback_at` is aware UTC; `number` and `person` belong to «дали новый номер».
    """

    disposition: str
    callback_at: datetime | None = None
    note: str = ""
    number: str = ""
    person: str = ""
    #: When the line went down, if the operator was asked.
    ended_at: datetime | None = None


def settle(
    session: AnySession, actor: Actor, attempt_id: UUID, result: Result, form: Form, now: datetime
) -> Verdict | None:
    """Record how a call ended, decide what the client becomes, and let go of him.

    Returns the verdict, None on a repeat of the form.

    Raises DomainError with a sentence when the result does not fit the call (rang too short, nobody answered, no
    time chosen …), StaleError when the call has a result already.
    """
    row = TABLE.get(result.disposition)
    if row is None:
        raise DomainError("unknown_result", "Такого итога нет. Выберите итог из списка.")
    verdict: Verdict | None = None
    with write(session) as s:
        lock_claims(s)

        def act() -> dict[str, Any]:
            nonlocal verdict
            attempt = own_open_call(s, actor, attempt_id)
            verdict = settle_open(s, attempt, row, result, actor.id, "operator", now)
            return {}

        form.once(s, now, act)
    return verdict


def settle_open(
    session: Session, attempt: CallAttempt, row: Disposition, result: Result, by: int, source: str, now: datetime
) -> Verdict:
    """Settle an open call inside the caller's transaction: the desk's way and the manager's."""
    client = session.get_one(Respondent, attempt.respondent_id, populate_existing=True)
    campaign = campaigns.campaign_row(session, attempt.campaign_id)
    calendars = campaigns.calendars(session, campaign)
    answers = answers_of(session, attempt.id)
    rating = rating_of(session, attempt, answers)
    if row.code == "hung_up" and rating is not None:
        row = TABLE["partial"]
    _end_line(attempt, row, result, campaign, now)
    _check(session, attempt, row, result, rating, answers, campaign, calendars.get(client.region_code or ""), now)
    _count_times(attempt, campaign)
    if session.scalar(select(AttemptOutcome.id).where(AttemptOutcome.attempt_id == attempt.id).limit(1)) is not None:
        source = "correction" if source == "operator" else source
    attempt.closed_at, attempt.disposition = now, row.code
    cases.append_outcome(
        session,
        attempt,
        row.code,
        source=source,
        by=by,
        at=now,
        callback_at=result.callback_at,
        reason=result.note.strip(),
    )
    if row.final_state is State.SURVEYED and rating is not None:
        write_interview(session, attempt, answers, rating, row.code == "partial", now)
    _apply_side_effects(session, client, attempt, campaign, row, result, by, now)
    verdict = cases.refold(session, client.id, campaign, calendars)
    release(session, client.id)
    if attempt.handed_over_at is None:
        session.execute(
            update(Shift)
            .where(Shift.user_id == attempt.operator_id, Shift.ended_at.is_(None))
            .values(shown_result_id=attempt.id if by == attempt.operator_id else None)
        )
    note_event(session, attempt.id, "settled", now)
    ask_hang_up(session, attempt.id, now)
    record(
        session,
        at=now,
        action="call_settled",
        object_kind="call",
        object_id=attempt.id,
        actor_id=by,
        campaign_id=campaign.id,
        after={"disposition": row.code, "state": str(verdict.state)},
    )
    return verdict


def rating_of(session: Session, attempt: CallAttempt, answers: dict[str, Any]) -> int | None:
    """The rating among the answers of a call, None when the client gave none."""
    script = script_of(session, attempt.script_version_id)
    return next((value for step, value in script.path(answers) if step.kind is StepKind.RATING), None)


def _end_line(attempt: CallAttempt, row: Disposition, result: Result, campaign: CampaignRow, now: datetime) -> None:
    """Set when the line went down: at the hang-up, else as the operator says, else now."""
    if attempt.answered_at is None and row.is_answer:
        attempt.answered_at = attempt.ended_at or now
    if attempt.ended_at is None:
        talked_since = attempt.answered_at
        if result.ended_at is None and talked_since is not None and now - talked_since > LONG_TALK:
            raise DomainError("confirm_end", "Разговор идёт дольше 10 минут. Укажите, когда он закончился.")
        ended = result.ended_at or now
        attempt.ended_at = min(max(ended, attempt.answered_at or attempt.dialled_at), now)
    end_break(attempt, attempt.ended_at)


def _check(
    session: Session,
    attempt: CallAttempt,
    row: Disposition,
    result: Result,
    rating: int | None,
    answers: dict[str, Any],
    campaign: CampaignRow,
    calendar: CallingCalendar | None,
    now: datetime,
) -> None:
    """Does this result fit this call? Raises DomainError with what to do."""
    was_answered = attempt.answered_at is not None
    if row.misses and not row.is_answer and was_answered:
        raise DomainError("answered", "Клиент ответил: выберите итог разговора.")
    if row.conversation and not was_answered:
        raise DomainError("not_answered", "Сначала отметьте, что клиент ответил.")
    short = row.min_ring_s - rang_for(attempt, campaign, attempt.ended_at or now).total_seconds()
    if short > 0:
        raise DomainError(
            "ring_short", f"Гудки должны идти не меньше {row.min_ring_s} секунд: ещё {int(-(-short // 1))} с."
        )
    if row.note_needed and not result.note.strip():
        raise DomainError("no_note", f"Для итога «{row.label}» напишите пояснение.")
    if row.code == "callback" and result.callback_at is None:
        raise DomainError("no_time", "Выберите день и время перезвона.")
    if result.callback_at is not None and (calendar is None or not is_allowed(result.callback_at, now, calendar)):
        raise DomainError("time_not_allowed", "В это время звонить нельзя: выберите другое из показанных.")
    if row.kind is Kind.INTERVIEW and rating is None:
        raise DomainError("no_rating", "Оценки ещё нет: задайте вопрос или выберите другой итог.")
    if row.code == "surveyed" and script_of(session, attempt.script_version_id).result(answers) != "surveyed":
        raise DomainError(
            "no_reason", "При оценке от 1 до 8 нужна причина: отметьте подсказку или запишите слова клиента."
        )
    if row.code == "new_contact" and not (result.number.strip() or result.person.strip()):
        raise DomainError("no_number", "Запишите новый номер или имя другого контактного лица.")


def rang_for(attempt: CallAttempt, campaign: CampaignRow, until: datetime) -> timedelta:
    """How long the client's phone rang up to `until` (R13): from «Пошли гудки».

    Else from the click plus the set-up allowance.
    """
    if attempt.source == "exchange" and attempt.ringing_at is None:
        # The exchange would have said it: a line without a ring is a fault of the line (R13).
        return timedelta(0)
    since = attempt.ringing_at or attempt.dialled_at + timedelta(seconds=campaign.setup_allowance_s)
    return max(timedelta(0), min(attempt.answered_at or until, until) - since)


def _count_times(attempt: CallAttempt, campaign: CampaignRow) -> None:
    ms = timedelta(milliseconds=1)
    ended = attempt.ended_at or attempt.last_activity_at
    attempt.ring_ms = rang_for(attempt, campaign, ended) // ms
    attempt.talk_ms = max(0, (ended - attempt.answered_at) // ms) if attempt.answered_at else 0
    if attempt.consent_at is None:
        attempt.survey_ms = 0
        return
    # Answers filled in after the line was down take none of the client's time.
    until = min(attempt.farewell_at or ended, ended)
    surveyed = (until - attempt.consent_at) // ms - attempt.break_ms
    attempt.survey_ms = max(0, surveyed)


def write_interview(
    session: Session, attempt: CallAttempt, answers: dict[str, Any], rating: int, cut_off: bool, now: datetime
) -> None:
    """The questionnaire of the call takes the place of an earlier one of this client (R5)."""
    replace_interview(session, attempt.respondent_id, now)
    script = script_of(session, attempt.script_version_id)
    given = next((value for step, value in script.path(answers) if step.kind is StepKind.REASONS), None)
    reasons: dict[str, Any] = given or {}
    interview = Interview(
        respondent_id=attempt.respondent_id,
        attempt_id=attempt.id,
        script_version_id=attempt.script_version_id,
        rating=rating,
        words=reasons.get("words", ""),
        comment=reasons.get("comment", ""),
        cut_off=cut_off,
        completed_at=now,
    )
    session.add(interview)
    session.flush()
    labels = {prompt.id: prompt.label for step in script.steps for prompt in step.prompts}
    for position, prompt in enumerate(reasons.get("prompts", [])):
        session.add(InterviewReason(interview_id=interview.id, prompt=prompt, label=labels[prompt], position=position))


def replace_interview(session: Session, respondent_id: int, now: datetime) -> None:
    """Take the questionnaire in force out of the form; it stays as history."""
    session.execute(
        update(Interview)
        .where(Interview.respondent_id == respondent_id, Interview.replaced_at.is_(None))
        .values(replaced_at=now)
    )


def _apply_side_effects(
    session: Session,
    client: Respondent,
    attempt: CallAttempt,
    campaign: CampaignRow,
    row: Disposition,
    result: Result,
    by: int,
    now: datetime,
) -> None:
    if row.code == "new_contact":
        if result.person.strip():
            cases.change_contact(session, client, result.person, by=by, at=now)
        if result.number.strip():
            try:
                parse_phone(result.number)
            except PhoneError as error:
                raise DomainError("bad_number", error.message) from error
            cases.add_number(session, client, result.number, source="call", at=now, by=by)
    elif row.code == "do_not_call":
        cases.stop_phone(session, campaign, attempt.e164, result.note.strip(), by=by, at=now)
    elif row.code == "refused_org":
        cases.organisation_refused(session, client, campaign, by=by, at=now)


def reopen(session: AnySession, actor: Actor, attempt_id: UUID, form: Form, now: datetime) -> None:
    """Take the result of the operator's last call back until his next dial:

    the call is open again with its answers (§4).

    The earlier word stays in the history; the next one is appended as a correction. Raises StaleError when somebody
    has gone on with the client, or when the operator has dialled since.
    """
    with write(session) as s:
        lock_claims(s)
        form.once(s, now, lambda: _reopen(s, actor, attempt_id, now))


def correct(session: AnySession, actor: Actor, attempt_id: UUID, result: Result, form: Form, now: datetime) -> None:
    """Replace the result of the operator's last call by another in one step. Raises as `reopen` and `settle` do."""
    row = TABLE.get(result.disposition)
    if row is None:
        raise DomainError("unknown_result", "Такого итога нет. Выберите итог из списка.")
    with write(session) as s:
        lock_claims(s)

        def act() -> dict[str, Any]:
            _reopen(s, actor, attempt_id, now)
            settle_open(s, own_open_call(s, actor, attempt_id), row, result, actor.id, "operator", now)
            return {}

        form.once(s, now, act)


def _reopen(session: Session, actor: Actor, attempt_id: UUID, now: datetime) -> dict[str, Any]:
    free_lapsed(session, now)
    attempt = session.get(CallAttempt, attempt_id, populate_existing=True)
    last = session.scalars(
        select(CallAttempt.id)
        .where(CallAttempt.operator_id == actor.id)
        .order_by(CallAttempt.dialled_at.desc())
        .limit(1)
    ).first()
    if attempt is None or attempt.closed_at is None or attempt.handed_over_at is not None or last != attempt_id:
        raise StaleError("too_late", "Исправить можно только последний звонок, пока не начат следующий.")
    said = session.scalar(
        select(AttemptOutcome.source)
        .where(AttemptOutcome.attempt_id == attempt_id)
        .order_by(AttemptOutcome.n.desc())
        .limit(1)
    )
    if said in _SAID_BY_OTHERS:
        raise StaleError("too_late", "Итог этого звонка уже исправил руководитель. Причина — на странице «Мой день».")
    client = session.get_one(Respondent, attempt.respondent_id, populate_existing=True)
    newer = session.scalar(
        select(CallAttempt.id)
        .where(CallAttempt.respondent_id == client.id, CallAttempt.dialled_at > attempt.dialled_at)
        .limit(1)
    )
    closed = session.scalar(select(Campaign.closed_at).where(Campaign.id == attempt.campaign_id))
    own = session.scalar(select(Respondent.id).where(Respondent.held_by == actor.id))
    if own is not None:
        release(session, own)
        session.refresh(client)
    elsewhere = client.held_by is not None or phones_with(session, client.id, attempt.phone_id) is not None
    if newer is not None or closed is not None or elsewhere or client.erased_at is not None:
        raise StaleError("too_late", "С этим клиентом уже работают дальше: исправление сделает руководитель.")
    replace_interview(session, client.id, now)
    attempt.closed_at = attempt.disposition = None
    attempt.last_activity_at = now
    session.flush()
    hold(session, client, actor.id, None, attempt_id.hex)
    record(
        session,
        at=now,
        action="call_reopened",
        object_kind="call",
        object_id=attempt_id,
        actor_id=actor.id,
        campaign_id=attempt.campaign_id,
    )
    return {}
