"""Finding a client of a campaign by part of a phone, INN or name (requirements §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.local_time import when
from nps.domain.phone import digits, show
from nps.domain.search import fold
from nps.models import Region, Respondent
from nps.queries.desk.card import is_handed_over, state_words
from nps.queries.numbers import numbers_shown

#: Any four digits of a number or an INN, or any three letters.
FEWEST_DIGITS, FEWEST_LETTERS = 4, 3
_NUMBER = re.compile(r"[\d\s()+.-]+")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class FoundClient:
    """A line of the search."""

    id: int
    contact: str
    organisation: str
    inn: str
    phone_text: str
    region: str
    state_text: str


def is_too_short(query: str) -> bool:
    """Whether the text would find too many: fewer than four digits, or three signs with letters among them."""
    if _NUMBER.fullmatch(query.strip()):
        return len(digits(query)) < FEWEST_DIGITS
    return len(fold(query)) < FEWEST_LETTERS


def find_clients(session: Session, campaign_id: int, query: str, now: datetime) -> list[FoundClient]:
    """Clients whose names, INN or phones hold the text; digits are looked for in phones with any spelling.

    Case and «ё» do not matter (SQLite folds no Cyrillic, so that both sides are folded here). A text that is too short
    finds nobody.
    """
    if is_too_short(query):
        return []
    hit = Respondent.search_fold.contains(fold(query), autoescape=True)
    number = digits(query)
    if _NUMBER.fullmatch(query):
        # «8 917 …» and «+7 917 …» are one number.
        tail = number[1:] if len(number) == 11 and number[0] == "8" else number
        hit = hit | Respondent.search_fold.contains(tail, autoescape=True)
    rows = session.execute(
        select(Respondent, Region.name, Region.zone, is_handed_over(Respondent.id))
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Respondent.campaign_id == campaign_id, hit)
        .order_by(Respondent.organisation, Respondent.id)
        .limit(_SHOWN)
    ).all()
    phones = numbers_shown(session, [row[0].id for row in rows])
    return [
        FoundClient(
            client.id,
            client.contact,
            client.organisation,
            client.inn or "",
            show(phones[client.id].e164, phones[client.id].extension) if client.id in phones else "номера нет",
            region or "регион неизвестен",
            _state_text(client, zone, now, is_left),
        )
        for client, region, zone, is_left in rows
    ]


def _state_text(client: Respondent, zone: str | None, now: datetime, is_left: bool) -> str:
    is_free = client.held_by is None and not is_left
    if is_free and client.state == "waiting" and client.next_call_at is not None and zone:
        return f"звонить с {clock_of(client.next_call_at, zone, now)}" if client.next_call_at > now else "пора звонить"
    return state_words(client.state, client.held_by, is_left)


def clock_of(at: datetime, zone: str, now: datetime) -> str:
    """«завтра, 15:00»."""
    return when(at, zone, now).replace(" в ", ", ")
