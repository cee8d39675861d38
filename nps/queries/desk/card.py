"""The client's card: everything the operator reads before he decides to dial (R8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from nps.domain.calling_window import CallingCalendar
from nps.domain.dial_link import carries_extension, dial_link
from nps.domain.disposition import MOST_MISSES, TABLE
from nps.domain.escalation import STATE_WORDS as ESCALATION_WORDS
from nps.domain.escalation import State
from nps.domain.local_time import clock, when
from nps.domain.phone import show
from nps.domain.why import Why
from nps.domain.wording import NO_BREAK_SPACE, STATE_WORDS, duration, short_name, why_text
from nps.models import CallAttempt, Escalation, EscalationNote, Respondent, User
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import Card, HistoryLine, Number, PhoneLine, QuestionLine, SiblingLine
from nps.queries.escalation_list import call_is_open
from nps.queries.numbers import NUMBERS, next_number
from nps.queries.together import Found, Lists

#: Why nobody waits for a window: a survey always does (R7).
_PURPOSES = {"demo": "демонстрация", "training": "тренировка"}
_SOON = timedelta(minutes=15)
_HISTORY_SHOWN = 12
_SIBLINGS_SHOWN = 6
_NOTES_SHOWN = 4
_QUESTIONS_SHOWN = 2


def is_handed_over(client: Any) -> Any:
    """Whether the last call of a client waits for the manager's word (requirements §4): nobody calls him before."""
    waits = (CallAttempt.closed_at.is_(None), CallAttempt.handed_over_at.is_not(None))
    return exists().where(CallAttempt.respondent_id == client, *waits)


_asked_last = (
    select(EscalationNote.text)
    .where(EscalationNote.kind == "call", EscalationNote.escalation_id == Escalation.id)
    .order_by(EscalationNote.id.desc())
    .limit(1)
    .scalar_subquery()
)
_own, _sibling = aliased(Respondent), aliased(Respondent)
#: What the card says of others and of before, for `Together`: bind `client`.
CARD: Lists = {
    **NUMBERS,
    "calls": select(
        CallAttempt.dialled_at,
        CallAttempt.id,
        CallAttempt.closed_at,
        CallAttempt.disposition,
        CallAttempt.answered_at,
        CallAttempt.talk_ms,
        CallAttempt.ring_ms,
        CallAttempt.note,
        User.full_name,
    )
    .join(User, User.id == CallAttempt.operator_id)
    .where(
        CallAttempt.respondent_id == bindparam("client"),
        or_(CallAttempt.closed_at.is_not(None), CallAttempt.note != ""),
    ),
    "siblings": select(
        _sibling.id,
        _sibling.contact,
        _sibling.organisation,
        _sibling.state,
        _sibling.held_by,
        is_handed_over(_sibling.id).label("is_handed_over"),
    )
    .join(_own, (_own.campaign_id == _sibling.campaign_id) & (_own.inn == _sibling.inn) & (_own.id != _sibling.id))
    .where(_own.id == bindparam("client"))
    .order_by(_sibling.id)
    .limit(_SIBLINGS_SHOWN),
    "questions": select(
        Escalation.id,
        Escalation.created_at,
        Escalation.text,
        Escalation.state,
        Escalation.resolution,
        call_is_open().label("to_call"),
        _asked_last.label("asked"),
    )
    .where(Escalation.respondent_id == bindparam("client"))
    .order_by(Escalation.id.desc())
    .limit(_QUESTIONS_SHOWN),
}


