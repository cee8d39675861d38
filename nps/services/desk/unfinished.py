"""A call its operator comes back to: he goes on, says when it ended, or leaves it to the manager (requirements §4)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from nps.domain.actor import Actor
from nps.domain.desk import told_end
from nps.domain.errors import DomainError
from nps.domain.local_time import Zone
from nps.services.call_queue import hold_for_manager
from nps.services.desk.answering import end_break
from nps.services.desk.calling import note_event, own_open_call
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.transaction import AnySession, lock_claims, write


def carry_on(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """The operator is back at his call: it goes on from the last saved answer."""
    with write(session) as s:
        own_open_call(s, actor, attempt_id).last_activity_at = now


def tell_end(
    session: AnySession,
    actor: Actor,
    attempt_id: UUID,
    minutes: int | None,
    on_clock: time | None,
    form: Form,
    now: datetime,
    office_zone: Zone,
) -> None:
    """Set when the line went down, as the operator remembers it; the result is still to be chosen.

    `minutes` since the answer (since the dial when nobody answered), else `on_clock` by the office's clock, else the
    last activity. Said again, the later word holds. Raises DomainError for an end that is still to come.
    """
    with write(session) as s:

        def act() -> dict[str, Any]:
            attempt = own_open_call(s, actor, attempt_id)
            since = attempt.answered_at or attempt.dialled_at
            ended = told_end(since, minutes, on_clock, office_zone) or attempt.ended_at or attempt.last_activity_at
            if ended > now + timedelta(minutes=1):
                raise DomainError("end_ahead", "Это время ещё не наступило. Укажите, когда разговор закончился.")
            attempt.ended_at = min(max(ended, since), now)
            end_break(attempt, attempt.ended_at)
            attempt.last_activity_at = now
            note_event(s, attempt_id, "ended", attempt.ended_at)
            return {}

        form.once(s, now, act)


def hand_over(session: AnySession, actor: Actor, attempt_id: UUID, note: str, form: Form, now: datetime) -> None:
    """Leave the result of a call to the manager; the operator is free for the next client.

    Nobody holds the client from here on. His claim keys stay until the manager settles the call: neither he nor anyone
    with his phones is given out before.
    """
    with write(session) as s:
        lock_claims(s)

        def act() -> dict[str, Any]:
            attempt = own_open_call(s, actor, attempt_id)
            attempt.handed_over_at = now
            attempt.note = note.strip()[:1000] or attempt.note
            hold_for_manager(s, attempt.respondent_id)
            record(
                s,
                at=now,
                action="call_handed_over",
                object_kind="call",
                object_id=attempt_id,
                actor_id=actor.id,
                campaign_id=attempt.campaign_id,
            )
            return {}

        form.once(s, now, act)
