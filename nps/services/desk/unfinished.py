"""A call its operator comes back to: he goes on, says when it ended, or leaves it to the manager (requirements §4)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from nps.domain.actor import Actor
from nps.domain.desk import is_unfinished, told_end
from nps.domain.errors import DomainError
from nps.domain.local_time import Zone, clock
from nps.services.acting import act
from nps.services.call_queue import hold_for_manager
from nps.services.desk.answering import end_break
from nps.services.desk.calling import note_event, own_open_call
from nps.services.transaction import AnySession


def carry_on(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime) -> None:
    """The operator is back at his call: it goes on from the last saved answer."""
    with act(session, actor.id, now) as a:
        own_open_call(a.s, actor, attempt_id).last_activity_at = now


def tell_end(
    session: AnySession,
    actor: Actor,
    attempt_id: UUID,
    minutes: int | None,
    on_clock: time | None,
    now: datetime,
    office_zone: Zone,
) -> None:
    """Set when the line went down, as the operator remembers it; the result is still to be chosen.

    `minutes` since the answer (since the dial when nobody answered), else `on_clock` by the office's clock, else the
    last activity. Said again, the later word holds. Raises DomainError for an end that is still to come.
    """
    with act(session, actor.id, now) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        known = attempt.ended_at or attempt.last_activity_at
        if on_clock is not None and is_unfinished(attempt.answered_at, attempt.ended_at, attempt.last_activity_at, now):
            # Left as it was offered: the last activity to the second, not to the minute.
            on_clock = None if f"{on_clock:%H:%M}" == clock(known, office_zone) else on_clock
        since = attempt.answered_at or attempt.dialled_at
        ended = told_end(since, minutes, on_clock, office_zone) or known
        if ended > now + timedelta(minutes=1):
            raise DomainError("end_ahead", "Это время ещё не наступило. Укажите, когда разговор закончился.")
        attempt.ended_at = min(max(ended, since), now)
        end_break(attempt, attempt.ended_at)
        attempt.last_activity_at = now
        note_event(a.s, attempt_id, "ended", attempt.ended_at)


def hand_over(session: AnySession, actor: Actor, attempt_id: UUID, note: str, now: datetime) -> None:
    """Leave the result of a call to the manager; the operator is free for the next client.

    Nobody holds the client from here on. His claim keys stay until the manager settles the call: neither he nor anyone
    with his phones is given out before.
    """
    with act(session, actor.id, now, claims=True) as a:
        attempt = own_open_call(a.s, actor, attempt_id)
        attempt.handed_over_at = now
        attempt.note = note.strip()[:1000] or attempt.note
        hold_for_manager(a.s, attempt.respondent_id)
        a.record("call_handed_over", "call", attempt_id, campaign_id=attempt.campaign_id)
