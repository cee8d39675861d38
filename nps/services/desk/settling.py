"""The result of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.domain.appointment import is_allowed
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import Verdict
from nps.domain.desk import LONG_TALK, Heard, contradiction, contradiction_words
from nps.domain.disposition import INTERVIEWS, TABLE, Disposition, Kind
from nps.domain.errors import DomainError
from nps.models import AttemptOutcome, CallAttempt, Interview, LineCommand, Respondent, Shift
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow, row_of, with_campaign
from nps.queries.interviews import talk_of
from nps.services import cases
from nps.services.acting import act
from nps.services.call_queue import release
from nps.services.desk import effects
from nps.services.desk.answering import end_break
from nps.services.desk.calling import no_open_call, note_event, require_own_open
from nps.services.desk.questionnaire import Talk, first_form, keep_form, what_lacks
from nps.services.journal import record
from nps.services.telephony.commands import ask_hang_up
from nps.services.transaction import AnySession

_LACKING = {
    "rating": "Оценки ещё нет: задайте вопрос или выберите другой итог.",
    "reason": "При оценке от 1 до 8 нужна причина: отметьте подсказку или запишите слова клиента.",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What the operator says about a call.

    `callback_at` is aware UTC; `number` and `person` belong to «дали новый номер», a `person` who is the client's
    contact already says nothing new.
    """

    disposition: str
    callback_at: datetime | None = None
    note: str = ""
    number: str = ""
    person: str = ""
    #: How long the talk was, or when the line went down, if he was asked.
    talk_minutes: int | None = None
    ended_at: datetime | None = None


def result_row(result: Result) -> Disposition:
    """The row of the table that the result names. Raises DomainError for a code there is none of."""
    row = TABLE.get(result.disposition)
    if row is None:
        raise DomainError("unknown_result", "Такого итога нет. Выберите итог из списка.")
    return row


def settle(session: AnySession, actor: Actor, attempt_id: UUID, result: Result, now: datetime) -> Verdict:
    """Record how a call ended, decide what the client becomes, and let go of him.

    Raises DomainError with a sentence when the result does not fit the call (rang too short, nobody answered, no
    time chosen …), StaleError when the call has a result already.
    """
    row = result_row(result)
    with act(session, actor.id, now, claims=True) as a:
        about = _about(a.s, attempt_id)
        require_own_open(actor, about.attempt)
        return _settle(a.s, about, row, result, actor.id, "operator", now)


def end_by_script(
    session: AnySession, actor: Actor, attempt_id: UUID, step_id: str, now: datetime, talk_minutes: int | None = None
) -> Verdict:
    """Settle a call by the result that its script has come to at its last step. Raises as `settle` does."""
    with act(session, actor.id, now, claims=True) as a:
        about = _about(a.s, attempt_id)
        require_own_open(actor, about.attempt)
        script, answers = talk = talk_of(a.s, about.attempt)
        here = script.current(answers)
        code = script.result(answers) if here.id == step_id else None
        # Where the result has to be said in words, the script has said them.
        note = here.title if code and TABLE[code].note_needed else ""
        result = Result(code or "surveyed", note=note, talk_minutes=talk_minutes)
        return _settle(a.s, about, TABLE[result.disposition], result, actor.id, "operator", now, talk)


def settle_open(
    session: Session, attempt: CallAttempt, row: Disposition, result: Result, by: int, source: str, now: datetime
) -> Verdict:
    """Settle an open call inside the caller's transaction, under the claim lock: the manager's way and a correction."""
    return _settle(session, _about(session, attempt.id), row, result, by, source, now)


def _settle(
    session: Session,
    about: _About,
    row: Disposition,
    result: Result,
    by: int,
    source: str,
    now: datetime,
    talk: Talk | None = None,
) -> Verdict:
    attempt, client, campaign = about.attempt, about.client, about.campaign
    calendars = campaigns.calendars(session, campaign) if result.callback_at is not None else None
    if talk is None and (row.kind is Kind.INTERVIEW or row.code == "hung_up"):
        talk = talk_of(session, attempt)
    if talk is not None and row.code == "hung_up" and not what_lacks(talk, TABLE["partial"]):
        row = TABLE["partial"]
    done = _end_line(attempt, row, result, now)
    heard = Heard(attempt.answered_at is not None, rang_for(attempt, campaign, attempt.ended_at or now))
    if code := contradiction(row.code, heard):
        raise DomainError(code, contradiction_words(row.code, heard))
    person = "" if result.person.strip() == client.contact else result.person
    _require_said(row, result, person)
    if result.callback_at is not None and calendars is not None:
        require_allowed(result.callback_at, calendars.get(client.region_code or ""), now)
    if talk is not None and (lacking := what_lacks(talk, row)):
        raise DomainError(f"no_{lacking}", _LACKING[lacking])
    _count_times(attempt, campaign)
    attempt.closed_at = now
    word = cases.append_outcome(
        session, attempt, row.code, source="correction" if source == "operator" and about.words else source, by=by,
        at=now, callback_at=result.callback_at, reason=result.note.strip(), after=about.words, effects=done,
    )  # fmt: skip
    if about.had_survey:
        keep_form(session, client.id, now)
    elif talk is not None and row.kind is Kind.INTERVIEW:
        first_form(session, attempt, talk)
    effects.carry_out(session, client, attempt, campaign, word, number=result.number, person=person)
    verdict = cases.refold(session, client.id, campaign, calendars)
    _let_go(session, about, by, now)
    record(
        session, at=now, action="call_settled", object_kind="call", object_id=attempt.id, actor_id=by,
        campaign_id=campaign.id, after={"disposition": row.code, "state": str(verdict.state)},
    )  # fmt: skip
    return verdict


