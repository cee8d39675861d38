"""Clients of a campaign found and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from nps.domain.case import State
from nps.models import Branch, Region, Respondent, RespondentPhone, User
from nps.queries.numbers import numbers_shown
from nps.queries.reports.page import Page, page_of
from nps.queries.searching import holds

PAGE = 50

#: Parts of the list by the code in the address. Every client of the base is in exactly one of the first eight.
_LATE = and_(Respondent.state == "waiting", Respondent.next_call_at.is_(None), Respondent.region_code.is_not(None))
VIEWS: Mapping[str, ColumnElement[bool]] = {
    **{state.value: Respondent.state == state.value for state in State},
    "to_call": Respondent.state.in_(("waiting", "manager")),
    "no_region": and_(Respondent.region_code.is_(None), Respondent.state.in_(("waiting", "manager"))),
    "late": _LATE,
}


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """What to leave in the list, empty leaves all. `view`: a key of VIEWS; `text`: any part of phone, INN or name."""

    text: str = ""
    view: str = ""
    region: str = ""
    branch_id: int | None = None


#: A client with the names of his `branch` and `region`, the region's `zone`, and who holds him (`holder`).
ClientLine = Row[Respondent, str, str, str, str]
#: With the number that is called next, the first of the dead ones when none is left to call.
ListLine = tuple[ClientLine, RespondentPhone | None]


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """How many clients each part of the list holds, and `all` of them."""
    columns = [func.count().filter(condition).label(view) for view, condition in VIEWS.items()]
    row = session.execute(
        select(func.count().label("all"), *columns).where(Respondent.campaign_id == campaign_id)
    ).one()
    return dict(row._mapping)


def lines(session: Session, campaign_id: int, wanted: ClientFilter, number: int) -> Page[ListLine]:
    """One page of clients: whoever is next first, then by organisation."""
    conditions = [Respondent.campaign_id == campaign_id, *_narrowed(wanted)]
    total = session.execute(select(func.count()).select_from(Respondent).where(*conditions)).scalar_one()
    page: Page[ListLine] = page_of(total, number, PAGE)
    found = session.execute(
        with_places()
        .where(*conditions)
        .order_by(
            Respondent.held_by.is_(None),
            Respondent.next_call_at.is_(None),
            Respondent.queue_class,
            Respondent.next_call_at,
            Respondent.organisation,
            Respondent.id,
        )
        .limit(PAGE)
        .offset(page.skip)
    ).all()
    numbers = numbers_shown(session, [row.Respondent.id for row in found])
    return page.with_rows((row, numbers.get(row.Respondent.id)) for row in found)


def with_places() -> Select[Respondent, str, str, str, str]:
    """The columns of `ClientLine`."""
    holder = aliased(User)
    return (
        select(
            Respondent,
            Branch.name.label("branch"),
            Region.name.label("region"),
            Region.zone,
            holder.full_name.label("holder"),
        )
        .outerjoin(Branch, Branch.id == Respondent.branch_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .outerjoin(holder, holder.id == Respondent.held_by)
    )


def _narrowed(wanted: ClientFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.view in VIEWS:
        conditions.append(VIEWS[wanted.view])
    if wanted.region:
        conditions.append(Respondent.region_code == wanted.region)
    if wanted.branch_id is not None:
        conditions.append(Respondent.branch_id == wanted.branch_id)
    if wanted.text:
        conditions.append(holds(Respondent.search_fold, wanted.text))
    return conditions


def places(session: Session, campaign_id: int) -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
    """Regions and branches that have clients in a campaign, as (key, name)."""
    mine = Respondent.campaign_id == campaign_id
    regions = session.execute(
        select(Region.code, Region.name)
        .where(Region.code.in_(select(Respondent.region_code).where(mine)))
        .order_by(Region.name)
    )
    branches = session.execute(
        select(Branch.id, Branch.name)
        .where(Branch.id.in_(select(Respondent.branch_id).where(mine)))
        .order_by(Branch.name)
    )
    return [(code, name) for code, name in regions], [(id, name) for id, name in branches]
