"""The result of a call."""

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
from nps.domain.desk import LONG_TALK, Heard, contradiction, contradiction_words
from nps.domain.disposition import TABLE, Disposition
from nps.domain.errors import DomainError
from nps.models import AttemptOutcome, CallAttempt, Respondent, Shift
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.services import cases
from nps.services.call_queue import release
from nps.services.desk import effects
from nps.services.desk.answering import end_break
from nps.services.desk.calling import note_event, own_open_call
from nps.services.desk.questionnaire import keep_form, what_lacks
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.telephony.commands import ask_hang_up
from nps.services.transaction import AnySession, lock_claims, write

_LACKING = {
    "rating": "Оценки ещё нет: задайте вопрос или выберите другой итог.",
    "reason": "При оценке от 1 до 8 нужна причина: отметьте подсказку или запишите слова клиента.",
}


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


def result_row(result: Result) -> Disposition:
    """The row of the table that the result names. Raises DomainError for a code there is none of."""
    row = TABLE.get(result.disposition)
    if row is None:
        raise DomainError("unknown_result", "Такого итога нет. Выберите итог из списка.")
    return row


def settle(
    session: AnySession, actor: Actor, attempt_id: UUID, result: Result, form: Form, now: datetime
) -> Verdict | None:
    """Record how a call ended, decide what the client becomes, and let go of him.

    Returns the verdict, None on a repeat of the form.

    Raises DomainError with a sentence when the result does not fit the call (rang too short, nobody answered, no
    time chosen …), StaleError when the call has a result already.
    """
    row = result_row(result)
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
    if row.code == "hung_up" and not what_lacks(session, attempt, TABLE["partial"]):
        row = TABLE["partial"]
    done = _end_line(attempt, row, result, now)
    heard = Heard(attempt.answered_at is not None, rang_for(attempt, campaign, attempt.ended_at or now))
    if code := contradiction(row.code, heard):
        raise DomainError(code, contradiction_words(row.code, heard))
    _require_said(row, result)
    if result.callback_at is not None:
        require_allowed(result.callback_at, calendars.get(client.region_code or ""), now)
    if lacking := what_lacks(session, attempt, row):
        raise DomainError(f"no_{lacking}", _LACKING[lacking])
    _count_times(attempt, campaign)
    if session.scalar(select(AttemptOutcome.id).where(AttemptOutcome.attempt_id == attempt.id).limit(1)) is not None:
        source = "correction" if source == "operator" else source
    attempt.closed_at = now
    word = cases.append_outcome(
        session, attempt, row.code, source=source, by=by, at=now, callback_at=result.callback_at,
        reason=result.note.strip(),
    )  # fmt: skip
    word.effects = done
    keep_form(session, client.id, now)
    effects.carry_out(session, client, attempt, campaign, word, number=result.number, person=result.person)
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
        session, at=now, action="call_settled", object_kind="call", object_id=attempt.id, actor_id=by,
        campaign_id=campaign.id, after={"disposition": row.code, "state": str(verdict.state)},
    )  # fmt: skip
    return verdict


def _end_line(attempt: CallAttempt, row: Disposition, result: Result, now: datetime) -> dict[str, bool]:
    """Set when the line went down: at the hang-up, else as the operator says, else now.

    Returns which of the two, `answered` and `ended`, only this result says.
    """
    done = {}
    if attempt.answered_at is None and row.is_answer:
        attempt.answered_at = attempt.ended_at or now
        done["answered"] = True
    if attempt.ended_at is None:
        talked_since = attempt.answered_at
        if result.ended_at is None and talked_since is not None and now - talked_since > LONG_TALK:
            raise DomainError("confirm_end", "Разговор идёт дольше 10 минут. Укажите, когда он закончился.")
        ended = result.ended_at or now
        attempt.ended_at = min(max(ended, attempt.answered_at or attempt.dialled_at), now)
        done["ended"] = True
    end_break(attempt, attempt.ended_at)
    return done


def _require_said(row: Disposition, result: Result) -> None:
    """Raises DomainError when the result lacks what it needs to be said with it."""
    if row.note_needed and not result.note.strip():
        raise DomainError("no_note", f"Для итога «{row.label}» напишите пояснение.")
    if row.code == "callback" and result.callback_at is None:
        raise DomainError("no_time", "Выберите день и время перезвона.")
    if row.code == "new_contact" and not (result.number.strip() or result.person.strip()):
        raise DomainError("no_number", "Запишите новый номер или имя другого контактного лица.")


def require_allowed(at: datetime, calendar: CallingCalendar | None, now: datetime) -> None:
    """Raises DomainError for a time that may not be promised to a client of this calendar."""
    if calendar is None or not is_allowed(at, now, calendar):
        raise DomainError("time_not_allowed", "В это время звонить нельзя: выберите время в окне звонков клиента.")


def take_for_answered(attempt: CallAttempt) -> None:
    """Nobody marked when the client answered: all of the call counts as talk until corrected, never too few seconds."""
    attempt.answered_at = attempt.ringing_at or attempt.dialled_at


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
