"""The fold of a client's history, written down: the only writer of his state and of his next call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from nps.domain.appointment import RESERVED
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import (
    CallRecord,
    CaseEvent,
    CasePolicy,
    PhoneState,
    QueueClass,
    State,
    Verdict,
    dead_phones,
    fold,
)
from nps.models import Appointment, AttemptOutcome, CallAttempt, Campaign, Respondent, RespondentPhone
from nps.models import CaseEvent as CaseEventRow
from nps.queries import campaigns, numbers
from nps.queries.campaigns import CampaignRow
from nps.services.acting import Act
from nps.services.transaction import require_claims

#: Cases read together: few enough for the parameters of one statement on either engine.
CHUNK = 500
#: Clients decided anew in one transaction for the whole campaign's sake: others wait no longer than that.
TURN = 200

History = list[CallRecord | CaseEvent]


@dataclass(slots=True)
class _Case:
    """All that is known of one client."""

    client: Respondent
    phones: list[RespondentPhone]
    history: History
    standing: Appointment | None


def spread_of(respondent_id: int) -> float:
    """Where in a half of a day this client's turn is, in [0, 1): stable, and even over the base."""
    return crc32(str(respondent_id).encode()) / 2**32


def refold(
    session: Session, respondent_id: int, campaign: CampaignRow, calendars: Mapping[str, CallingCalendar]
) -> Verdict:
    """Decide the client's state and next call anew and write them.

    The appointment that is no longer the plan is closed, the one that is planned is written. Inside the caller's
    transaction; raises NoResultFound for a client there is none of.
    """
    return refold_many(session, [respondent_id], campaign, calendars)[0]


