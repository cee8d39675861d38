"""What a result does beside the client's own state, and taking that back together with the result (R21, §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, PhoneError
from nps.domain.phone_text import parse_phone
from nps.domain.sample import StopEntry
from nps.domain.search import fold
from nps.models import AttemptOutcome, CallAttempt, CaseEvent, Respondent, RespondentPhone, StopList
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.services import cases, stop_list
from nps.services.journal import record

#: Why a stop-list entry or an event is gone, as the history of the client has it.
_TAKEN_BACK = "Итог звонка, по которому это записано, исправлен"
_ASKED_NOT_TO = "Просьба клиента"


def carry_out(
    session: Session,
    client: Respondent,
    attempt: CallAttempt,
    campaign: CampaignRow,
    word: AttemptOutcome,
    *,
    number: str = "",
    person: str = "",
) -> None:
    """Do what the last word about a call does beside its client's state, and keep with it what was done.

    `number` and `person`: of «дали новый номер». Raises DomainError for a number that is none. The caller folds.
    """
    done: dict[str, Any] = dict(word.effects)
    by, at = word.by or attempt.operator_id, word.at
    if word.disposition == "new_contact":
        done |= _new_contact(session, client, number.strip(), person.strip(), by, at)
    elif word.disposition == "do_not_call":
        said = StopEntry(attempt.e164)
        entered = stop_list.enter(session, campaign, [said], word.reason or _ASKED_NOT_TO, by=by, at=at)
        done["stop_entry"] = next(iter(entered), None)
    elif word.disposition == "refused_org":
        asked = cases.organisation_refused(session, client, campaign, by=by, at=at)
        done["asked"] = [[sibling, event] for sibling, event in asked.items()]
    word.effects = done
    session.flush()


def _new_contact(
    session: Session, client: Respondent, number: str, person: str, by: int, at: datetime
) -> dict[str, Any]:
    done: dict[str, Any] = {}
    if person:
        before = {"contact": client.contact, "greeting_name": client.greeting_name, "note": client.note}
        cases.change_contact(session, client, person, by=by, at=at)
        done["contact"] = {**before, "given": client.contact}
    if number:
        try:
            parse_phone(number)
        except PhoneError as error:
            raise DomainError("bad_number", error.message) from error
        known = session.scalars(select(RespondentPhone.id).where(RespondentPhone.respondent_id == client.id)).all()
        earlier = _events_of(session, client.id)
        phone = cases.add_number(session, client, number, source="call", at=at, by=by)
        events = [event for event in _events_of(session, client.id) if event not in earlier]
        done["number"] = {"phone_id": phone.id, "events": events, "is_new": phone.id not in known}
    return done


def _events_of(session: Session, respondent_id: int) -> Sequence[int]:
    return session.scalars(select(CaseEvent.id).where(CaseEvent.respondent_id == respondent_id)).all()


def take_back(
    session: Session, client: Respondent, attempt: CallAttempt, campaign: CampaignRow, *, by: int, now: datetime
) -> dict[str, Any]:
    """Withdraw what the last word about a call has done, and nothing that stood before it or was decided since.

    The stop-list entry it made is lifted, siblings whom it sent to the manager and he has not decided on go back to
    where they were, the contact is the former one again. A number it brought is forgotten: nobody has dialled it, and
    what was taken back may be a slip of the finger, a stranger's number. One known before only is first no more. The
    caller folds the client. Returns what had been done.
    """
    word = _last_word(session, attempt)
    done, word.effects = dict(word.effects), {}
    if done.get("answered") and attempt.source != "exchange":
        attempt.answered_at = None
    entry = session.get(StopList, done["stop_entry"]) if done.get("stop_entry") else None
    if entry is not None and entry.lifted_at is None:
        stop_list.take_off(session, campaign, entry, by, _TAKEN_BACK, now, action="stop_list_taken_back")
    if done.get("asked"):
        _let_siblings_go(session, client, attempt, campaign, done["asked"], by, now)
    if "number" in done:
        _forget_number(session, client, campaign, done["number"], by, now)
    if "contact" in done:
        _restore_contact(session, client, campaign, done["contact"], by, now)
    session.flush()
    return done


def _last_word(session: Session, attempt: CallAttempt) -> AttemptOutcome:
    """The word about a call that holds. Raises NoResultFound for a call that never had one."""
    words = select(AttemptOutcome).where(AttemptOutcome.attempt_id == attempt.id)
    return session.scalars(words.order_by(AttemptOutcome.n.desc()).limit(1)).one()


def _let_siblings_go(
    session: Session,
    client: Respondent,
    attempt: CallAttempt,
    campaign: CampaignRow,
    asked: Sequence[Sequence[int]],
    by: int,
    now: datetime,
) -> None:
    refused_too = session.scalar(
        select(CallAttempt.id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .where(Respondent.campaign_id == campaign.id, Respondent.inn == client.inn)
        .where(CallAttempt.disposition == "refused_org", CallAttempt.id != attempt.id)
        .limit(1)
    )
    if refused_too is not None:
        # Another contact has refused for the organisation as well: the question stays with the manager.
        return
    freed = []
    for sibling_id, event_id in asked:
        sibling = session.get_one(Respondent, sibling_id, populate_existing=True)
        since = select(CaseEvent.id).where(CaseEvent.respondent_id == sibling_id, CaseEvent.id > event_id).limit(1)
        waits = sibling.state == "manager" and sibling.next_reason.get("reason") == "organisation"
        if waits and session.scalar(since) is None:
            _drop_event(session, sibling_id, event_id, by, now)
            freed.append(sibling_id)
    cases.refold_many(session, freed, campaign, campaigns.calendars(session, campaign))
    record(
        session, at=now, action="organisation_taken_back", object_kind="respondent", object_id=client.id,
        actor_id=by, campaign_id=campaign.id, after={"clients": len(freed)},
    )  # fmt: skip


def _drop_event(session: Session, respondent_id: int, event_id: int, by: int, now: datetime) -> None:
    cases.add_event(
        session, respondent_id, "taken_back", at=now, by=by, reason=_TAKEN_BACK, detail={"event_id": event_id}
    )


def _forget_number(
    session: Session, client: Respondent, campaign: CampaignRow, given: Mapping[str, Any], by: int, now: datetime
) -> None:
    for event_id in given["events"]:
        _drop_event(session, client.id, event_id, by, now)
    phone = session.get(RespondentPhone, given["phone_id"])
    if phone is not None:
        client.search_fold = client.search_fold.removesuffix(f" {phone.e164}")
        called = select(CallAttempt.id).where(CallAttempt.phone_id == phone.id).limit(1)
        if given["is_new"] and session.scalar(called) is None:
            session.delete(phone)
    session.flush()
    record(
        session, at=now, action="number_taken_back", object_kind="respondent", object_id=client.id,
        actor_id=by, campaign_id=campaign.id, after={"phone_id": given["phone_id"]},
    )  # fmt: skip


def _restore_contact(
    session: Session, client: Respondent, campaign: CampaignRow, before: Mapping[str, str], by: int, now: datetime
) -> None:
    if client.contact != before["given"]:
        return
    client.search_fold = client.search_fold.removesuffix(f" {fold(client.contact)}")
    client.contact, client.greeting_name, client.note = before["contact"], before["greeting_name"], before["note"]
    record(
        session, at=now, action="contact_changed", object_kind="respondent", object_id=client.id,
        actor_id=by, campaign_id=campaign.id,
    )  # fmt: skip
