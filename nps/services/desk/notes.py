"""What the operator writes down beside the result."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from nps.domain.actor import Actor
from nps.domain.desk import TALK_PANELS
from nps.domain.errors import DomainError, StaleError
from nps.domain.wording import greeting_name as usual_greeting
from nps.models import CallAttempt, Respondent, UnsuitableAnswer
from nps.queries.interviews import talk_of
from nps.services.acting import act
from nps.services.desk.answering import end_break
from nps.services.desk.calling import own_open_call
from nps.services.erased import is_erased
from nps.services.transaction import AnySession, write


def keep_unsuitable(
    session: AnySession, actor: Actor, attempt_id: UUID, words: str, now: datetime, panel: str = ""
) -> None:
    """Keep what the client said that no answer fits, for the script's author (R18).

    `panel`: what it was said in, where that was not the step itself. The call goes on at its step. Raises DomainError
    without words, StaleError when the call has a result or is not his.
    """
    words = words.strip()
    if not words:
        raise DomainError("no_words", "Запишите, что сказал клиент.")
    with act(session, actor.id, now) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        script, answers = talk_of(a.s, attempt)
        a.s.add(
            UnsuitableAnswer(
                attempt_id=attempt_id,
                script_version_id=attempt.script_version_id,
                step=panel if panel in TALK_PANELS else script.current(answers).id,
                words=words[:2000],
                by=actor.id,
                at=now,
            )
        )
        end_break(attempt, now)


def rename(session: AnySession, actor: Actor, respondent_id: int, greeting_name: str) -> None:
    """Change how the greeting addresses the client on this desk (R17).

    An empty text goes back to his name and patronymic. Raises StaleError when the client is not his any more.
    """
    with write(session) as s:
        client = s.get(Respondent, respondent_id, populate_existing=True, with_for_update={"key_share": True})
        if client is None or client.held_by != actor.id:
            raise StaleError("not_held", "Этот клиент уже не у вас: обращение к нему не изменено.")
        client.greeting_name = " ".join(greeting_name.split())[:200] or usual_greeting(client.contact)


def save_note(session: AnySession, actor: Actor, attempt_id: UUID, text: str, now: datetime) -> None:
    """Keep the operator's note of his last call, also while it goes on; each text takes the place of the one before.

    Raises StaleError when he has dialled since, or the call is not his.
    """
    with write(session) as s:
        last = s.scalars(
            select(CallAttempt)
            .where(CallAttempt.operator_id == actor.id)
            .order_by(CallAttempt.dialled_at.desc())
            .limit(1)
            # The call before the client (ADR 54).
            .with_for_update(key_share=True)
        ).first()
        erased = last is not None and is_erased(s, last.respondent_id)
        if last is None or last.id != attempt_id or last.handed_over_at is not None or erased:
            raise StaleError("other_call", "Заметку можно писать, пока не начат следующий звонок.")
        last.note = text.strip()[:1000]
        if last.closed_at is None:
            last.last_activity_at = now
