"""Clients of a project that a later base does not name (top-up, R2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, ImportRow, Respondent, SampleImport
from nps.queries.clients.listing import ClientLine, line_of, with_places
from nps.queries.reports.page import Page, page_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """Clients that the newest base leaves out. `can_go`: those still to call and in nobody's call now (§4)."""

    page: Page[ClientLine]
    can_go: int


def missing(session: Session, campaign_id: int, import_id: int, number: int) -> Missing | None:
    """A page of them by organisation; None when the load is not the newest one: a later base speaks."""
    if newest(session, campaign_id) != import_id:
        return None
    left_out = _left_out(campaign_id, import_id)
    total = session.execute(select(func.count()).select_from(Respondent).where(*left_out)).scalar_one()
    page: Page[ClientLine] = page_of(total, number, PAGE)
    found = session.execute(
        with_places()
        .where(*left_out)
        .order_by(Respondent.state != "waiting", Respondent.organisation, Respondent.id)
        .limit(PAGE)
        .offset(page.skip)
    ).all()
    return Missing(page.with_rows(line_of(row, None) for row in found), len(removable(session, campaign_id, import_id)))


def newest(session: Session, campaign_id: int) -> int | None:
    """The latest load whose rows are checked; it need not be published, a base that only shrank has nothing to add."""
    checked = SampleImport.campaign_id == campaign_id, SampleImport.state.in_(("checked", "published"))
    return session.execute(select(func.max(SampleImport.id)).where(*checked)).scalar_one()


def removable(session: Session, campaign_id: int, import_id: int) -> list[int]:
    """Ids of those that can be withdrawn: without a final result, and without a call that waits for one."""
    open_calls = select(CallAttempt.respondent_id).where(CallAttempt.closed_at.is_(None))
    still_to_call = Respondent.state.in_(("waiting", "manager")), Respondent.id.not_in(open_calls)
    own = select(Respondent.id).where(*_left_out(campaign_id, import_id), *still_to_call)
    return list(session.scalars(own.order_by(Respondent.id)))


def _left_out(campaign_id: int, import_id: int) -> list[ColumnElement[bool]]:
    # NOT IN and not NOT EXISTS: the receipt has no index by client, so it is read once and not once a client.
    named = select(ImportRow.respondent_id).where(
        ImportRow.import_id == import_id, ImportRow.respondent_id.is_not(None)
    )
    return [
        Respondent.campaign_id == campaign_id,
        or_(Respondent.import_id.is_(None), Respondent.import_id != import_id),
        Respondent.state != "withdrawn",
        Respondent.erased_at.is_(None),
        Respondent.id.not_in(named),
    ]
