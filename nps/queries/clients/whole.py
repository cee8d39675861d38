"""The whole base of a campaign as it stands, a few thousand clients at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import Branch, CallAttempt, Interview, Region, Respondent, RespondentPhone

_CHUNK = 2_000


class WholeClient(NamedTuple):
    """A client with his `branch` and the `zone` of his region, his numbers, and his last call with its result.

    The number that the base knew him by stands first, the others in the order in which they came.
    """

    client: Respondent
    branch: str
    zone: str | None
    phones: list[RespondentPhone]
    rating: int | None
    last_call: datetime | None
    result: str | None


def number_of_clients(session: Session, campaign_id: int) -> int:
    """How many clients `whole_base` gives."""
    mine = Respondent.campaign_id == campaign_id, Respondent.erased_at.is_(None)
    return session.execute(select(func.count()).where(*mine)).scalar_one()


def whole_base(session: Session, campaign_id: int, *, checked_only: bool) -> Iterator[WholeClient]:
    """Every client in the order in which he was loaded; those whose data was destroyed are left out.

    `checked_only`: without ratings that the manager has not ticked.
    """
    after = 0
    rows = (
        select(Respondent, func.coalesce(Branch.name, ""), Region.zone)
        .outerjoin(Branch, Branch.id == Respondent.branch_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Respondent.campaign_id == campaign_id, Respondent.erased_at.is_(None))
        .order_by(Respondent.id)
        .limit(_CHUNK)
    )
    while found := session.execute(rows.where(Respondent.id > after)).all():
        ids = [row[0].id for row in found]
        after = ids[-1]
        phones = _phones(session, ids)
        ticked = [Interview.checked_at.is_not(None)] if checked_only else []
        in_force = Interview.respondent_id.in_(ids), Interview.replaced_at.is_(None), *ticked
        given = session.execute(select(Interview.respondent_id, Interview.rating).where(*in_force))
        ratings = {client_id: rating for client_id, rating in given}
        calls = _last_calls(session, ids)
        for client, branch, zone in found:
            known_by = client.identity.split("|")[1]
            own = sorted(phones[client.id], key=lambda phone: f"{phone.e164}#{phone.extension}" != known_by)
            at, result = calls.get(client.id, (None, None))
            yield WholeClient(client, branch, zone, own, ratings.get(client.id), at, result)
        session.expunge_all()


def _phones(session: Session, ids: list[int]) -> dict[int, list[RespondentPhone]]:
    found: defaultdict[int, list[RespondentPhone]] = defaultdict(list)
    theirs = select(RespondentPhone).where(RespondentPhone.respondent_id.in_(ids)).order_by(RespondentPhone.position)
    for phone in session.scalars(theirs):
        found[phone.respondent_id].append(phone)
    return found


def _last_calls(session: Session, ids: list[int]) -> dict[int, tuple[datetime, str | None]]:
    calls = (
        select(CallAttempt.respondent_id, CallAttempt.dialled_at, CallAttempt.disposition)
        .where(CallAttempt.respondent_id.in_(ids), CallAttempt.closed_at.is_not(None))
        .order_by(CallAttempt.dialled_at, CallAttempt.id)
    )
    return {row.respondent_id: (row.dialled_at, row.disposition) for row in session.execute(calls)}
