"""The client's card: everything the operator reads before he decides to dial (R8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.calling_window import CallingCalendar
from nps.domain.dial_link import carries_extension, dial_link
from nps.domain.disposition import MOST_MISSES, TABLE
from nps.domain.escalation import STATE_WORDS as ESCALATION_WORDS
from nps.domain.escalation import State
from nps.domain.local_time import clock, when
from nps.domain.phone import show
from nps.domain.why import Why
from nps.domain.wording import NO_BREAK_SPACE, duration, why_text
from nps.models import Branch, CallAttempt, Escalation, EscalationNote, Region, Respondent, RespondentPhone, User
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.views import ClientView, HistoryLine, PhoneLine, QuestionLine, SiblingLine
from nps.queries.escalation_list import call_is_open
from nps.queries.numbers import next_number, numbers_of

STATE_WORDS = {
    "waiting": "ещё звонить",
    "manager": "ждёт руководителя",
    "surveyed": "опрошен",
    "refused": "отказался",
    "unsuccessful": "неуспешный",
    "inactive": "нет номера",
    "unreached": "не успели",
    "withdrawn": "отозван",
}

#: Why nobody waits for a window: a survey always does (R7).
_PURPOSES = {"demo": "демонстрация", "training": "тренировка"}
_SOON = timedelta(minutes=15)
_SIBLINGS_SHOWN = 6
_NOTES_SHOWN = 4
_QUESTIONS_SHOWN = 2


def client_card(
    session: Session,
    client: Respondent,
    campaign: CampaignRow,
    calendar: CallingCalendar | None,
    now: datetime,
    attempt: CallAttempt | None,
    office_zone: str,
) -> ClientView:
    """The card of a client at this moment; with `attempt`, of the call that is going on with him.

    Times are the client's, those of the office where his region is unknown.
    """
    phones = numbers_of(session, client.id)
    current = _current_phone(phones, attempt)
    region = session.get(Region, client.region_code) if client.region_code else None
    branch = session.get(Branch, client.branch_id) if client.branch_id else None
    zone = region.zone if region else office_zone
    kind, window, left = _window(calendar, campaign, now)
    # Dialled when the line is down, or when the client rang us, it would be a call that nobody knows of (R4, R8); an
    # invented client's number may be somebody's (R9).
    is_out = attempt is not None and attempt.ended_at is None and attempt.source != "inbound"
    may_be_dialled = is_out and campaign.purpose != "training"
    return ClientView(
        id=client.id,
        contact=client.contact,
        greeting_name=client.greeting_name,
        phone_text=show(current.e164, current.extension) if current else "номера нет",
        phone_link=_link(campaign, current) if may_be_dialled and current else None,
        dial_by_hand=current.extension if current and not carries_extension(campaign.dial_link) else "",
        organisation=client.organisation,
        inn=client.inn or "",
        branch=branch.name if branch else "не указано",
        region=region.name if region else "регион неизвестен",
        local_time=clock(now, zone) if region else "—",
        window_text=window,
        window_left_text=left,
        window_kind=kind,
        email=client.email,
        attempt_no=min(client.misses + 1, MOST_MISSES),
        attempts_max=MOST_MISSES,
        why_text=_sentence(why_text(Why.from_json(client.next_reason), zone, now)),
        history=_history(session, client, zone, now, attempt),
        siblings=_siblings(session, client),
        phones=[
            PhoneLine(
                show(phone.e164, phone.extension),
                live=phone.state == "live",
                current=current is not None and phone.id == current.id,
                next=phone.is_next,
            )
            for phone in phones
        ],
        notes=_notes(session, client, zone, now, attempt),
        questions=_questions(session, client, zone, now),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _link(campaign: CampaignRow, phone: RespondentPhone) -> str:
    return dial_link(campaign.dial_link, phone.e164, phone.extension)


def _current_phone(phones: Sequence[RespondentPhone], attempt: CallAttempt | None) -> RespondentPhone | None:
    if attempt is not None:
        return next((phone for phone in phones if phone.id == attempt.phone_id), None)
    return next_number(phones)


def _window(calendar: CallingCalendar | None, campaign: CampaignRow, now: datetime) -> tuple[str, str, str]:
    """Kind (ok, soon, closed) and two lines about the window of the client's region."""
    if calendar is None:
        return "closed", "регион неизвестен", "звонить нельзя"
    interval = calendar.interval_at(now)
    if interval is None:
        opening = calendar.next_opening(now)
        return (
            "closed",
            "окно закрыто",
            f"откроется {when(opening, calendar.zone, now)}" if opening else "окон больше нет",
        )
    if campaign.always_open:
        return "ok", "круглосуточно", _PURPOSES[campaign.purpose]
    left = interval.closes - now
    minutes = int(left.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    words = f"ещё {hours} ч {rest} мин" if hours else f"ещё {rest} мин"
    return "soon" if left <= _SOON else "ok", f"до {clock(interval.closes, calendar.zone)}", words


def _history(
    session: Session, client: Respondent, zone: str, now: datetime, attempt: CallAttempt | None
) -> list[HistoryLine]:
    rows = session.execute(
        select(CallAttempt, User.full_name)
        .join(User, User.id == CallAttempt.operator_id)
        .where(CallAttempt.respondent_id == client.id, CallAttempt.closed_at.is_not(None))
        .order_by(CallAttempt.dialled_at.desc())
        .limit(12)
    )
    lines = []
    for call, name in rows:
        if attempt is not None and call.id == attempt.id:
            continue
        label = TABLE[str(call.disposition)].label
        seconds = call.talk_ms // 1000 if call.answered_at else call.ring_ms // 1000
        length = f", разговор {duration(seconds)}" if call.answered_at else f", гудки {seconds}{NO_BREAK_SPACE}с"
        lines.append(HistoryLine(when(call.dialled_at, zone, now), label + length, short_name(name)))
    return lines


def _notes(session: Session, client: Respondent, zone: str, now: datetime, attempt: CallAttempt | None) -> list[str]:
    """What was written down about the client, and in his latest calls: «вчера в 14:20, Ольга М.: …»."""
    rows = session.execute(
        select(CallAttempt, User.full_name)
        .join(User, User.id == CallAttempt.operator_id)
        .where(CallAttempt.respondent_id == client.id, CallAttempt.note != "")
        .order_by(CallAttempt.dialled_at.desc())
        .limit(_NOTES_SHOWN)
    )
    said = [
        f"{when(call.dialled_at, zone, now)}, {short_name(name)}: {call.note}"
        for call, name in rows
        if attempt is None or call.id != attempt.id
    ]
    return [*said, client.note] if client.note else said


def _questions(session: Session, client: Respondent, zone: str, now: datetime) -> list[QuestionLine]:
    """His latest questions with the specialist's answer, and what the specialist asks to say or find out."""
    rows = session.execute(
        select(Escalation, call_is_open())
        .where(Escalation.respondent_id == client.id)
        .order_by(Escalation.id.desc())
        .limit(_QUESTIONS_SHOWN)
    ).all()
    asked = select(EscalationNote.text).where(EscalationNote.kind == "call").order_by(EscalationNote.id.desc()).limit(1)
    return [
        QuestionLine(
            when=when(row.created_at, zone, now),
            text=row.text,
            state=ESCALATION_WORDS[State(row.state)],
            answer=row.resolution,
            to_say=session.scalar(asked.where(EscalationNote.escalation_id == row.id)) or "" if to_call else "",
        )
        for row, to_call in rows
    ]


def short_name(full_name: str) -> str:
    """«Ольга Маркова» becomes «Ольга М.»."""
    first, *rest = full_name.split()
    return f"{first} {rest[0][0]}." if rest else first


def _siblings(session: Session, client: Respondent) -> list[SiblingLine]:
    if client.inn is None:
        return []
    rows = session.execute(
        select(Respondent.id, Respondent.contact, Respondent.organisation, Respondent.state, Respondent.held_by)
        .where(Respondent.campaign_id == client.campaign_id, Respondent.inn == client.inn, Respondent.id != client.id)
        .order_by(Respondent.id)
        .limit(_SIBLINGS_SHOWN)
    ).all()
    left_to_manager = handed_over(session, [row.id for row in rows])
    return [
        SiblingLine(row.contact or row.organisation, state_words(row.state, row.held_by, row.id in left_to_manager))
        for row in rows
    ]


def state_words(state: str, held_by: int | None, is_handed_over: bool) -> str:
    """Where a client stands, in a word or two."""
    if is_handed_over:
        return "решает руководитель"
    return "с ним говорят" if held_by is not None else STATE_WORDS[state]


def handed_over(session: Session, clients: Sequence[int]) -> set[int]:
    """Those of the clients whose last call waits for the manager's word (requirements §4): nobody calls them before."""
    waits = (CallAttempt.closed_at.is_(None), CallAttempt.handed_over_at.is_not(None))
    return set(session.scalars(select(CallAttempt.respondent_id).where(CallAttempt.respondent_id.in_(clients), *waits)))