def number_of(seat: Seat, found: Found) -> Number:
    """The number that is called, else the next one to call, with the link to dial it by."""
    call, campaign = seat.call or seat.last, seat.campaign
    numbers = sorted(found["numbers"])
    if call is not None and seat.state != "ready":
        shown = next((number for number in numbers if number.id == call.phone_id), None)
    else:
        shown = next_number(numbers)
    if shown is None or campaign is None:
        return Number(0, "номера нет")
    # Dialled when the line is down, or when the client rang us, it would be a call that nobody knows of (R4, R8); an
    # invented client's number may be somebody's (R9).
    is_out = seat.call is not None and seat.call.ended_at is None and seat.call.source != "inbound"
    link = dial_link(campaign.dial_link, shown.e164, shown.extension)
    return Number(
        shown.id,
        show(shown.e164, shown.extension),
        link=link if is_out and campaign.purpose != "training" else None,
        by_hand="" if carries_extension(campaign.dial_link) else shown.extension,
        words=shown.words,
    )


def client_card(seat: Seat, calendar: CallingCalendar | None, number: Number, found: Found) -> Card:
    """The card of the client at this desk. Times are his, those of the office where his region is unknown."""
    client, campaign, region, now = seat.client, seat.campaign, seat.region, seat.now
    assert client is not None and campaign is not None
    zone = region.zone if region else seat.person.office_zone
    kind, window, left = _window(calendar, campaign, now)
    shown = None if seat.state == "ready" else seat.call or seat.last
    shown_id, calls = shown.id if shown else None, sorted(found["calls"], reverse=True)
    return Card(
        branch=seat.branch or "не указано",
        region=region.name if region else "регион неизвестен",
        local_time=clock(now, zone) if region else "—",
        window_text=window,
        window_left_text=left,
        window_kind=kind,
        attempt_no=min(client.misses + 1, MOST_MISSES),
        attempts_max=MOST_MISSES,
        why_text=_sentence(why_text(Why.from_json(client.next_reason), zone, now)),
        history=_history(calls, shown_id, zone, now),
        siblings=[
            SiblingLine(row.contact or row.organisation, state_words(row.state, row.held_by, row.is_handed_over))
            for row in sorted(found["siblings"])
        ],
        phones=[
            PhoneLine(show(row.e164, row.extension), row.state == "live", row.id == number.id, row.is_next, row.words)
            for row in sorted(found["numbers"])
        ],
        notes=_notes(calls, shown_id, client, zone, now),
        questions=_questions(found["questions"], zone, now),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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


def _history(calls: Sequence[Any], but: UUID | None, zone: str, now: datetime) -> list[HistoryLine]:
    lines = []
    for call in [call for call in calls if call.closed_at is not None][:_HISTORY_SHOWN]:
        if call.id == but:
            continue
        label = TABLE[str(call.disposition)].label
        seconds = call.talk_ms // 1000 if call.answered_at else call.ring_ms // 1000
        length = f", разговор {duration(seconds)}" if call.answered_at else f", гудки {seconds}{NO_BREAK_SPACE}с"
        lines.append(HistoryLine(when(call.dialled_at, zone, now), label + length, short_name(call.full_name)))
    return lines


def _notes(calls: Sequence[Any], but: UUID | None, client: Respondent, zone: str, now: datetime) -> list[str]:
    """What was written down about the client, and in his latest calls: «вчера в 14:20, Ольга М.: …»."""
    said = [
        f"{when(call.dialled_at, zone, now)}, {short_name(call.full_name)}: {call.note}"
        for call in [call for call in calls if call.note][:_NOTES_SHOWN]
        if call.id != but
    ]
    return [*said, client.note] if client.note else said


def _questions(rows: Sequence[Any], zone: str, now: datetime) -> list[QuestionLine]:
    """His latest questions with the specialist's answer, and what the specialist asks to say or find out."""
    return [
        QuestionLine(
            when=when(row.created_at, zone, now),
            text=row.text,
            state=ESCALATION_WORDS[State(row.state)],
            answer=row.resolution,
            to_say=(row.asked or "") if row.to_call else "",
        )
        for row in sorted(rows, reverse=True)
    ]


def state_words(state: str, held_by: int | None, is_handed_over: bool) -> str:
    """Where a client stands, in a word or two."""
    if is_handed_over:
        return "решает руководитель"
    return "с ним говорят" if held_by is not None else STATE_WORDS[state]
