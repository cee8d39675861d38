"""Writing to the journals.

Callers are inside their own transaction: the line stands or falls with what it tells (R20).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from nps.models import AccessLog, Journal


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
