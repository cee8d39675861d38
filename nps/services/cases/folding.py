"""The fold of a client's history, written down: the only writer of his state and of his next call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from nps.domain.appointment import RESERVED
from nps.domain.calling_window import CallingCalendar
from nps.domain.case import CallRecord, CaseEvent, CasePolicy, PhoneState, QueueClass, State, Verdict, dead_phones, fold
from nps.models import Appointment, AttemptOutcome, CallAttempt, Campaign, Respondent, RespondentPhone
from nps.models import CaseEvent as CaseEventRow
from nps.queries import campaigns, numbers
from nps.queries.campaigns import CampaignRow
from nps.queries.together import Found, Lists, Together
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
    session: Session,
    respondent_id: int,
    campaign: CampaignRow,
    calendars: Mapping[str, CallingCalendar] | None = None,
) -> Verdict:
    """Decide the client's state and next call anew and write them. `calendars` are the campaign's, read when None.

    The appointment that is no longer the plan is closed, the one that is planned is written. Inside the caller's
    transaction; raises NoResultFound for a client there is none of.
    """
    return refold_many(session, [respondent_id], campaign, calendars)[0]


def still_to_call(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Clients of a campaign whose next step is still to be decided: by a call or by the manager."""
    return Respondent.campaign_id == campaign_id, Respondent.state.in_(("waiting", "manager"))


