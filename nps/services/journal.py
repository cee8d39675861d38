"""Writing to the journals.

Callers are inside their own transaction: the line stands or falls with what it tells (R20). `note_access` and
`log_look` have their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from nps.models import AccessLog, Journal
from nps.services.transaction import AnySession, write

#: What somebody does in many requests, as a player asks for a file in parts, is one look for so long.
ONE_LOOK = timedelta(minutes=15)


def record(
    session: Session,
    *,
    at: datetime,
    action: str,
    object_kind: str,
    object_id: object,
    actor_id: int | None = None,
    campaign_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add a line about a change. Values are ids, codes and counts, never names, phones or passwords."""
    session.execute(
        insert(Journal).values(
            at=at,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            actor_id=actor_id,
            campaign_id=campaign_id,
            before=before or {},
            after=after or {},
        )
    )


def log_access(
    session: Session,
    *,
    at: datetime,
    user_id: int | None,
    action: str,
    object_kind: str,
    object_id: object,
    address: str = "",
) -> None:
    """Add a line about somebody who saw, heard or took something."""
    session.execute(
        insert(AccessLog).values(
            at=at, user_id=user_id, action=action, object_kind=object_kind, object_id=str(object_id), address=address
        )
    )


def note_access(session: AnySession, **line: Any) -> None:
    """Add a line (see `log_access`) in a transaction of its own: before what is seen leaves the house (R20)."""
    with write(session) as s:
        log_access(s, **line)


def log_look(
    session: AnySession, *, at: datetime, user_id: int, action: str, object_kind: str, object_id: object, address: str
) -> None:
    """Add a line in a transaction of its own, unless the last ONE_LOOK before `at` has this look already.

    That is the same person, act, object and address. Later lines, of a clock that was set back, hide nothing.
    """
    known = exists().where(
        AccessLog.object_kind == object_kind,
        AccessLog.object_id == str(object_id),
        AccessLog.user_id == user_id,
        AccessLog.action == action,
        AccessLog.address == address,
        AccessLog.at > at - ONE_LOOK,
        AccessLog.at <= at,
    )
    if session.scalar(select(known)):
        return
    note_access(
        session, at=at, user_id=user_id, action=action, object_kind=object_kind, object_id=object_id, address=address
    )
