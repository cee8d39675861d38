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
from nps.models import AttemptOutcome, CallAttempt, Interview, Respondent, RespondentPhone
from nps.queries.desk import correcting
from nps.queries.desk.views import FactsView


def last_words(session: Session, operator_id: int, now: datetime) -> str:
    """The operator's last call in a few words, for the way back to it; '' when its result is not his to correct."""
    last = correcting.last_call(session, operator_id)
    if last is None or correcting.why_not(session, operator_id, last, now):
        return ""
    attempt = session.get_one(CallAttempt, last)
    client = session.get_one(Respondent, attempt.respondent_id)
    return f"{TABLE[str(attempt.disposition)].label}, {client.organisation}"


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
        return row.label, f"{stopped}: клиент считается отказом, снять запись может только руководитель."
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
