"""Who changed what, and who saw what (R20), a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import AccessLog, Campaign, Journal, User

PAGE = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader narrows the journal to; empty means all. `since` and `until` are instants, half-open."""

    action: str = ""
    actor_id: int | None = None
    object_kind: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `actor` is None for the system and the command line; before and after hold ids, codes and counts."""

    id: int
    at: datetime
    actor: str | None
    action: str
    object_kind: str
    object_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    campaign: str | None
    address: str


def changes(session: Session, filters: Filters, before_id: int | None = None) -> list[Line]:
    """Changes, the newest first, at most a page and one: the one more says that there is another page."""
    statement = (
        select(Journal, User.full_name, Campaign.title)
        .outerjoin(User, User.id == Journal.actor_id)
        .outerjoin(Campaign, Campaign.id == Journal.campaign_id)
        .where(*_narrowed(Journal, Journal.actor_id, filters, before_id))
        .order_by(Journal.id.desc())
        .limit(PAGE + 1)
    )
    return [
        Line(row.id, row.at, name, row.action, row.object_kind, row.object_id, row.before, row.after, title, "")
        for row, name, title in session.execute(statement)
    ]


def accesses(session: Session, filters: Filters, before_id: int | None = None) -> list[Line]:
    """Logins, views, plays and downloads, the newest first, at most a page and one."""
    statement = (
        select(AccessLog, User.full_name)
        .outerjoin(User, User.id == AccessLog.user_id)
        .where(*_narrowed(AccessLog, AccessLog.user_id, filters, before_id))
        .order_by(AccessLog.id.desc())
        .limit(PAGE + 1)
    )
    return [
        Line(row.id, row.at, name, row.action, row.object_kind, row.object_id, {}, {}, None, row.address)
        for row, name in session.execute(statement)
    ]


#: One of the two functions above.
Read = Callable[[Session, Filters, int | None], list[Line]]


def every(session: Session, read: Read, filters: Filters) -> Iterator[Line]:
    """All lines of a filter, the newest first, read a page at a time."""
    before_id = None
    while True:
        found = read(session, filters, before_id)
        yield from found[:PAGE]
        if len(found) <= PAGE:
            return
        before_id = found[PAGE - 1].id


def size(session: Session, filters: Filters, *, access: bool, limit: int) -> int:
    """How many lines a filter has, counted up to `limit`."""
    table: type[Journal] | type[AccessLog] = AccessLog if access else Journal
    actor: Any = AccessLog.user_id if access else Journal.actor_id
    found = select(table.id).where(*_narrowed(table, actor, filters, None)).limit(limit).subquery()
    return session.execute(select(func.count()).select_from(found)).scalar_one()


def actions(session: Session, *, access: bool) -> list[str]:
    """The codes of actions that occur, for the filter's list."""
    column = AccessLog.action if access else Journal.action
    return list(session.scalars(select(column).distinct().order_by(column)))


def _narrowed(table: type[Journal] | type[AccessLog], actor: Any, filters: Filters, before_id: int | None) -> list[Any]:
    conditions = [
        table.action == filters.action if filters.action else None,
        actor == filters.actor_id if filters.actor_id is not None else None,
        table.object_kind == filters.object_kind if filters.object_kind else None,
        table.object_id == filters.object_id if filters.object_id else None,
        table.at >= filters.since if filters.since is not None else None,
        table.at < filters.until if filters.until is not None else None,
        table.id < before_id if before_id is not None else None,
    ]
    return [condition for condition in conditions if condition is not None]
