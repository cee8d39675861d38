"""Taking the result of the last call back until the next dial (§4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from nps.domain.actor import Actor
from nps.domain.errors import StaleError
from nps.models import CallAttempt, Respondent
from nps.queries import campaigns
from nps.queries.desk import correcting
from nps.queries.telephony import call_line
from nps.services import cases
from nps.services.acting import Act, act
from nps.services.call_queue import free_lapsed, hold, release_shown
from nps.services.desk import effects
from nps.services.desk.calling import own_open_call
from nps.services.desk.questionnaire import keep_form
from nps.services.desk.settling import Result, result_row, settle_open, take_for_answered
from nps.services.transaction import AnySession


def reopen(session: AnySession, actor: Actor, attempt_id: UUID, now: datetime, *, was_answered: bool = False) -> None:
    """Take the result of the operator's last call back until his next dial: the call is open again with its answers.

    What the result has done goes with it; the earlier word stays in the history, and the next one is appended as a
    correction. `was_answered`: the client had answered, «Занято» was a slip: the call is a talk from here. Raises
    StaleError with the reason why it is too late.
    """
    with act(session, actor.id, now, claims=True) as a:
        attempt, done = _reopen(a, actor, attempt_id)
        if was_answered and attempt.answered_at is None:
            take_for_answered(attempt)
            if done.get("ended") and call_line(a.s, attempt_id) is None:
                # The slip itself said that the line was down: nothing else has, and the talk may go on.
                attempt.ended_at = None


def correct(session: AnySession, actor: Actor, attempt_id: UUID, result: Result, now: datetime) -> None:
    """Replace the result of the operator's last call by another in one step. Raises as `reopen` and `settle` do."""
    row = result_row(result)
    with act(session, actor.id, now, claims=True) as a:
        _reopen(a, actor, attempt_id)
        settle_open(a.s, own_open_call(a.s, actor, attempt_id), row, result, actor.id, "operator", now)


def _reopen(a: Act, actor: Actor, attempt_id: UUID) -> tuple[CallAttempt, dict[str, Any]]:
    """The call, open again, and what its result had done."""
    session, now = a.s, a.now
    attempt = session.get(CallAttempt, attempt_id, populate_existing=True, with_for_update={"key_share": True})
    free_lapsed(session, now)
    why_not = correcting.why_not(session, actor.id, attempt_id, now)
    if why_not or attempt is None:
        raise StaleError("too_late", why_not)
    client = session.get_one(Respondent, attempt.respondent_id, populate_existing=True)
    campaign = campaigns.campaign_row(session, attempt.campaign_id)
    release_shown(session, Respondent.held_by == actor.id)
    done = effects.take_back(session, client, attempt, campaign, by=actor.id, now=now)
    attempt.closed_at = attempt.disposition = None
    attempt.last_activity_at = now
    keep_form(session, client.id, now)
    cases.refold(session, client.id, campaign, campaigns.calendars(session, campaign))
    session.refresh(client)
    hold(session, client, actor.id, None, attempt_id.hex)
    a.record("call_reopened", "call", attempt_id, campaign_id=campaign.id)
    return attempt, done