def _let_go(session: Session, about: _About, by: int, now: datetime) -> None:
    """The client is free, the line is down, and who has settled his own call still sees its result."""
    attempt = about.attempt
    release(session, about.client.id)
    if attempt.handed_over_at is None:
        session.execute(
            update(Shift)
            .where(Shift.user_id == attempt.operator_id, Shift.ended_at.is_(None))
            .values(shown_result_id=attempt.id if by == attempt.operator_id else None)
        )
    note_event(session, attempt.id, "settled", now)
    if about.has_line:
        ask_hang_up(session, attempt.id, now)


@dataclass(frozen=True, slots=True)
class _About:
    """What a result is judged by, as it is under the claim lock; `words`: how many were said of the call before."""

    attempt: CallAttempt
    client: Respondent
    campaign: CampaignRow
    words: int
    had_survey: bool
    has_line: bool


_other = aliased(CallAttempt)
_ABOUT = with_campaign(
    select(
        CallAttempt,
        Respondent,
        select(func.coalesce(func.max(AttemptOutcome.n), 0))
        .where(AttemptOutcome.attempt_id == CallAttempt.id)
        .scalar_subquery()
        .label("words"),
        or_(
            exists().where(_other.respondent_id == Respondent.id, _other.disposition.in_(INTERVIEWS)),
            exists().where(Interview.respondent_id == Respondent.id, Interview.replaced_at.is_(None)),
        ).label("had_survey"),
        exists().where(LineCommand.attempt_id == CallAttempt.id).label("has_line"),
    )
    .join(Respondent, Respondent.id == CallAttempt.respondent_id)
    .where(CallAttempt.id == bindparam("attempt", type_=Uuid()))
    .with_for_update(of=CallAttempt, key_share=True),
    CallAttempt.campaign_id,
)


def _about(session: Session, attempt_id: UUID) -> _About:
    """The call, locked on PostgreSQL as `own_open_call` locks it. Raises StaleError when there is none."""
    binds = {"attempt": attempt_id}
    row = session.execute(_ABOUT, binds, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise no_open_call()
    campaign = row_of(row)
    return _About(row.CallAttempt, row.Respondent, campaign, row.words, row.had_survey, row.has_line)


def _end_line(attempt: CallAttempt, row: Disposition, result: Result, now: datetime) -> dict[str, bool]:
    """Set when the line went down: at the hang-up, else as the operator says, else now.

    Returns which of the two, `answered` and `ended`, only this result says.
    """
    done = {}
    told = result.ended_at
    if result.talk_minutes is not None and attempt.answered_at is not None:
        told = attempt.answered_at + timedelta(minutes=result.talk_minutes)
    if attempt.answered_at is None and row.is_answer:
        attempt.answered_at = attempt.ended_at or now
        done["answered"] = True
    if attempt.ended_at is None:
        talked_since = attempt.answered_at
        if told is None and talked_since is not None and now - talked_since > LONG_TALK:
            raise DomainError("confirm_end", "Разговор идёт дольше 10 минут. Укажите, когда он закончился.")
        attempt.ended_at = min(max(told or now, attempt.answered_at or attempt.dialled_at), now)
        done["ended"] = True
    end_break(attempt, attempt.ended_at)
    return done


def _require_said(row: Disposition, result: Result, person: str) -> None:
    """Raises DomainError when the result lacks what it needs to be said with it."""
    if row.note_needed and not result.note.strip():
        raise DomainError("no_note", f"Для итога «{row.label}» напишите пояснение.")
    if row.code == "callback" and result.callback_at is None:
        raise DomainError("no_time", "Выберите день и время перезвона.")
    if row.code == "new_contact" and not (result.number.strip() or person.strip()):
        raise DomainError("no_number", "Запишите новый номер или имя другого контактного лица.")


def require_allowed(at: datetime, calendar: CallingCalendar | None, now: datetime) -> None:
    """Raises DomainError for a time that may not be promised to a client of this calendar."""
    if calendar is None or not is_allowed(at, now, calendar):
        raise DomainError("time_not_allowed", "В это время звонить нельзя: выберите время в окне звонков клиента.")


def take_for_answered(attempt: CallAttempt) -> None:
    """Nobody marked when the client answered: all of the call counts as talk until corrected, never too few seconds."""
    attempt.answered_at = attempt.ringing_at or attempt.dialled_at


def rang_for(attempt: CallAttempt, campaign: CampaignRow, until: datetime) -> timedelta:
    """How long the client's phone rang up to `until` (R13): from «Пошли гудки», else from the dial plus the set-up."""
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
