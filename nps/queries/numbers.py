"""Which number of a client the next call goes to, as the fold has decided it: nobody else chooses one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import RespondentPhone


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
