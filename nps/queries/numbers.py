"""The numbers of clients: which one the next call goes to, as the fold has decided it, and which of them count.

`nps.domain.numbers` says what counts; here the database is told so, in one place for the claim, the dial, the stop list
and the keys of numbers in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    String,
    bindparam,
    column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from nps.models import Respondent, RespondentPhone, StopList
from nps.queries.together import Found, Lists, Together

#: Every live number of a client counts, and no other. For statements that are text; `p` is the number.
LIVE = "p.state = 'live'"

#: The live numbers of a client that are on the customer's stop list (R21). `{client}`: the client's id.
STOPPED = f"""
    SELECT p.e164 FROM respondent_phone p
    JOIN stop_list s ON s.e164 = p.e164 AND s.customer_id = :customer AND s.lifted_at IS NULL
    WHERE p.respondent_id = {{client}} AND {LIVE}"""

#: Whether the client's organisation is on it. `{inn}`: its INN.
ORGANISATION_STOPPED = """
    SELECT 1 AS listed FROM stop_list s WHERE s.inn = {inn} AND s.customer_id = :customer AND s.lifted_at IS NULL"""

#: The live numbers of a client on which somebody was spoken to for another client's row on `{day}`, by his own clock.
SPOKEN_TO = f"""
    SELECT p.e164 FROM respondent_phone p
    JOIN call_attempt a ON a.e164 = p.e164 AND a.local_day = {{day}} AND a.respondent_id <> {{client}}
    JOIN disposition d ON d.code = a.disposition AND d.conversation
    WHERE p.respondent_id = {{client}} AND {LIVE}"""

#: The live numbers of a client that an operator has in use, as the keys of his client say.
IN_USE = f"""
    SELECT p.e164 FROM respondent_phone p JOIN claim_key c ON c.key = 'p:' || p.e164
    WHERE p.respondent_id = {{client}} AND {LIVE}"""


#: What of a client forbids to call him, for `Together`: bind `client`, `customer`, `inn` and `day`.
REFUSING: Lists = {
    "stopped": text(STOPPED.format(client=":client")).columns(column("e164", String)),
    "organisation": text(ORGANISATION_STOPPED.format(inn=":inn")).columns(column("listed", Integer)),
    "spoken_to": text(SPOKEN_TO.format(client=":client", day=":day")).columns(column("e164", String)),
}
#: All numbers of a client, for `Together`: bind `client`. Sorted they stand in the order they are tried.
NUMBERS: Lists = {
    "numbers": select(
        RespondentPhone.position,
        RespondentPhone.id,
        RespondentPhone.e164,
        RespondentPhone.extension,
        RespondentPhone.state,
        RespondentPhone.is_next,
        RespondentPhone.words,
    ).where(RespondentPhone.respondent_id == bindparam("client")),
}


def is_live() -> ColumnElement[bool]:
    """`LIVE` for statements that are built."""
    return RespondentPhone.state == "live"


@dataclass(frozen=True, slots=True)
class Listed:
    """What of some clients is on the stop list: E.164 and INN, with since when."""

    numbers: Mapping[str, datetime]
    organisations: Mapping[str, datetime]


_CLIENTS: BindParameter[int] = bindparam("clients", expanding=True)
#: The entries in force that a number or the organisation of some clients is on, for `Together`: bind `clients` and
#: `customer`.
LISTED: Lists = {
    "listed": select(StopList.e164, StopList.inn, StopList.at).where(
        StopList.customer_id == bindparam("customer"),
        StopList.lifted_at.is_(None),
        or_(
            StopList.e164.in_(select(RespondentPhone.e164).where(RespondentPhone.respondent_id.in_(_CLIENTS))),
            StopList.inn.in_(select(Respondent.inn).where(Respondent.id.in_(_CLIENTS), Respondent.inn.is_not(None))),
        ),
    ),
}
_LISTED = Together(LISTED)


def listed(session: Session, customer_id: int, respondent_ids: Sequence[int]) -> Listed:
    """The entries in force that a number or the organisation of these clients is on: one statement for all of them."""
    return listed_in(_LISTED.read(session, customer=customer_id, clients=respondent_ids))


def listed_in(found: Found) -> Listed:
    """`listed` of what LISTED has found."""
    rows = found["listed"]
    return Listed({row.e164: row.at for row in rows if row.e164}, {row.inn: row.at for row in rows if row.inn})


def numbers_of(session: Session, respondent_id: int) -> Sequence[RespondentPhone]:
    """All numbers of a client, in the order they are tried."""
    return session.scalars(
        select(RespondentPhone).where(RespondentPhone.respondent_id == respondent_id).order_by(RespondentPhone.position)
    ).all()


def next_number(numbers: Sequence[RespondentPhone]) -> RespondentPhone | None:
    """The number that the next call of the client goes to; None when no number of his is live."""
    return next((number for number in numbers if number.is_next), None)


def number_shown(numbers: Sequence[RespondentPhone]) -> RespondentPhone | None:
    """The number a client is known by: the next one, else the first of the dead ones. None when he has none at all."""
    return next_number(numbers) or next(iter(numbers), None)


def numbers_shown(session: Session, respondent_ids: Sequence[int]) -> dict[int, RespondentPhone]:
    """`number_shown` of many clients, by the client's id."""
    rows = session.scalars(
        select(RespondentPhone)
        .where(RespondentPhone.respondent_id.in_(respondent_ids))
        .order_by(RespondentPhone.is_next, RespondentPhone.position.desc())
    )
    return {row.respondent_id: row for row in rows}
