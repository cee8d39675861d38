"""The call that is over: what was recorded of it, what follows, how long it took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.disposition import TABLE
from nps.domain.local_time import when
from nps.domain.numbers import stopped_words
from nps.domain.script import Script
from nps.domain.why import Why
from nps.domain.wording import duration, why_text
from nps.models import AttemptOutcome, CallAttempt, Interview, Respondent, RespondentPhone, Shift
from nps.queries.desk.views import FactsView


def undo_possible(session: Session, attempt: CallAttempt, client: Respondent, operator_id: int) -> bool:
    """Whether the operator may still correct this call: nobody has called the client since, nobody else has him."""
    newer = session.scalar(
        select(CallAttempt.id)
        .where(CallAttempt.respondent_id == client.id, CallAttempt.dialled_at > attempt.dialled_at)
        .limit(1)
    )
    return newer is None and client.held_by in (None, operator_id)


def last_to_correct(session: Session, shift: Shift) -> CallAttempt | None:
    """The operator's last call, if its result may still be corrected from this shift: until he dials again (§4)."""
    last = session.scalars(
        select(CallAttempt)
        .where(CallAttempt.operator_id == shift.user_id)
        .order_by(CallAttempt.dialled_at.desc())
        .limit(1)
    ).first()
    if last is None or last.closed_at is None or last.handed_over_at is not None:
        return None
    if last.campaign_id != shift.campaign_id or last.dialled_at < shift.started_at:
        return None
    client = session.get_one(Respondent, last.respondent_id)
    is_open = client.erased_at is None and undo_possible(session, last, client, shift.user_id)
    return last if is_open else None


def last_words(session: Session, shift: Shift) -> str:
    """That call in a few words, for the way back to it; '' when there is none."""
    last = last_to_correct(session, shift)
    if last is None:
        return ""
    client = session.get_one(Respondent, last.respondent_id)
    return f"{TABLE[str(last.disposition)].label}, {client.organisation}"


def call_facts(attempt: CallAttempt) -> FactsView:
    """How long a call with a result took: talk and survey are two figures (R14); wrap-up runs from its end."""
    survey_s = attempt.survey_ms // 1000
    if attempt.answered_at is None:
        length_s, words = attempt.ring_ms // 1000, "Гудки, разговора не было"
    elif attempt.consent_at is None:
        length_s, words = attempt.talk_ms // 1000, "Разговор, до опроса не дошло"
    else:
        length_s, words = attempt.talk_ms // 1000, f"Разговор, в нём опрос {duration(survey_s)}"
    ended = attempt.ended_at or attempt.last_activity_at
    return FactsView(duration(length_s), words, survey_s, ended_ms=int(ended.timestamp() * 1000))


def result_words(
    session: Session,
    attempt: CallAttempt,
    client: Respondent,
    zone: str,
    script: Script,
    answers: dict[str, Any],
    now: datetime,
) -> tuple[str, str]:
    """What was recorded, and what follows from it; times are those of `zone`."""
    row = TABLE[str(attempt.disposition)]
    interview = session.scalars(
        select(Interview).where(Interview.attempt_id == attempt.id, Interview.replaced_at.is_(None))
    ).one_or_none()
    if interview is not None:
        labels = {prompt.id: prompt.label for step in script.steps for prompt in step.prompts}
        chosen = [labels[p] for value in answers.values() if isinstance(value, dict) for p in value.get("prompts", [])]
        reasons = f" Причины: {', '.join(chosen)}." if chosen else ""
        words = f" «{interview.words}»" if interview.words else ""
        return "Анкета сохранена", f"Оценка {interview.rating}.{reasons}{words}"
    reason = Why.from_json(client.next_reason)
    if reason.code == "stop_list":
        number = session.get(RespondentPhone, reason.params.get("phone_id") or 0)
        stopped = stopped_words(number.e164) if number is not None else why_text(reason, zone, now)
        return row.label, f"{stopped}: клиент считается отказом, звонить ему больше не будут."
    if client.state == "waiting":
        if reason.code == "no_region":
            return row.label, f"{why_text(reason, zone, now)}: его укажет руководитель."
        if client.next_call_at is None:
            return row.label, "Окна до конца проекта больше нет: клиент в списке «не успеваем»."
        text = f"Следующий звонок {when(client.next_call_at, zone, now)} у клиента"
        promised = reason.code == "callback" and reason.instant("at") == client.next_call_at
        return row.label, f"{text}." if promised else f"{text}. {why_text(reason, zone, now)}."
    note = session.scalar(
        select(AttemptOutcome.reason)
        .where(AttemptOutcome.attempt_id == attempt.id)
        .order_by(AttemptOutcome.n.desc())
        .limit(1)
    )
    final = {
        "refused": "Клиент больше не получит звонков этой волны.",
        "unsuccessful": "Третий звонок без ответа: клиент неуспешный.",
        "inactive": "Действующих номеров не осталось: клиент в списке «нужен новый номер».",
        "manager": "Что делать дальше, решит руководитель.",
    }
    said = f"Пояснение: {note.rstrip('.')}." if note else ""
    return row.label, " ".join(part for part in (final.get(client.state, ""), said) if part)