def said_not_now(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Clients who have said «не сейчас» without a time: the campaign's rule decides what that means."""
    said = select(CallAttempt.respondent_id).where(
        CallAttempt.campaign_id == campaign_id, CallAttempt.disposition == "soft_refusal"
    )
    return Respondent.campaign_id == campaign_id, Respondent.id.in_(said)


def steered(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Clients whom a campaign's calendar and rules decide: those still to call, and who has said «не сейчас».

    Without the latter a refusal made by the former rule would stand until a chance refold of that one client (ADR 67).
    """
    own, to_call = still_to_call(campaign_id)
    return own, or_(to_call, said_not_now(campaign_id)[1])


def refold_waiting(a: Act, campaign_id: int) -> int:
    """Decide anew all clients whom a change of windows, holidays, end or rules touches (§4). Returns how many.

    Inside the caller's act when they are few, else by `decide_rest`; see `refold_changed`.
    """
    a.s.flush()
    waiting = a.s.scalars(select(Respondent.id).where(*steered(campaign_id))).all()
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
    session: Session,
    respondent_ids: Sequence[int],
    campaign: CampaignRow,
    calendars: Mapping[str, CallingCalendar] | None = None,
) -> list[Verdict]:
    """`refold` of any number of clients of one campaign, in the order of their ids as given.

    Under the claim lock: two folds at once would each leave out what the other has appended.
    """
    require_claims(session)
    session.flush()
    verdicts = []
    for first in range(0, len(respondent_ids), CHUNK):
        cases, found = _read(session, respondent_ids[first : first + CHUNK], campaign)
        by_region = campaigns.calendars_of(campaign, found) if calendars is None else calendars
        decided = [_decide(session, case, campaign, by_region, numbers.listed_in(found)) for case in cases]
        # One number of a client is the next one: the former has to be written off before the new one is written.
        session.flush()
        for case, verdict in zip(cases, decided, strict=True):
            for phone in case.phones:
                phone.is_next = phone.id == verdict.phone_id
        session.flush()
        verdicts += decided
    return verdicts


def _read(session: Session, respondent_ids: Sequence[int], campaign: CampaignRow) -> tuple[list[_Case], Found]:
    """The cases in the order of their ids as given, and what decides them: two statements, however many they are."""
    rows = session.execute(
        select(Respondent, RespondentPhone, Appointment)
        .outerjoin(RespondentPhone, RespondentPhone.respondent_id == Respondent.id)
        .outerjoin(Appointment, and_(Appointment.respondent_id == Respondent.id, Appointment.state == "open"))
        .where(Respondent.id.in_(respondent_ids))
        .order_by(Respondent.id, RespondentPhone.position),
        execution_options={"populate_existing": True},
    )
    found = _FACTS.read(session, clients=respondent_ids, campaign=campaign.id, customer=campaign.customer_id)
    histories = _histories(found)
    cases: dict[int, _Case] = {}
    for client, phone, standing in rows:
        case = cases.setdefault(client.id, _Case(client, [], histories[client.id], standing))
        if phone is not None:
            case.phones.append(phone)
    return [cases[i] for i in respondent_ids], found


_CLIENTS: BindParameter[int] = bindparam("clients", expanding=True)
# Without a condition of its own the whole table of words would be grouped.
_last_words = (
    select(AttemptOutcome.attempt_id, func.max(AttemptOutcome.n).label("n"))
    .where(AttemptOutcome.attempt_id.in_(select(CallAttempt.id).where(CallAttempt.respondent_id.in_(_CLIENTS))))
    .group_by(AttemptOutcome.attempt_id)
    .subquery()
)
_HISTORIES: Lists = {
    "calls": select(
        CallAttempt.dialled_at,
        CallAttempt.respondent_id,
        CallAttempt.disposition,
        func.coalesce(CallAttempt.ended_at, CallAttempt.last_activity_at).label("ended_at"),
        CallAttempt.phone_id,
        CallAttempt.operator_id,
        CallAttempt.source,
        AttemptOutcome.callback_at,
    )
    .join(_last_words, _last_words.c.attempt_id == CallAttempt.id)
    .join(AttemptOutcome, and_(AttemptOutcome.attempt_id == CallAttempt.id, AttemptOutcome.n == _last_words.c.n))
    .where(CallAttempt.closed_at.is_not(None)),
    "events": select(
        CaseEventRow.id, CaseEventRow.respondent_id, CaseEventRow.kind, CaseEventRow.at, CaseEventRow.detail
    ).where(CaseEventRow.respondent_id.in_(_CLIENTS)),
}

_FACTS = Together(_HISTORIES, numbers.LISTED, campaigns.CALENDARS)


def _histories(rows: Found) -> Mapping[int, History]:
    """Everything that happened to each client: calls with the last word on each, and events."""
    found: dict[int, History] = defaultdict(list)
    for call in sorted(rows["calls"], key=lambda call: call.dialled_at):
        found[call.respondent_id].append(
            CallRecord(
                disposition=str(call.disposition),
                ended_at=call.ended_at,
                dialled_at=call.dialled_at,
                phone_id=call.phone_id,
                operator_id=call.operator_id,
                callback_at=call.callback_at,
                inbound=call.source == "inbound",
            )
        )
    for event in sorted(rows["events"], key=lambda event: event.id):
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
    (case,), found = _read(session, [respondent_id], campaign)
    case.history.append(CaseEvent(kind, at))
    return _fold(case, campaign, calendars, numbers.listed_in(found))[0]


def moved_by_other_rule(session: Session, campaign: CampaignRow) -> int:
    """How many clients the other rule of «не сейчас» would bring to another state; writes nothing."""
    other = replace(campaign, soft_refusal_final=not campaign.soft_refusal_final)
    ids = session.scalars(select(Respondent.id).where(*said_not_now(campaign.id)).order_by(Respondent.id)).all()
    moved = 0
    for first in range(0, len(ids), CHUNK):
        cases, found = _read(session, ids[first : first + CHUNK], campaign)
        by_region, listed = campaigns.calendars_of(campaign, found), numbers.listed_in(found)
        moved += sum(str(_fold(case, other, by_region, listed)[0].state) != case.client.state for case in cases)
    return moved


def _fold(
    case: _Case, campaign: CampaignRow, calendars: Mapping[str, CallingCalendar], stop: numbers.Listed
) -> tuple[Verdict, frozenset[int]]:
    """What the history makes of the client, and which of his numbers are dead."""
    client, dead = case.client, dead_phones(case.history)
    verdict = fold(
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
    return verdict, dead


def _decide(
    session: Session, case: _Case, campaign: CampaignRow, calendars: Mapping[str, CallingCalendar], stop: numbers.Listed
) -> Verdict:
    client = case.client
    verdict, dead = _fold(case, campaign, calendars, stop)
    for phone in case.phones:
        phone.state = "dead" if phone.id in dead else "live"
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
    kept = {"respondent_id": client.id, "attempt_id": promised_in, "owner_id": client.callback_owner_id}
    session.add(Appointment(**kept, at=planned, reserved_until=planned + RESERVED, state="open"))


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
    after: int | None = None,
    effects: Mapping[str, Any] | None = None,
) -> AttemptOutcome:
    """Add a word about how a call ended; it holds from now on. The caller folds.

    `after`: how many words there were, for who has counted them. `effects`: what it has done so far.
    """
    attempt.disposition = disposition
    if after is None:
        after = session.scalar(select(func.max(AttemptOutcome.n)).where(AttemptOutcome.attempt_id == attempt.id)) or 0
    word = AttemptOutcome(
        attempt_id=attempt.id,
        n=after + 1,
        disposition=disposition,
        callback_at=callback_at,
        source=source,
        by=by,
        at=at,
        reason=reason[:500],
        effects=dict(effects or {}),
    )
    session.add(word)
    session.flush()
    return word