def still_to_call(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Clients of a campaign whose next step is still to be decided: by a call or by the manager."""
    return Respondent.campaign_id == campaign_id, Respondent.state.in_(("waiting", "manager"))


def refold_waiting(a: Act, campaign_id: int) -> int:
    """Decide all clients still to call anew, after a change of windows, holidays, end or rules (§4). Returns how many.

    Inside the caller's act when they are few, else by `decide_rest`; see `refold_changed`.
    """
    a.s.flush()
    waiting = a.s.scalars(select(Respondent.id).where(*still_to_call(campaign_id))).all()
    refold_changed(a.s, campaign_id, waiting)
    count = {"clients": len(waiting)}
    a.record("queue_recomputed", "campaign", campaign_id, campaign_id=campaign_id, after=count)
    return len(waiting)


def refold_changed(session: Session, campaign_id: int, respondent_ids: Sequence[int]) -> None:
    """Decide clients anew whose calendar or rules have changed: here and now, or mark the campaign when they are many.

    A marked one is gone through by `decide_rest` on the line after the transaction, and by the sweeper if that is cut.
    Claim and dial look at the calendar themselves: nobody is called outside a window meanwhile.
    """
    if len(respondent_ids) > TURN:
        session.execute(update(Campaign).where(Campaign.id == campaign_id).values(undecided_after=0))
        return
    campaign = campaigns.campaign_row(session, campaign_id)
    refold_many(session, respondent_ids, campaign, campaigns.calendars(session, campaign))


def refold_many(
    session: Session, respondent_ids: Sequence[int], campaign: CampaignRow, calendars: Mapping[str, CallingCalendar]
) -> list[Verdict]:
    """`refold` of any number of clients of one campaign, in the order of their ids as given.

    Under the claim lock: two folds at once would each leave out what the other has appended.
    """
    require_claims(session)
    session.flush()
    verdicts = []
    for first in range(0, len(respondent_ids), CHUNK):
        cases = _read(session, respondent_ids[first : first + CHUNK])
        stop = numbers.listed(session, campaign.customer_id, [case.client.id for case in cases])
        decided = [_decide(session, case, campaign, calendars, stop) for case in cases]
        # One number of a client is the next one: the former has to be written off before the new one is written.
        session.flush()
        for case, verdict in zip(cases, decided, strict=True):
            for phone in case.phones:
                phone.is_next = phone.id == verdict.phone_id
        session.flush()
        verdicts += decided
    return verdicts


def _read(session: Session, respondent_ids: Sequence[int]) -> list[_Case]:
    """The cases in the order of their ids as given: five statements, however many they are."""
    fresh = {"populate_existing": True}
    clients = {
        client.id: client
        for client in session.scalars(
            select(Respondent).where(Respondent.id.in_(respondent_ids)), execution_options=fresh
        )
    }
    phones: dict[int, list[RespondentPhone]] = defaultdict(list)
    for phone in session.scalars(
        select(RespondentPhone)
        .where(RespondentPhone.respondent_id.in_(respondent_ids))
        .order_by(RespondentPhone.respondent_id, RespondentPhone.position)
    ):
        phones[phone.respondent_id].append(phone)
    histories = _histories(session, respondent_ids)
    standing = {
        appointment.respondent_id: appointment
        for appointment in session.scalars(
            select(Appointment).where(Appointment.respondent_id.in_(respondent_ids), Appointment.state == "open")
        )
    }
    return [_Case(clients[i], phones[i], histories[i], standing.get(i)) for i in respondent_ids]


def _histories(session: Session, respondent_ids: Sequence[int]) -> Mapping[int, History]:
    """Everything that happened to each client: calls with the last word on each, and events."""
    own = select(CallAttempt.id).where(CallAttempt.respondent_id.in_(respondent_ids))
    last = (
        select(AttemptOutcome.attempt_id, func.max(AttemptOutcome.n).label("n"))
        # Without this the whole table would be grouped.
        .where(AttemptOutcome.attempt_id.in_(own))
        .group_by(AttemptOutcome.attempt_id)
        .subquery()
    )
    calls = session.execute(
        select(CallAttempt, AttemptOutcome.callback_at)
        .join(last, last.c.attempt_id == CallAttempt.id)
        .join(AttemptOutcome, (AttemptOutcome.attempt_id == CallAttempt.id) & (AttemptOutcome.n == last.c.n))
        .where(CallAttempt.closed_at.is_not(None))
        .order_by(CallAttempt.dialled_at)
    )
    found: dict[int, History] = defaultdict(list)
    for attempt, callback_at in calls:
        found[attempt.respondent_id].append(
            CallRecord(
                disposition=str(attempt.disposition),
                ended_at=attempt.ended_at or attempt.last_activity_at,
                dialled_at=attempt.dialled_at,
                phone_id=attempt.phone_id,
                operator_id=attempt.operator_id,
                callback_at=callback_at,
                inbound=attempt.source == "inbound",
            )
        )
    events = select(CaseEventRow).where(CaseEventRow.respondent_id.in_(respondent_ids)).order_by(CaseEventRow.id)
    for event in session.scalars(events):
        found[event.respondent_id].append(CaseEvent(event.kind, event.at, event.detail, event.id))
    return found


def foreseen(
    session: Session,
    respondent_id: int,
    kind: str,
    at: datetime,
    campaign: CampaignRow,
    calendars: Mapping[str, CallingCalendar],
) -> Verdict:
    """What an event of this kind would make of the client; writes nothing."""
    session.flush()
    case = _read(session, [respondent_id])[0]
    case.history.append(CaseEvent(kind, at))
    return _fold(case, campaign, calendars, numbers.listed(session, campaign.customer_id, [respondent_id]))


def _fold(
    case: _Case, campaign: CampaignRow, calendars: Mapping[str, CallingCalendar], stop: numbers.Listed
) -> Verdict:
    client, dead = case.client, dead_phones(case.history)
    return fold(
        case.history,
        [PhoneState(phone.id, phone.id not in dead, stop.numbers.get(phone.e164)) for phone in case.phones],
        CasePolicy(
            calendar=calendars.get(client.region_code or ""),
            soft_refusal_final=campaign.soft_refusal_final,
            spread=spread_of(client.id),
            organisation_stopped_at=stop.organisations.get(client.inn or ""),
        ),
        client.loaded_at,
    )


def _decide(
    session: Session,
    case: _Case,
    campaign: CampaignRow,
    calendars: Mapping[str, CallingCalendar],
    stop: numbers.Listed,
) -> Verdict:
    client, dead = case.client, dead_phones(case.history)
    for phone in case.phones:
        phone.state = "dead" if phone.id in dead else "live"
    verdict = _fold(case, campaign, calendars, stop)
    for phone in case.phones:
        phone.is_next = phone.is_next and phone.id == verdict.phone_id
    client.state = str(verdict.state)
    client.queue_class = None if verdict.queue_class is None else int(verdict.queue_class)
    client.next_call_at = verdict.due
    client.next_reason = verdict.why.as_json()
    client.misses = verdict.misses
    client.callback_owner_id = verdict.owner_id if verdict.queue_class is QueueClass.CALLBACK else None
    client.reserved_until = verdict.due + RESERVED if client.callback_owner_id and verdict.due else None
    client.withdrawn_at = client.withdrawn_at if verdict.state is State.WITHDRAWN else None
    _keep_appointment(session, case)
    return verdict


def _keep_appointment(session: Session, case: _Case) -> None:
    """The open appointment is the promise the client waits for now; an earlier one was kept, missed or dropped."""
    client, standing = case.client, case.standing
    planned = client.next_call_at if client.callback_owner_id is not None else None
    if standing is not None:
        if planned is not None and standing.at == planned and standing.owner_id == client.callback_owner_id:
            return
        later = [item for item in case.history if isinstance(item, CallRecord) and item.ended_at > standing.at]
        answered = bool(later) and later[-1].result.conversation
        standing.state = "kept" if answered else "missed" if later else "dropped"
        session.flush()
    if planned is None or client.callback_owner_id is None:
        return
    promised_in = session.scalars(
        select(AttemptOutcome.attempt_id)
        .join(CallAttempt, CallAttempt.id == AttemptOutcome.attempt_id)
        .where(CallAttempt.respondent_id == client.id, AttemptOutcome.callback_at.is_not(None))
        .order_by(AttemptOutcome.id.desc())
    ).first()
    if promised_in is None:
        return
    same = session.scalars(
        select(Appointment)
        .where(Appointment.attempt_id == promised_in, Appointment.at == planned)
        .where(Appointment.respondent_id == client.id, Appointment.owner_id == client.callback_owner_id)
        .limit(1)
    ).first()
    if same is not None:
        # A later call was taken back, and the client waits for the same promise again: it is still one.
        same.state = "open"
        return
    session.add(
        Appointment(
            respondent_id=client.id,
            attempt_id=promised_in,
            at=planned,
            owner_id=client.callback_owner_id,
            reserved_until=planned + RESERVED,
            state="open",
        )
    )


def add_event(
    session: Session,
    respondent_id: int,
    kind: str,
    *,
    at: datetime,
    by: int | None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Append an event of the case and return its id; the caller folds afterwards."""
    event = CaseEventRow(respondent_id=respondent_id, kind=kind, at=at, by=by, reason=reason, detail=detail or {})
    session.add(event)
    session.flush()
    return event.id


def append_outcome(
    session: Session,
    attempt: CallAttempt,
    disposition: str,
    *,
    source: str,
    by: int | None,
    at: datetime,
    callback_at: datetime | None = None,
    reason: str = "",
) -> AttemptOutcome:
    """Add a word about how a call ended; it holds from now on. The caller folds."""
    attempt.disposition = disposition
    last = session.scalar(select(func.max(AttemptOutcome.n)).where(AttemptOutcome.attempt_id == attempt.id)) or 0
    word = AttemptOutcome(
        attempt_id=attempt.id,
        n=last + 1,
        disposition=disposition,
        callback_at=callback_at,
        source=source,
        by=by,
        at=at,
        reason=reason[:500],
        effects={},
    )
    session.add(word)
    session.flush()
    return word
