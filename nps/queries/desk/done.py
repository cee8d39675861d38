"""The call that is over: what was recorded of it, what follows, how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from nps.domain.disposition import TABLE
from nps.domain.local_time import when
from nps.domain.numbers import stopped_words
from nps.domain.script import Script
from nps.domain.why import Why
from nps.domain.wording import duration, why_text
from nps.models import AttemptOutcome, CallAttempt, Interview, Respondent, RespondentPhone
from nps.queries.desk import correcting
from nps.queries.desk.seat import Seat
from nps.queries.desk.steps import answers_in
from nps.queries.desk.views import FactsView
from nps.queries.together import Found, Lists

#: What was recorded of a call, for `Together`: bind `attempt`.
RESULT: Lists = {
    "interviews": select(Interview.rating, Interview.words).where(
        Interview.attempt_id == bindparam("attempt"), Interview.replaced_at.is_(None)
    ),
    "words": select(AttemptOutcome.n, AttemptOutcome.reason, AttemptOutcome.effects).where(
        AttemptOutcome.attempt_id == bindparam("attempt")
    ),
}


def last_words(session: Session, seat: Seat) -> str:
    """The operator's last call in a few words, for the way back to it; '' when its result is not his to correct."""
    attempt, why_not = correcting.last_call(session, seat.person.actor.id, seat.now)
    if attempt is None or why_not:
        return ""
    client = session.get_one(Respondent, attempt.respondent_id)
    return f"{TABLE[str(attempt.disposition)].label}, {client.organisation}"


def last_word(found: Found) -> Any:
    """The word about the call that holds."""
    return max(found["words"], key=lambda word: word.n)


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


def result_words(session: Session, seat: Seat, zone: str, script: Script, found: Found) -> tuple[str, str]:
    """What was recorded of the call whose result is shown, and what follows from it; times are those of `zone`."""
    attempt, client, now = seat.last, seat.client, seat.now
    assert attempt is not None and client is not None
    row = TABLE[str(attempt.disposition)]
    if found["interviews"]:
        return "Анкета сохранена", _said(found["interviews"][0], script, answers_in(found))
    reason = Why.from_json(client.next_reason)
    if reason.code == "stop_list":
        number = session.get(RespondentPhone, reason.params.get("phone_id") or 0)
        stopped = stopped_words(number.e164) if number is not None else why_text(reason, zone, now)
        return row.label, f"{stopped}: клиент считается отказом, снять запись может только руководитель."
    if client.state == "waiting":
        return row.label, _next_call(client, reason, zone, now)
    note = last_word(found).reason
    said = f"Пояснение: {note.rstrip('.')}." if note else ""
    return row.label, " ".join(part for part in (_FINAL.get(client.state, ""), said) if part)


_FINAL = {
    "refused": "Клиент больше не получит звонков этой волны.",
    "unsuccessful": "Третий звонок без ответа: клиент неуспешный.",
    "inactive": "Действующих номеров не осталось: клиент в списке «нужен новый номер».",
    "manager": "Что делать дальше, решит руководитель.",
}


def _said(interview: Any, script: Script, answers: Mapping[str, Any]) -> str:
    named = (script.reasons(answers) or {}).get("prompts", [])
    chosen = [prompt.label for prompt in script.reasons_prompts(answers) if prompt.id in named]
    reasons = f" Причины: {', '.join(chosen)}." if chosen else ""
    words = f" «{interview.words}»" if interview.words else ""
    return f"Оценка {interview.rating}.{reasons}{words}"


def _next_call(client: Respondent, reason: Why, zone: str, now: datetime) -> str:
    if reason.code == "no_region":
        return f"{why_text(reason, zone, now)}: его укажет руководитель."
    if client.next_call_at is None:
        return "Окна до конца проекта больше нет: клиент в списке «не успеваем»."
    text = f"Следующий звонок {when(client.next_call_at, zone, now)} у клиента"
    promised = reason.code == "callback" and reason.instant("at") == client.next_call_at
    return f"{text}." if promised else f"{text}. {why_text(reason, zone, now)}."
